"""A supervised judge of sequences of images: what moves in them, and what stays the same.

A small DCGAN encoder reads every frame, a bi-directional GRU the sequence, and a linear layer for each factor says its
class: of Sprites the motion, body, trousers, top and hair; of moving digits the two digits. It is trained on training
sequences alone, and its accuracy on others says how far it can be trusted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.nn.dcgan import ImageEncoder
from speechdis.nn.sequence import SLOPE
from speechdis.training.reader import SegmentReader
from speechdis.training.rows import on_device

MOTION = "motion"
WIDTH, HIDDEN, BATCH, RATE = 16, 64, 32, 2e-3


@dataclass(frozen=True)
class Factors:
    """What is known of sequences, as classes of factors.

    Attributes:
        moving: columns of the table that differ among sequences of one content; together they are the factor "motion".
        classes: of each factor, "motion" first where there is one; the others are columns that never differ so.
    """

    moving: tuple[str, ...]
    classes: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, known: Sequence[Mapping[str, str]], contents: Sequence[str]) -> "Factors":
        """Of training sequences: what is `known` of each, by column, and what its content is called."""
        columns = [column for column in known[0] if column != "part"]
        moving = tuple(column for column in columns if _differs(column, known, contents))
        still = [column for column in columns if column not in moving]
        found = {
            name: [_said(name, moving, one) for one in known] for name in [MOTION] * bool(moving) + still
        }
        return cls(moving, {name: tuple(sorted(set(values))) for name, values in found.items()})

    @property
    def still(self) -> list[str]:
        """Factors of the content."""
        return [name for name in self.classes if name != MOTION]

    def numbers(self, known: Sequence[Mapping[str, str]], file: Path) -> dict[str, np.ndarray]:
        """Class of each of N sequences, (N,), by factor.

        Raises:
            InputError: one is of a class that no training sequence has; `file` is the table.
        """
        found = {}
        for name, classes in self.classes.items():
            values = [_said(name, self.moving, one) for one in known]
            if new := sorted(set(values).difference(classes)):
                raise InputError(
                    f"{file}: no training sequence has {name} '{new[0]}'; take another part of it"
                )
            found[name] = np.array([classes.index(value) for value in values])
        return found


def _differs(column: str, known: Sequence[Mapping[str, str]], contents: Sequence[str]) -> bool:
    pairs = {(content, one[column]) for content, one in zip(contents, known, strict=True)}
    return len(pairs) > len(set(contents))


def _said(name: str, moving: tuple[str, ...], known: Mapping[str, str]) -> str:
    return " ".join(known[column] for column in moving) if name == MOTION else known[name]


class _Network(nn.Module):
    """Log-odds (B, K) of each factor's classes, of sequences (B, T, F)."""

    def __init__(self, pixels: int, classes: Mapping[str, int]) -> None:
        super().__init__()
        self.frame = nn.Sequential(ImageEncoder(pixels, WIDTH, HIDDEN), nn.LeakyReLU(SLOPE))
        self.rnn = nn.GRU(HIDDEN, HIDDEN, batch_first=True, bidirectional=True)
        self.heads = nn.ModuleDict({name: nn.Linear(3 * HIDDEN, count) for name, count in classes.items()})

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        frames = self.frame(x)  # (B, T, H)
        hidden, _ = self.rnn(frames)
        seen = torch.cat([hidden.mean(1), frames.amax(1)], -1)  # (B, 3 H)
        return {name: head(seen) for name, head in self.heads.items()}


@dataclass(frozen=True)
class ImageJudge:
    """A trained judge of the `factors` of sequences."""

    network: nn.Module
    factors: Factors

    @classmethod
    def train(
        cls,
        store: Store,
        factors: Factors,
        numbers: Mapping[str, np.ndarray],
        steps: int,
        seed: int,
        device: torch.device,
    ) -> "ImageJudge":
        """Train on the sequences of `store`, of classes `numbers`: Adam over one cycle. Global random state is kept."""
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(seed)
            counts = {name: len(classes) for name, classes in factors.classes.items()}
            network = _Network(store.frames.shape[1], counts).to(device)
            optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps)
            rng = np.random.default_rng(seed)
            sequences = Sequences(store, device)
            for _ in tqdm(range(steps), desc="judge", unit="step", leave=False):
                chosen = rng.integers(len(store), size=BATCH)
                logits = network(sequences.read(chosen))
                loss = torch.zeros((), device=device)
                for name, found in logits.items():
                    wanted = torch.from_numpy(numbers[name][chosen]).to(device)
                    loss = loss + nn.functional.cross_entropy(found, wanted)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
        return cls(network.eval(), factors)

    @torch.no_grad()
    def opinions(self, x: Tensor) -> dict[str, np.ndarray]:
        """Natural logs of the probability of each factor's classes, (B, K), of sequences (B, T, F)."""
        return {
            name: logits.double().log_softmax(-1).cpu().numpy() for name, logits in self.network(x).items()
        }


class Sequences:
    """The sequences of a store, all of one length, scaled on the device.

    Raises:
        InputError: they are not of one length.
    """

    def __init__(self, store: Store, device: torch.device) -> None:
        self.frames = int(store.counts[0])
        if (store.counts != self.frames).any():
            raise InputError(f"{store.path}: its sequences are of different lengths; give such of one length")
        self.reader = SegmentReader(on_device(store.frames, device), store.mean, store.std)
        self.first = store.first

    def read(self, chosen: np.ndarray) -> Tensor:
        """Sequences of these numbers (B,), (B, T, F), pixels in [0, 1]."""
        starts = torch.as_tensor(self.first[chosen], device=self.reader.frames.device)
        return self.reader.normalised(self.reader.raw(starts, self.frames))
