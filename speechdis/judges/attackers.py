"""Informed attackers: how much voice somebody finds in sequences who has labelled speech, and may learn from it.

The informed attacker of the VoicePrivacy challenges. Nobody can say beforehand which attacker is best, so there are
several, and the strongest counts. All learn from training speakers; some of these are held out to say when the
network stops, which settings the convolutions take, and which attacker is the strongest. Test speakers choose nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.judges.random_convolutions import RandomConvolutions
from speechdis.judges.speaker_network import SpeakerNetwork
from speechdis.metrics.equal_error import eer_of
from speechdis.metrics.trials import Pairs, all_pairs, cosine_scores

NETWORK, CONVOLUTIONS, FUSION = "ECAPA-TDNN", "random convolutions", "fusion of both"
NAMES = (NETWORK, CONVOLUTIONS, FUSION)
HELD_OUT, MOST, FEW = 6, 20, 12  # speakers, see `divided`
CHECKED, ENOUGH = 400, 1000  # utterances, at most, whose EER is measured: held out, and in training


@dataclass(frozen=True)
class Sequences:
    """Utterances with known speakers.

    Attributes:
        frames: (N, D) features or codes, memory-mapped or not.
        first, counts: (U,) first row and number of frames of each utterance.
        speakers: (U,) names.
    """

    frames: np.ndarray
    first: np.ndarray
    counts: np.ndarray
    speakers: np.ndarray

    @classmethod
    def of(cls, frames: np.ndarray, store: Store) -> "Sequences":
        """Sequences (N, D) in the order of a store's frames."""
        return cls(frames, store.first, store.counts, np.asarray(store.spks))

    def __getitem__(self, chosen: np.ndarray) -> "Sequences":
        """Some utterances, by index or mask."""
        return Sequences(self.frames, self.first[chosen], self.counts[chosen], self.speakers[chosen])


class _Embeds(Protocol):
    def embed(self, frames: np.ndarray, first: np.ndarray, counts: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Attackers:
    """Trained attackers; see `train`.

    Attributes:
        members: those that are not a fusion.
        scale: mean and deviation of each one's scores on what was held out.
        about: EER of each on training utterances and on those held out, and how it came about.
        utterances, speakers: how many were held out.
    """

    members: dict[str, _Embeds]
    scale: dict[str, tuple[float, float]]
    about: dict[str, dict[str, Any]]
    utterances: int
    speakers: int

    @property
    def network(self) -> SpeakerNetwork:
        """The trained network among them."""
        found = self.members[NETWORK]
        assert isinstance(found, SpeakerNetwork)
        return found

    @property
    def strongest(self) -> str:
        """The attacker of least EER on what was held out."""
        return min(self.about, key=lambda name: self.about[name]["validation"])

    def scores(self, of: Sequences, pairs: Pairs) -> dict[str, np.ndarray]:
        """Scores (P,) of pairs of utterances by each attacker, higher for one speaker; the fusion's are the mean."""
        found = {
            name: cosine_scores(member.embed(of.frames, of.first, of.counts), pairs.i, pairs.j)
            for name, member in self.members.items()
        }
        return self.fused(found)

    def fused(self, scores: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Scores (P,) of each member, and of the fusion, the mean of theirs where these are alike."""
        if not self.scale:
            return scores
        alike = [(scores[name] - mean) / (std or 1.0) for name, (mean, std) in self.scale.items()]
        return {**scores, FUSION: np.mean(alike, axis=0)}


def train(
    speech: Sequences,
    steps: int,
    seed: int = 0,
    device: torch.device | str = "cpu",
    label: str = "attacker",
    begin: SpeakerNetwork | None = None,
    kernels: int = 1200,
) -> Attackers:
    """Train every attacker on some of the speakers, and measure it on the others.

    Args:
        speech: the training speakers.
        steps: of the network at most; it stops where it no longer improves.
        seed: draws speakers, weights, crops and kernels.
        device: where to train.
        label: what the progress bar says.
        begin: the network that attacked another condition of the same speakers: this one goes on from it.
        kernels: of the convolutions.

    Raises:
        InputError: speakers or utterances too few, as `lacks` says.
    """
    if lacks(speech.speakers):
        raise InputError(f"{label}: {lacks(speech.speakers)}")
    a, b = divided(speech.speakers, seed)
    known, unknown = speech[a], speech[b]
    pairs = all_pairs(unknown.speakers)

    def error(vectors: np.ndarray) -> float:
        return eer_of(cosine_scores(vectors, pairs.i, pairs.j), pairs.target)

    network = SpeakerNetwork.train(
        known.frames, known.first, known.counts, known.speakers, steps, seed=seed, device=device, label=label,
        error=lambda found: error(found.embed(unknown.frames, unknown.first, unknown.counts)), begin=begin,
    )  # fmt: skip
    both, out = speech[np.concatenate([a, b])], np.arange(len(a) + len(b)) >= len(a)
    convolutions = RandomConvolutions.train(
        both.frames, both.first, both.counts, both.speakers, out, error, seed, device, kernels
    )
    found = Attackers(
        {NETWORK: network, CONVOLUTIONS: convolutions}, {}, {}, len(b), len(set(unknown.speakers))
    )
    own = found.scores(unknown, pairs)
    found.scale.update({name: (float(own[name].mean()), float(own[name].std())) for name in found.members})
    for of, name in ((known[_some(len(a), ENOUGH, seed)], "training"), (unknown, "validation")):
        compared = all_pairs(of.speakers)
        for attacker, scores in found.scores(of, compared).items():
            found.about.setdefault(attacker, {})[name] = eer_of(scores, compared.target)
    found.about[NETWORK] |= {"steps": network.steps, "most_steps": steps}
    found.about[CONVOLUTIONS] |= convolutions.settings
    return found


def divided(speakers: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Utterances to learn from and utterances held out, two index arrays that ascend.

    One speaker in HELD_OUT is held out, MOST at most. Where there are fewer than FEW, every speaker keeps a fifth of
    the utterances back, at least two: a fourth of so few voices would be missed more than it would tell.
    """
    rng = np.random.default_rng(seed)
    names, times = np.unique(speakers, return_counts=True)
    if len(names) >= FEW:
        able = names[times > 1]
        out = np.isin(speakers, rng.permutation(able)[: min(max(len(names) // HELD_OUT, 2), MOST)])
    else:
        out = np.zeros(len(speakers), bool)
        for name in names[times > 3]:
            own = rng.permutation(np.flatnonzero(speakers == name))
            out[own[: max(len(own) // 5, 2)]] = True
    held = np.flatnonzero(out)
    return np.flatnonzero(~out), held[_some(len(held), CHECKED, seed)]


def lacks(speakers: Sequence[str] | np.ndarray) -> str:
    """Why nobody can learn an attack from these speakers (U,); "" where somebody can."""
    speakers = np.asarray(speakers)
    known, unknown = divided(speakers)
    target = all_pairs(speakers[unknown]).target
    if len(set(speakers[known])) > 1 and target.any() and not target.all():
        return ""
    return "needs two training speakers with four utterances each, or more speakers with two"


def _some(count: int, most: int, seed: int) -> np.ndarray:
    """Up to `most` random numbers below `count`, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])
