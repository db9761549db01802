"""What is said in the utterances of a training, and whole utterances to learn it from.

Segments are cuts, and transcripts have no times, so nothing tells which phones a segment holds: sharing them out by
length is wrong at every pause and wherever somebody slows down. So a step that learns from transcripts reads whole
utterances beside its segments, and the likelihood is summed over all alignments (`nn/ctc.py`). There are a fourth as
many as segments, and those longer than eight segments are left out: one would be padded to by all.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from speechdis import models
from speechdis.data.directory import read_directory
from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.models.base import SegmentModel
from speechdis.nn.ctc import Units
from speechdis.training.config import Recipe

SHARE = 4  # segments for each utterance that is read whole
LONGEST = 8  # segments


@dataclass(frozen=True)
class Transcripts:
    """What is said in the U utterances of a store.

    Attributes:
        kind: of the units.
        units: those of the training speakers.
        said: transcripts (U) in units; empty where there is none.
    """

    kind: Literal["phones", "characters"]
    units: Units
    said: tuple[tuple[str, ...], ...]

    @classmethod
    def read(cls, data: Path, store: Store) -> "Transcripts":
        """Of the phones in `data/text_phone`, or, where it has none, of the characters in `data/text`.

        Raises:
            InputError: `data` has neither, or lacks an utterance of the store.
        """
        utterances = store.look_up({u.utt: u for u in read_directory(data)}, data)
        phones = tuple(tuple(u.text_phone.split()) for u in utterances)
        if any(phones):
            return cls("phones", Units.of(phones), phones)
        characters = tuple(tuple(" ".join(u.text.lower().split())) for u in utterances)
        if not any(characters):
            raise InputError(
                f"{data}: no transcripts, neither 'text_phone' nor 'text', so no term can learn from them; "
                "set model.ctc=0"
            )
        return cls("characters", Units.of(characters), characters)

    def like(self, data: Path, store: Store) -> "Transcripts":
        """Those of other speakers, in the same units. Raises InputError as `read`, or where they have none of these."""
        other = Transcripts.read(data, store)
        if other.kind != self.kind:
            raise InputError(
                f"{data}: has {other.kind}, but the training speakers {self.kind}; give both alike"
            )
        return Transcripts(self.kind, self.units, other.said)

    def whole(self, utterance: int, frames: int, longest: int) -> Tensor | None:
        """What is said in an utterance of `frames`, (L,), if that is known and it has `longest` at most."""
        said = self.units.numbers(self.said[utterance]) if frames <= longest else None
        return said if said is not None and len(said) else None

    @property
    def digest(self) -> str:
        """By which a run that goes on knows them."""
        lines = "".join(" ".join(one) + "\n" for one in self.said)
        return hashlib.sha256(lines.encode()).hexdigest()


class Spoken:
    """The utterances among those that are drawn from of which is known what is said.

    Args:
        transcripts: of a store's utterances.
        utterances: numbers (U,) in the store of those that are drawn from.
        first, counts: (U,) first row of each on the device, and frames.
        longest: frames; longer ones are left out.
        device: where frames are.
    """

    def __init__(
        self,
        transcripts: Transcripts,
        utterances: np.ndarray,
        first: np.ndarray,
        counts: np.ndarray,
        longest: int,
        device: torch.device,
    ) -> None:
        said = (transcripts.whole(k, n, longest) for k, n in zip(utterances, counts, strict=True))
        known = [(k, one) for k, one in enumerate(said) if one is not None]
        chosen = [k for k, _ in known]
        numbers: Sequence[Tensor] = [one for _, one in known] or [torch.zeros(0, dtype=torch.long)]
        self.first, self.counts = (torch.as_tensor(of[chosen], device=device) for of in (first, counts))
        self.said = pad_sequence(list(numbers), batch_first=True).to(device)  # (K, L)
        self.sizes = torch.tensor([len(one) for one in numbers], device=device)

    def __len__(self) -> int:
        return len(self.first)


def reads(recipe: Recipe) -> bool:
    """Whether its model learns from transcripts."""
    kind = models.load(recipe.name).Model
    return issubclass(kind, SegmentModel) and kind.reads_transcripts(recipe.model)


def needed(recipe: Recipe, features: Path, data: Path | None) -> dict[str, Transcripts]:
    """What is said by training and validation speakers, for a model that learns from it; else nothing.

    Raises:
        InputError: there is no `data`, or it has no transcripts; `data` that is not needed.
    """
    if not reads(recipe):
        if data is not None:
            raise InputError(
                f"{recipe.name}: --images and --data go together; alone, --data is for model.ctc (revoice)"
            )
        return {}
    if data is None:
        raise InputError(
            f"{recipe.name} with a CTC term needs transcripts: give --data, or --set model.ctc=0"
        )
    train = Transcripts.read(data / "train", Store.read(features / "train"))
    return {"train": train, "dev": train.like(data / "dev", Store.read(features / "dev"))}
