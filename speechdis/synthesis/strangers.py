"""Voices for speech that shall be nobody's: from the prior, mixed of a pool of speakers, or of one of them.

Which voice an utterance or a speaker gets follows from a seed and its id alone: not from the order of a list, from
what else is in it, or from how many processes work.
"""

from dataclasses import dataclass

import numpy as np
import torch

from speechdis.data.anonymous import secret
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.synthesis.files import read_voice
from speechdis.synthesis.generation import nobodys_voice
from speechdis.synthesis.voices import Voice, one_voice
from speechdis.training.checkpoint import Checkpoint

KINDS = ("prior", "mix", "pool")
MIXED, LENT = 4, 5  # speakers of a mixture; recordings that a speaker of the pool is known by


@dataclass(frozen=True)
class Strangers:
    """How voices are drawn.

    Attributes:
        kind: one of KINDS.
        seed: anyone who knows it can draw the same voices.
        pool: speakers with their recordings, by name; empty for the prior.
    """

    kind: str
    seed: str
    pool: tuple[tuple[str, tuple[Utterance, ...]], ...] = ()

    @classmethod
    def of(cls, kind: str, seed: str, pool: list[Utterance]) -> "Strangers":
        """From the utterances of a pool's directory."""
        people: dict[str, list[Utterance]] = {}
        for u in sorted(pool, key=lambda u: u.utt):
            people.setdefault(u.spk, []).append(u)
        return cls(kind, seed, tuple((spk, tuple(own)) for spk, own in sorted(people.items())))

    def number(self, owner: str) -> int:
        """What the voice of `owner`, an utterance or a speaker, is drawn with."""
        return int(secret(self.seed, "voice", owner)[:15], 16)

    def lenders(self, owner: str, never: str) -> tuple[int, ...]:
        """Which speakers of the pool lend their voices to `owner`, who is `never`, himself, among them.

        Raises:
            InputError: the pool has no other speaker.
        """
        if self.kind == "prior":
            return ()
        others = [k for k, (spk, _) in enumerate(self.pool) if spk != never]
        if not others:
            raise InputError("the pool has no other speaker")
        rng = np.random.default_rng(self.number(owner))
        count = min(MIXED, len(others)) if self.kind == "mix" else 1
        return tuple(others[k] for k in rng.choice(len(others), count, replace=False))


def draw(checkpoint: Checkpoint, strangers: Strangers, owner: str, known: list[Voice]) -> Voice:
    """The voice of `owner`; `known` are those of its lenders."""
    if strangers.kind == "pool":
        return known[0]
    device = next(checkpoint.model.parameters()).device
    generator = torch.Generator(device).manual_seed(strangers.number(owner))
    return nobodys_voice(checkpoint, known, generator)


def pool_voice(checkpoint: Checkpoint, recordings: tuple[Utterance, ...]) -> Voice:
    """The voice of a speaker of the pool, by the first LENT recordings that can be used.

    Raises:
        InputError: none can.
    """
    voices: list[Voice] = []
    fault = "no recording"
    for u in recordings:
        try:
            voices.append(read_voice(checkpoint, u))
        except (InputError, OSError) as error:
            fault = str(error)
        if len(voices) == LENT:
            break
    if not voices:
        raise InputError(f"a speaker of the pool has no usable recording: {fault}")
    return one_voice(voices)
