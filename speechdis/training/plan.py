"""Which utterances each pass draws from, and whether the device holds the frames of all of them or pool by pool."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from speechdis.errors import InputError
from speechdis.nn import parallel
from speechdis.training import memory
from speechdis.training.config import Training
from speechdis.training.resident import Corpus, Everything, Frames, Pools
from speechdis.training.segments import part, pool, reached


@dataclass(frozen=True)
class Plan:
    """Passes over a corpus.

    Attributes:
        counts: (U,) frames of each utterance.
        training: utterances and steps of a pass, and the seed.
        pooled: the device holds a pass's frames and those of the next one, not all.
        parts: pools that hold all utterances once, where they are cut by frames; else 1.
        most: frames that a pass has at most; of hierarchical sampling, as far as its first passes tell.
        spoken: (U,) which utterances may be read whole beside the segments; None where none is.
    """

    counts: np.ndarray
    training: Training
    pooled: bool
    parts: int
    most: int
    spoken: np.ndarray | None = None

    @property
    def parted(self) -> bool:
        """Each process reads its own part of a pool, from which its share of every batch is drawn.

        Not of hierarchical passes: a model's table begins anew from all of a pass, in each process.
        """
        return self.pooled and not self.training.utterances

    @property
    def passes(self) -> bool:
        """Utterances change from pass to pass; else there is one pass without end."""
        return self.pooled or bool(self.training.utterances)

    @property
    def rows(self) -> int:
        """Utterances that a model with a row for each has to have rows for."""
        return min(self.training.utterances, len(self.counts)) or len(self.counts)

    @property
    def steps(self) -> int:
        """Optimiser steps of a pass."""
        share = self.rows / len(self.counts) if self.training.utterances else 1 / self.parts
        segments = int((self.counts // self.training.segment).sum())
        return self.training.pass_steps or math.ceil(segments * share / self.training.batch)

    def chosen(self, number: int) -> np.ndarray:
        """The utterances of the pass `number`; they follow from the seed."""
        if self.training.utterances:
            return pool(len(self.counts), self.rows, number, self.training.seed)
        if self.pooled:
            return part(self.counts, self.parts, number, self.training.seed)
        return np.arange(len(self.counts))

    def own(self, chosen: np.ndarray) -> np.ndarray:
        """Which of the utterances `chosen` (U,) for a pass this process reads, (U,)."""
        if not self.parted:
            return np.ones(len(chosen), bool)
        share = parallel.world(), parallel.rank()
        own = reached(self.counts[chosen] - self.training.segment + 1, *share)
        return own if self.spoken is None else own | reached(self.spoken[chosen].astype(int), *share)

    def frames(self, corpus: Corpus, device: torch.device) -> Frames:
        """The frames of `corpus` as this plan puts them on the device."""
        dtype = held(corpus, self.training)
        if self.pooled:
            last = (self.training.steps - 1) // self.steps
            share = self.most // (parallel.world() if self.parted else 1) + 2 * int(self.counts.max())
            most = min(self.most, share)
            return Pools(corpus, self.chosen, self.own, most, last, device, dtype, self.training.seed)
        if dtype == corpus.frames.mapped.dtype:
            return Everything.of(corpus, self.chosen, device)
        whole = Pools(
            corpus, lambda _: np.arange(len(self.counts)), self.own, self.most, 0, device, dtype, None
        )
        return Everything(whole.take(0), self.chosen)


def plan(corpus: Corpus, training: Training, store: Path, device: torch.device) -> Plan:
    """Everything on the device where it fits in `training.pool_gb`, or where that is 0; else pools.

    Raises:
        InputError: what shall be there is more than there is room for, or the pools are too small for the utterances.
    """
    limit = int(1e9 * training.pool_gb)
    frame = corpus.frames.mapped.shape[1] * held(corpus, training).itemsize  # bytes
    everything = len(corpus.frames.mapped) * frame * (1 + corpus.versions)
    pooled = 0 < limit < everything
    processes = 1 if training.utterances else parallel.world()  # that hold a pool between them
    if pooled:
        needed = limit // processes
        _check_free(needed, f"training.pool_gb={training.pool_gb:g}", "lower", device, processes)
    elif device.type != "cpu" or held(corpus, training) != corpus.frames.mapped.dtype:  # else it is mapped
        what = f"the frames of {store}" + " with their twins" * (corpus.twins is not None)
        _check_free(everything, what, "lower" if limit else "set", device, processes)
    whole = Plan(corpus.counts, training, pooled, 1, int(corpus.counts.sum()))
    if not pooled:
        return whole
    frame *= 1 + min(corpus.versions, 1)
    return (_passes if training.utterances else _cut)(whole, limit // 2 // frame, frame, store)


def held(corpus: Corpus, training: Training) -> torch.dtype:
    """The type of numbers that the device holds: of pixels 8 bits, whatever the recipe says."""
    own = corpus.frames.mapped.dtype
    return own if own == torch.uint8 else getattr(torch, training.pool_precision)


def _check_free(needed: int, what: str, do: str, device: torch.device, processes: int) -> None:
    """Raise InputError where a process needs more bytes than its device has; `processes` hold a pool between them."""
    free = memory.free(device)
    if needed > free:
        raise InputError(
            f"{what}: {needed / 1e9:.3g} GB are wanted on {device.type}, {free / 1e9:.3g} GB are free; "
            f"{do} training.pool_gb to {0.6e-9 * min(free * processes, needed * processes):.2g} or less"
        )


def _passes(whole: Plan, room: int, frame: int, store: Path) -> Plan:
    """Pools that are the passes of hierarchical sampling, of at most `room` frames of `frame` bytes."""
    training, counts = whole.training, whole.counts
    round_of_all = math.ceil(len(counts) / whole.rows)  # passes that leave no utterance out
    most = max(int(counts[whole.chosen(k)].sum()) for k in range(min(round_of_all, 100)))
    if most > room:
        raise InputError(
            f"training.utterances={training.utterances} utterances of {store} take up to {most * frame / 1e9:.3g} GB, "
            f"more than half of training.pool_gb={training.pool_gb:g}; lower training.utterances"
        )
    return replace(whole, most=most)


def _cut(whole: Plan, room: int, frame: int, store: Path) -> Plan:
    """Pools of equal numbers of frames, `room` at most, of `frame` bytes."""
    longest = int(whole.counts.max())
    if room < 3 * longest:  # fewer might leave a pool empty
        raise InputError(
            f"training.pool_gb={whole.training.pool_gb:g} is too small for the utterances of {store}, one of which has "
            f"{longest} frames; set it to {math.ceil(6e-5 * longest * frame) / 1e4:g} or more"
        )
    parts = math.ceil(whole.most / (room - longest))
    return replace(whole, parts=parts, most=math.ceil(whole.most / parts) + longest)
