"""What a judge of image sequences is told: which columns move, which stay, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
import torch

from speechdis.errors import InputError
from speechdis.features.store import Store, write_store
from speechdis.judges.image_judge import MOTION, Factors, ImageJudge, Sequences

FILE = Path("labels.tsv")
KNOWN = [
    {"part": "train", "action": action, "direction": direction, "hair": hair}
    for hair in ("red", "black")
    for action, direction in (("walk", "left"), ("walk", "right"), ("slash", "left"))
]
CONTENTS = [known["hair"] for known in KNOWN]


def store(path: Path, counts: list[int], level: list[int] | None = None) -> Store:
    """Pictures in 8 bits, each sequence of one grey."""
    level = level or [0] * len(counts)
    rows = (
        (str(k), str(k), np.full((n, 64 * 64), grey, np.uint8))
        for k, (n, grey) in enumerate(zip(counts, level, strict=True))
    )
    return write_store(path, rows, {"type": "video", "config": {"channels": 1, "size": 64}}, scale=255)


def test_columns_that_differ_within_a_content_are_the_motion() -> None:
    factors = Factors.of(KNOWN, CONTENTS)
    assert factors.moving == ("action", "direction")
    assert factors.classes == {MOTION: ("slash left", "walk left", "walk right"), "hair": ("black", "red")}
    assert factors.still == ["hair"]
    numbers = factors.numbers(KNOWN, FILE)
    assert numbers[MOTION].tolist() == [1, 2, 0, 1, 2, 0]
    assert numbers["hair"].tolist() == [1, 1, 1, 0, 0, 0]


def test_without_a_column_that_moves_there_is_no_motion() -> None:
    known = [{"part": "train", "digit1": "3"}, {"part": "train", "digit1": "8"}]
    assert Factors.of(known, ["3", "8"]) == Factors((), {"digit1": ("3", "8")})


def test_a_class_that_no_training_sequence_has_is_refused() -> None:
    other = [{"part": "test", "action": "walk", "direction": "left", "hair": "green"}]
    with pytest.raises(InputError, match=r"labels.tsv: no training sequence has hair 'green'"):
        Factors.of(KNOWN, CONTENTS).numbers(other, FILE)


def test_sequences_of_different_lengths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="different lengths"):
        Sequences(store(tmp_path / "a", [3, 2]), torch.device("cpu"))


def test_it_learns_what_is_plain_and_leaves_random_numbers_alone(tmp_path: Path) -> None:
    """Dark from bright, in a few steps; the same twice."""
    grey = [20, 230] * 8
    train = store(tmp_path / "a", [2] * 16, grey)
    numbers = {"light": np.array([0, 1] * 8)}
    factors = Factors((), {"light": ("dark", "bright")})
    before = torch.random.get_rng_state()
    one, two = (ImageJudge.train(train, factors, numbers, 3, 0, torch.device("cpu")) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    x = Sequences(train, torch.device("cpu")).read(np.arange(16))
    assert x.shape == (16, 2, 4096) and x.max() <= 1
    opinions = one.opinions(x)["light"]
    np.testing.assert_allclose(np.exp(opinions).sum(1), 1)
    np.testing.assert_array_equal(opinions, two.opinions(x)["light"])
