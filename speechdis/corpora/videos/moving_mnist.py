"""Stochastic moving MNIST (Denton & Fergus 2018): two written digits that bounce, 15 frames of 64 x 64 pixels.

Each digit, of 32 x 32, begins anywhere with a velocity of -4 to 4 pixels a frame in either direction. Where it leaves
the picture, it is set back and gets a new velocity, drawn at random, away from the wall. Where the two overlap, their
ink adds up. Digits come from MNIST's training images, those of the test from its test images; all follows from the
seed. `--root` has MNIST's four IDX files.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechdis.corpora import mnist
from speechdis.corpora.videos import SIZE, Clip, settings_of
from speechdis.errors import InputError

if TYPE_CHECKING:
    import numpy as np

FRAMES, DIGITS, DIGIT, FASTEST = 15, 2, 32, 4
SCALE = 255
_SOURCES = {"train": "train", "dev": "train", "test": "test"}  # of MNIST
_LARGEST = 1_000_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this corpus."""
    add = parser.add_argument
    add("--train", type=int, default=9000, metavar="N", help="training sequences")
    add("--dev", type=int, default=500, metavar="N", help="sequences of dev, of the other training images")
    add("--test", type=int, default=2000, metavar="N", help="test sequences")
    add("--seed", type=int, default=0, help="draws digits, places and velocities")


def settings() -> dict[str, Any]:
    """Of the frames."""
    return settings_of(1)


def prepare(
    root: Path, train: int = 9000, dev: int = 500, test: int = 2000, seed: int = 0
) -> dict[str, Iterator[Clip]]:
    """Sequences of `train`, `dev` and `test`, each made as it is taken.

    Raises:
        InputError: a file of MNIST is missing or damaged, or a number of sequences is none.
    """
    import numpy as np

    counts = {"train": train, "dev": dev, "test": test}
    for name, count in counts.items():
        if not 0 < count <= _LARGEST:
            raise InputError(f"--{name} {count}: choose 1 to {_LARGEST:,} sequences")
    parts = {part: mnist.read(root, part) for part in ("train", "test")}
    order = np.random.default_rng(seed).permutation(len(parts["train"][1]))
    held = max(1, len(order) // 12)  # images of dev, of which training sees none
    numbers = {"train": order[held:], "dev": order[:held], "test": np.arange(len(parts["test"][1]))}
    return {
        name: _clips(name, *parts[_SOURCES[name]], numbers[name], count, np.random.default_rng([seed, k]))
        for k, (name, count) in enumerate(counts.items())
    }


def _clips(
    split: str,
    images: np.ndarray,
    labels: np.ndarray,
    numbers: np.ndarray,
    count: int,
    rng: np.random.Generator,
) -> Iterator[Clip]:
    import numpy as np

    for k in range(count):
        chosen = numbers[rng.integers(len(numbers), size=DIGITS)]
        canvas = np.zeros((FRAMES, SIZE, SIZE), np.uint16)
        for image in images[chosen]:
            digit = _enlarged(image)
            for frame, (y, x) in zip(canvas, path(rng), strict=True):
                frame[y : y + DIGIT, x : x + DIGIT] += digit
        pictures = canvas.clip(max=255).astype(np.uint8)[:, None]  # (T, 1, 64, 64)
        digits = sorted(str(label) for label in labels[chosen])
        said = {f"digit{n}": digit for n, digit in enumerate(digits, 1)}
        yield Clip(f"{split}-{k:06d}", "".join(digits), said, pictures)


def path(rng: np.random.Generator, frames: int = FRAMES) -> Iterator[tuple[int, int]]:
    """Top and left of a digit in each frame."""
    room = SIZE - DIGIT
    place = rng.integers(room, size=2)
    velocity = rng.integers(-FASTEST, FASTEST + 1, size=2)
    for _ in range(frames):
        for axis in (0, 1):
            if 0 <= place[axis] <= room:
                continue
            inwards = 1 if place[axis] < 0 else -1
            place[axis] = 0 if inwards == 1 else room
            velocity[axis] = inwards * rng.integers(1, FASTEST + 1)
            velocity[1 - axis] = rng.integers(-FASTEST, FASTEST + 1)
        yield int(place[0]), int(place[1])
        place += velocity


def _enlarged(image: np.ndarray) -> np.ndarray:
    """A digit (28, 28) as (32, 32), by linear interpolation."""
    import numpy as np
    from PIL import Image

    resized = Image.fromarray(image).resize((DIGIT, DIGIT), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.uint16)
