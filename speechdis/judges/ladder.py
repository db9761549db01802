"""A ladder of attackers: from a linear one to trained networks of three sizes, and the strongest together.

Nobody can say beforehand which attacker finds most of a voice, so there are many. All learn from training speakers with
their labels. Speakers held out say when a network stops, which settings a rung takes, which rungs are fused, and which
is the strongest. Test speakers choose nothing.

A rung turns utterances into vectors, and vectors into scores. So somebody who is known by several utterances is
compared by the mean of their vectors.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from speechdis.errors import InputError
from speechdis.judges import back_end
from speechdis.judges.codebook import Codebook
from speechdis.judges.random_convolutions import RandomConvolutions
from speechdis.judges.sequences import Sequences
from speechdis.judges.speaker_network import SpeakerNetwork
from speechdis.metrics.baselines import utterance_statistics
from speechdis.metrics.equal_error import eer_of
from speechdis.metrics.scoring import Scoring, cosine
from speechdis.metrics.trials import Pairs, all_pairs

_LOG = logging.getLogger(__name__)

Measure = Callable[[Sequences], np.ndarray]  # utterances to (U, F)
CODEBOOKS = ((64, False), (256, False), (512, True))  # entries, and whether frames around are seen, too
KERNELS, CHANNELS = (300, 1200), (48, 96, 192)
AROUND, CROP = (-2, -1, 0, 1, 2), 200  # times `Sequences`' step, and frames of a network's example
MEASURED = 10_000  # utterances, at most, from which rungs without a network learn: they are all in memory
LINEAR, FUSION = "linear", "fusion"


@dataclass(frozen=True)
class Rung:
    """An attacker that has learnt.

    Attributes:
        name: of it.
        vectors: of utterances, (U, E).
        compare: vectors (M, E), of utterances or means of several, to their scoring.
        size: numbers that it learnt or measures of an utterance.
        validation: EER on speakers held out.
        settings: what these chose.
        measure: of utterances, what a back end makes vectors of; None for networks.
        network: where it is one.
    """

    name: str
    vectors: Measure
    compare: Callable[[np.ndarray], Scoring]
    size: int
    validation: float
    settings: dict[str, Any]
    measure: Measure | None = None
    network: SpeakerNetwork | None = None


@dataclass(frozen=True)
class Ladder:
    """All rungs, and which of them the fusion is of, with the mean and deviation of their scores on those held out."""

    rungs: list[Rung]
    fused: dict[str, tuple[float, float]]
    fusion: float

    @property
    def strongest(self) -> str:
        """The attacker of least EER on speakers held out."""
        best = min(self.rungs, key=lambda rung: rung.validation)
        return FUSION if self.fusion < best.validation else best.name

    def validation(self) -> dict[str, float]:
        """EER of every attacker on speakers held out."""
        return {rung.name: rung.validation for rung in self.rungs} | {FUSION: self.fusion}

    def about(self, name: str) -> dict[str, Any]:
        """Size and settings of an attacker, or what the fusion is of."""
        if name == FUSION:
            return {"of": list(self.fused)}
        rung = next(rung for rung in self.rungs if rung.name == name)
        return {"size": rung.size, **rung.settings}

    def vectors(self, of: Sequences) -> dict[str, np.ndarray]:
        """Vectors (U, E) of utterances, by rung."""
        return {rung.name: rung.vectors(of) for rung in self.rungs}

    def compared(
        self, vectors: Mapping[str, np.ndarray], i: np.ndarray, j: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Scores (P,) of pairs of rows of each rung's `vectors` by every attacker, higher for one speaker."""
        found = {rung.name: rung.compare(vectors[rung.name]).pairs(i, j) for rung in self.rungs}
        alike = [(found[name] - mean) / std for name, (mean, std) in self.fused.items()]
        return found | {FUSION: np.mean(alike, axis=0)}

    def scores(self, of: Sequences, pairs: Pairs) -> dict[str, np.ndarray]:
        """Scores (P,) of pairs of utterances by every attacker."""
        return self.compared(self.vectors(of), pairs.i, pairs.j)


def names(steps: int) -> list[str]:
    """Of all attackers, with networks of so many `steps`, or without."""
    books = [_book(entries, context) for entries, context in CODEBOOKS]
    networks = [_ecapa(channels) for channels in CHANNELS if steps]
    return [LINEAR, *books, *map(_convolutions, KERNELS), *networks, FUSION]


def climb(
    known: Sequences,
    unknown: Sequences,
    steps: int = 4000,
    seed: int = 0,
    device: torch.device | str = "cpu",
    step: int = 4,
    say: Callable[[str, float], None] = lambda name, rate: None,
    begin: "Ladder | None" = None,
    label: str = "attacker",
) -> Ladder:
    """Train every attacker on the speakers `known`, and measure it on the others, `unknown`.

    Args:
        steps: of each network at most; it stops where `unknown` says so. 0: no networks.
        seed: draws codebooks, kernels, weights and crops.
        device: where networks are trained.
        step: frames between those that a codebook sees together.
        say: told of every rung's name and validation EER.
        begin: that attacked another condition of the same speakers: networks go on from its networks.
        label: what progress bars begin with.

    Raises:
        InputError: no speaker has two utterances that differ.
    """
    pairs = all_pairs(unknown.speakers)

    def error(scoring: Scoring) -> float:
        return eer_of(scoring.pairs(pairs.i, pairs.j), pairs.target)

    rungs: list[Rung] = []
    own: dict[str, np.ndarray] = {}

    def reached(rung: Rung, held: np.ndarray) -> None:
        rungs.append(rung)
        own[rung.name] = rung.compare(held).pairs(pairs.i, pairs.j)
        say(rung.name, rung.validation)

    some, alike = known.some(MEASURED, seed), None
    for name, measure in measures(some, seed, step, device).items():
        measured, held = measure(some), measure(unknown)
        try:
            back = back_end.fit(measured, some.speakers, held, error, seed)
        except InputError as nothing:  # as the moments of normal scores of one length
            alike = nothing
            _LOG.warning("%s: %s: it measures the same of all utterances, and is left out", label, name)
            continue
        reached(_measured(name, measure, back, measured.shape[1]), back.project(held))
    if alike is not None and not rungs:
        raise alike
    trained = {rung.name: rung.network for rung in begin.rungs} if begin else {}
    for channels in CHANNELS if steps else ():
        before = trained.get(_ecapa(channels))
        rung = _network(channels, known, unknown, steps, seed, device, error, before, label)
        reached(rung, rung.vectors(unknown))
    return Ladder(rungs, *fuse(own, {rung.name: rung.validation for rung in rungs}, pairs))


def measures(known: Sequences, seed: int, step: int, device: torch.device | str) -> dict[str, Measure]:
    """By name, what rungs without a network measure of utterances, smallest first within a kind."""
    found: dict[str, Measure] = {LINEAR: _of_utterances(utterance_statistics)}
    for entries, context in CODEBOOKS:
        offsets = tuple(step * k for k in AROUND) if context else (0,)
        book = Codebook.learn(known.frames, known.first, known.counts, entries, offsets, seed=seed)
        found[_book(entries, context)] = _of_utterances(book.measure)
    for kernels in KERNELS:
        drawn = RandomConvolutions.draw(known.frames, kernels, seed, device)
        found[_convolutions(kernels)] = _of_utterances(drawn.measure)
    return found


def fuse(
    scores: dict[str, np.ndarray], validation: dict[str, float], pairs: Pairs
) -> tuple[dict[str, tuple[float, float]], float]:
    """Of the best rungs, two or more, as many as fused err least: their scores' mean and deviation; and that error."""
    best = sorted(scores, key=lambda name: validation[name])
    alike = {name: (float(s.mean()), float(s.std()) or 1.0) for name, s in scores.items()}
    normal = {name: (s - alike[name][0]) / alike[name][1] for name, s in scores.items()}
    errors = {
        count: eer_of(np.mean([normal[name] for name in best[:count]], axis=0), pairs.target)
        for count in range(min(2, len(best)), len(best) + 1)
    }
    count = min(errors, key=lambda count: errors[count])
    return {name: alike[name] for name in best[:count]}, errors[count]


def changed(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Normalised crops (B, T, D) with noise, a stretch of time set to zero, and a shorter part in place of all."""
    level = torch.as_tensor(0.3 * rng.random((len(x), 1, 1)), dtype=x.dtype, device=x.device)
    x = x + level * torch.as_tensor(rng.standard_normal(x.shape), dtype=x.dtype, device=x.device)
    start, gap = rng.integers(x.shape[1]), rng.integers(1 + x.shape[1] // 5)
    x[:, start : start + gap] = 0
    return x[:, : rng.integers(x.shape[1] // 2, x.shape[1] + 1)]


def _book(entries: int, context: bool) -> str:
    return f"codebook of {entries}" + " in context" * context


def _convolutions(kernels: int) -> str:
    return f"random convolutions, {kernels}"


def _ecapa(channels: int) -> str:
    return f"ECAPA-TDNN, {channels} channels"


def _of_utterances(function: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> Measure:
    return lambda of: function(of.frames, of.first, of.counts)


def _measured(name: str, measure: Measure, back: back_end.BackEnd, size: int) -> Rung:
    return Rung(
        name,
        lambda of: back.project(measure(of)),
        back.compare,
        size,
        back.error,
        dict(back.settings),
        measure,
    )


def _network(
    channels: int,
    known: Sequences,
    unknown: Sequences,
    steps: int,
    seed: int,
    device: torch.device | str,
    error: Callable[[Scoring], float],
    begin: SpeakerNetwork | None,
    label: str,
) -> Rung:
    """An ECAPA-TDNN that pools whole recordings by attention; cosine or PLDA compares its vectors."""
    name = _ecapa(channels)
    network = SpeakerNetwork.train(
        known.frames, known.first, known.counts, known.speakers, steps, crop=CROP, channels=channels, seed=seed,
        device=device, label=f"{label}: {name}", augment=changed, begin=begin,
        error=lambda found: error(cosine(_embedded(found, unknown))),
    )  # fmt: skip
    held = _embedded(network, unknown)
    ways = back_end.comparisons(_embedded(network, known), known.speakers)
    errors = {way: error(compare(held)) for way, compare in ways.items()}
    way = min(errors, key=lambda way: errors[way])
    size = sum(weights.numel() for weights in network.network.parameters())
    told = {"steps": network.steps, "most_steps": steps, "scores": way}
    return Rung(name, lambda of: _embedded(network, of), ways[way], size, errors[way], told, network=network)


def _embedded(network: SpeakerNetwork, of: Sequences) -> np.ndarray:
    return network.embed(of.frames, of.first, of.counts)
