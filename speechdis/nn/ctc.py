"""Connectionist temporal classification (Graves et al. 2006): what is said, learnt without its times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Units:
    """What transcripts are made of, phones or characters; class 0 is the blank, `names` are those from 1 on."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, transcripts: Iterable[Sequence[str]]) -> "Units":
        """Every unit of some transcripts, sorted."""
        return cls(tuple(sorted({unit for said in transcripts for unit in said})))

    @property
    def classes(self) -> int:
        """Units and the blank."""
        return len(self.names) + 1

    def numbers(self, said: Sequence[str]) -> Tensor | None:
        """Classes (L,) of a transcript; None where it has a unit that is none of these."""
        index = {name: k for k, name in enumerate(self.names, 1)}
        return torch.tensor([index[unit] for unit in said]) if all(unit in index for unit in said) else None

    def best(self, scores: Tensor) -> list[str]:
        """The best class of each frame of scores (T, C): repetitions joined, blanks dropped."""
        joined = torch.unique_consecutive(scores.argmax(-1).cpu())
        return [self.names[k - 1] for k in joined.tolist() if k]


def nats(scores: Tensor, lengths: Tensor, said: Tensor, sizes: Tensor, possible: bool = True) -> Tensor:
    """-log P(said | frames) of B utterances, (B,), summed over all alignments.

    Args:
        scores: log probabilities (B, T, C); class 0 is the blank.
        lengths: frames of each (B,).
        said: classes (B, L), zero past their ends; or of all utterances one after the other.
        sizes: how many each has, (B,).
        possible: an utterance with too few frames for what is said is 0 and teaches nothing; else it is infinite.
    """
    return functional.ctc_loss(
        scores.transpose(0, 1), said, lengths, sizes, reduction="none", zero_infinity=possible
    )
