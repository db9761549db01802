"""Maps and inertia of codes: the same numbers give the same bytes."""

from pathlib import Path

import numpy as np
import pytest

from speechdis.metrics.clusters import mapped, mapped_together
from speechdis.plots.inertia import plot_inertia
from speechdis.plots.maps import plot_maps, plot_pooled


@pytest.fixture(scope="module")
def blobs() -> tuple[np.ndarray, np.ndarray]:
    """Four far clusters of 30 points."""
    rng = np.random.default_rng(0)
    digits = np.repeat(np.arange(4), 30)
    return 20 * np.eye(4)[digits] + rng.normal(size=(120, 4)), digits


def test_the_same_codes_give_the_same_plots(blobs: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    codes, digits = blobs
    for name in ("a", "b"):
        plot_maps(tmp_path / name / "tsne.png", {"z": mapped(codes, digits)})
        plot_inertia(tmp_path / name / "inertia.png", {"z": {2: 3.0, 3: 1.0}})
    for plot in ("tsne.png", "inertia.png"):
        one, other = ((tmp_path / name / plot).read_bytes() for name in ("a", "b"))
        assert one == other and one.startswith(b"\x89PNG")


def test_one_map_of_two_modalities(blobs: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    codes, digits = blobs
    for name in ("a", "b"):
        parts = {"speech": (codes[::2], digits[::2]), "image": (codes[1::2], digits[1::2])}
        plot_pooled(tmp_path / f"{name}.png", mapped_together(parts))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
