"""Small stores whose speakers and frames are separable, and a fast recipe to train on them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml

from speechdis.features.store import Store, write_store

SETTINGS = {"type": "fbank", "config": {"rate": 16000}}
RECIPE = {
    "model": {"name": "cdsvae", "static_size": 4, "dynamic_size": 3, "hidden_size": 8, "frame_size": 8},
    "training": {"steps": 30, "batch": 8, "segment": 6, "validate_every": 5, "clip": 100.0},
}


def utterances(rng: np.random.Generator, speakers: Sequence[str], suffix: str = "") -> list:
    rows = []
    for spk in speakers:
        voice = rng.normal(size=10)
        for k in range(4):
            frames = voice + rng.normal(size=(int(rng.integers(15, 40)), 10))
            rows.append((f"{spk}-{k}{suffix}", spk, frames.astype(np.float32)))
    return rows


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """features/{train,dev} and twins, as the commands leave them."""
    root = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    parts = {"train": [f"s{i}" for i in range(6)], "dev": ["d0", "d1", "d2"]}
    for name, speakers in parts.items():
        rows = utterances(rng, speakers)
        write_store(root / "features" / name, rows, SETTINGS)
        twins = [(f"{utt}#{v}", spk, x + 0.1 * v + 0.1) for v in range(2) for utt, spk, x in rows]
        write_store(root / "twins" / name, twins, SETTINGS)
    return root


@pytest.fixture(scope="session")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    file.write_text(yaml.safe_dump(RECIPE))
    return file


@pytest.fixture
def arguments(corpus: Path, recipe: Path) -> Callable[..., list[str]]:
    """Command line of `speechdis train` on the corpus, into a given directory."""

    def build(out: Path, *more: str) -> list[str]:
        return [
            "train", "--config", str(recipe), "--features", str(corpus / "features"),
            "--augmented", str(corpus / "twins"), "--out", str(out), "--device", "cpu", *more,
        ]  # fmt: skip

    return build


@pytest.fixture
def train_store(corpus: Path) -> Store:
    return Store.read(corpus / "features" / "train")


@pytest.fixture
def train_twins(corpus: Path) -> Store:
    return Store.read(corpus / "twins" / "train")
