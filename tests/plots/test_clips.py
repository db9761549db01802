"""Pictures of sequences: every pixel where it should be, and as many frames as the sequences have."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from speechdis.plots.clips import MARGIN, write_motion, write_strips


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_of_a_strip(channels: int, tmp_path: Path) -> None:
    sequences = np.random.default_rng(0).integers(256, size=(2, 3, channels, 4, 5)) / 255
    write_strips(tmp_path / "a.png", sequences)
    found = np.asarray(Image.open(tmp_path / "a.png"))
    assert found.shape == (2 * (4 + MARGIN) + MARGIN, 3 * (5 + MARGIN) + MARGIN, 3)
    y, x = MARGIN + (4 + MARGIN), MARGIN + 2 * (5 + MARGIN)
    expected = np.broadcast_to(255 * sequences[1, 2].transpose(1, 2, 0), (4, 5, 3))
    np.testing.assert_array_equal(found[y : y + 4, x : x + 5], expected.round())
    assert (found[:MARGIN] == 255).all()


def test_a_gif_has_every_frame_and_goes_round(tmp_path: Path) -> None:
    cells = np.stack([np.full((2, 2, 1, 4, 4), t / 4) for t in range(5)], 2)  # (2, 2, 5, 1, 4, 4)
    write_motion(tmp_path / "a.gif", cells)
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.info["loop"]) == (5, 0)
        for t in range(5):
            film.seek(t)
            assert abs(int(np.asarray(film.convert("L"))[MARGIN, MARGIN]) - 255 * t / 4) <= 1
