"""A model of image sequences, measured and shown: what `speechdis clips` does, from stores to figures and pictures."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from speechdis.evaluation.image_scores import judged
from speechdis.evaluation.swap_scores import share
from speechdis.features.store import Store
from speechdis.features.videos import TABLE, read_labels
from speechdis.judges.image_judge import Factors, ImageJudge, Sequences
from speechdis.models.base import StaticDynamicModel
from speechdis.nn.dcgan import grid_of
from speechdis.plots.clips import write_motion, write_strips
from speechdis.synthesis import clips
from speechdis.training.checkpoint import Checkpoint

SWAPS = 2  # pairs of the strips


@dataclass(frozen=True)
class Corpus:
    """Training and test sequences, and what is known of them.

    Attributes:
        train, test: their stores.
        factors: as far as they are known.
        of_train, of_test: class of each sequence, (N,), by factor.
    """

    train: Store
    test: Store
    factors: Factors
    of_train: Mapping[str, np.ndarray]
    of_test: Mapping[str, np.ndarray]

    @classmethod
    def read(cls, features: Path, split: str, checkpoint: Checkpoint) -> "Corpus":
        """The stores `features/train` and `features/SPLIT`, with their table.

        Raises:
            InputError: a model or stores that are not of images, or not of the same ones; a sequence that is not in the
                table.
        """
        clips.check(checkpoint)
        train, test = Store.read(features / "train"), Store.read(features / split)
        for store in (train, test):
            checkpoint.check(store)
        known = read_labels(features / TABLE)
        of_train, of_test = (store.look_up(known, features / TABLE) for store in (train, test))
        factors = Factors.of(of_train, train.spks)
        numbers = (factors.numbers(found, features / TABLE) for found in (of_train, of_test))
        return cls(train, test, factors, *numbers)


@dataclass(frozen=True)
class Pictures:
    """What a model makes, (K, K, T, C, 64, 64), pixels in [0, 1].

    Attributes:
        real: K test sequences (K, T, C, 64, 64).
        swapped: the content of each with the motion of each; None of a model that reads none.
        drawn: drawn contents with drawn motions.
    """

    real: np.ndarray
    swapped: np.ndarray | None
    drawn: np.ndarray

    def write(self, out: Path) -> None:
        """Write strips and moving pictures into the folder `out`."""
        write_strips(out / "drawn.png", self.drawn[:, 0])
        write_motion(out / "drawn.gif", self.drawn)
        if self.swapped is None:
            return
        rows = []
        for a in range(0, min(2 * SWAPS, len(self.real) - 1), 2):
            b = a + 1
            rows += [self.real[a], self.real[b], self.swapped[a, b], self.swapped[b, a]]
        write_strips(out / "swapped.png", np.stack(rows or [self.real[0], self.swapped[0, 0]]))
        corner = np.ones_like(self.real[:1])
        first = np.concatenate([corner, self.real])[None]  # (1, K + 1, T, C, H, W)
        rest = np.concatenate([self.real[:, None], self.swapped], 1)
        write_motion(out / "swapped.gif", np.concatenate([first, rest]))


def measure(
    checkpoint: Checkpoint, corpus: Corpus, steps: int, rows: int, seed: int
) -> tuple[dict[str, Any], Pictures]:
    """Figures and pictures of a model; the judge is trained for `steps`, pictures have `rows` sequences a side."""
    device = next(checkpoint.model.parameters()).device
    begun = time.process_time(), time.monotonic()
    judge = ImageJudge.train(corpus.train, corpus.factors, corpus.of_train, steps, seed, device)
    seconds = {"processor": time.process_time() - begun[0], "elapsed": time.monotonic() - begun[1]}
    found = judged(checkpoint, judge, corpus.test, corpus.of_test, seed)
    result = {
        "model": checkpoint.name,
        "step": checkpoint.step,
        "scores": {
            condition: {
                name: {
                    **asdict(one),
                    "interval": share(round(one.accuracy * one.samples), one.samples)["interval"],
                }
                for name, one in of.items()
            }
            for condition, of in found.items()
        },
        "classes": {name: len(classes) for name, classes in corpus.factors.classes.items()},
        "judge": {"steps": steps, "seconds": {name: round(value, 1) for name, value in seconds.items()}},
        "protocol": {
            "split": corpus.test.path.name,
            "seed": seed,
            "digests": {"train": corpus.train.digest, "test": corpus.test.digest},
        },
    }
    return result, _pictures(checkpoint, corpus.test, rows, seed)


def _pictures(checkpoint: Checkpoint, store: Store, rows: int, seed: int) -> Pictures:
    model = clips.check(checkpoint)
    device = next(model.parameters()).device
    sequences = Sequences(store, device)
    chosen = np.random.default_rng(seed).choice(len(store), min(rows, len(store)), replace=False)
    x = sequences.read(chosen)
    generator = torch.Generator(device).manual_seed(seed)
    return Pictures(
        _array(x),
        _array(clips.swapped(model, x)) if isinstance(model, StaticDynamicModel) else None,
        _array(clips.drawn(model, rows, sequences.frames, generator)),
    )


def _array(x: Tensor) -> np.ndarray:
    return grid_of(x).cpu().numpy()
