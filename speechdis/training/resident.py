"""Frames on the device: all of them at once, or a pool of utterances while the next pool is loaded.

A pool that is loaded comes in blocks through one page-locked buffer, in a thread and, on a GPU, in a stream of its own.
So device and host hold the same whatever the corpus: two pools and a block.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from speechdis.errors import InputError
from speechdis.training import memory
from speechdis.training.rows import Rows

BLOCK = 4 << 20  # bytes that are read before they go to the device


@dataclass(frozen=True)
class Resident:
    """Utterances on the device.

    Attributes:
        frames: (M, F).
        twins: (versions * M, F): row v M + m is the twin of frame m in version v; None where there are none.
        first: (U,) row of each utterance's first frame.
    """

    frames: Tensor
    twins: Tensor | None
    first: np.ndarray


class Frames(Protocol):
    """The frames that the passes of a training draw from; see `Everything` and `Pools`."""

    def take(self, number: int) -> Resident: ...


@dataclass(frozen=True)
class Corpus:
    """Utterances of a store.

    Attributes:
        frames: (N, F).
        twins: (versions * N, F), or None.
        versions: number of twins of each utterance.
        first, counts: (U,) row of the first frame, and frames, of each utterance.
    """

    frames: Rows
    twins: Rows | None
    versions: int
    first: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class Everything:
    """All utterances on the device; what changes from pass to pass is which of them are drawn from.

    Attributes:
        resident: all of them.
        chosen: the utterances of a pass, by its number.
    """

    resident: Resident
    chosen: Callable[[int], np.ndarray]

    @classmethod
    def of(cls, corpus: Corpus, chosen: Callable[[int], np.ndarray], device: torch.device) -> "Everything":
        """As they are on disk; on the CPU their frames are the map itself, without a copy."""
        twins = None if corpus.twins is None else corpus.twins.mapped.to(device)
        return cls(Resident(corpus.frames.mapped.to(device), twins, corpus.first), chosen)

    def take(self, number: int) -> Resident:
        """The utterances of the pass `number`."""
        return replace(self.resident, first=self.resident.first[self.chosen(number)])


class Pools:
    """A pool of utterances on the device, and the next one on its way there.

    Args:
        corpus: the frames.
        chosen: the utterances of a pool, (U,), by its number.
        own: which of them, (U,), this process reads.
        most: frames that a pool is expected to have at most; room is made for so many at once.
        last: number of the last pool; no other is loaded ahead.
        device: where they are put.
        dtype: of what is there.
        seed: of the version in which an utterance's twin is in a pool, drawn anew for each pool; None: in all.
    """

    def __init__(
        self,
        corpus: Corpus,
        chosen: Callable[[int], np.ndarray],
        own: Callable[[np.ndarray], np.ndarray],
        most: int,
        last: int,
        device: torch.device,
        dtype: torch.dtype,
        seed: int | None,
    ) -> None:
        self.corpus, self.chosen, self.own, self.most, self.last = corpus, chosen, own, most, last
        self.device, self.dtype, self.seed = device, dtype, seed
        bins = corpus.frames.mapped.shape[1]
        self._block = torch.empty(max(1, BLOCK // (bins * dtype.itemsize)), bins, dtype=dtype)
        if device.type == "cuda":
            self._block = self._block.pin_memory()
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._buffers: dict[tuple[int, str], Tensor] = {}
        self._coming: dict[int, Future[Resident]] = {}  # one at most

    def take(self, number: int) -> Resident:
        """The pool `number`, once it is there; the next one is begun, in the place of the one before."""
        coming = self._coming.pop(number, None)
        for other in self._coming.values():
            other.result()  # it writes where this one goes
        resident = (coming or self._begin(number)).result()
        self._coming = {number + 1: self._begin(number + 1)} if number < self.last else {}
        return resident

    def _begin(self, number: int) -> Future[Resident]:
        coming: Future[Resident] = Future()

        def work() -> None:
            try:
                coming.set_result(self._load(number))
            except BaseException as error:  # is raised where the pool is taken
                coming.set_exception(error)

        threading.Thread(target=work, name=f"pool {number}").start()
        return coming

    def _load(self, number: int) -> Resident:
        corpus, which = self.corpus, self.chosen(number)
        own = np.flatnonzero(self.own(which))
        own = own[corpus.first[which[own]].argsort()]  # (O,) in the order of the file
        counts, first = corpus.counts[which[own]], corpus.first[which[own]]
        rows = int(counts.sum())
        room = max(rows, self.most)
        frames = self._buffer(number, "frames", room)[:rows]
        self._fill(frames, corpus.frames, first, counts)
        twins = None
        if corpus.twins is not None:
            version = np.arange(corpus.versions)[:, None]  # (V, 1): all of them
            if self.seed is not None:  # (1, U)
                drawn = np.random.default_rng([self.seed, number, 1])
                version = drawn.integers(corpus.versions, size=(1, len(which)))[:, own]
            twins = self._buffer(number, "twins", len(version) * room)[: len(version) * rows]
            begin = (first + version * len(corpus.frames.mapped)).ravel()
            self._fill(twins, corpus.twins, begin, np.tile(counts, len(version)))
        there = np.full(len(which), rows)  # beyond the end are those that other processes read
        there[own] = counts.cumsum() - counts
        return Resident(frames, twins, there)

    def _buffer(self, number: int, name: str, rows: int) -> Tensor:
        """A place for `rows` frames, which that of the last pool but one has: freed ones would leave gaps."""
        place = (number % 2, name)
        there = self._buffers.get(place)
        if there is None or len(there) < rows:
            self._buffers.pop(place, None)
            there = self._buffers[place] = self._empty(rows)
        return there

    def _empty(self, rows: int) -> Tensor:
        try:
            return torch.empty(rows, self._block.shape[1], dtype=self.dtype, device=self.device)
        except (RuntimeError, MemoryError) as error:
            if not memory.short(error):
                raise
            raise InputError(
                f"a pool of {rows * self._block[0].nbytes / 1e9:.3g} GB does not fit on {self.device.type}; "
                "lower training.pool_gb"
            ) from None

    def _fill(self, out: Tensor, source: Rows, first: np.ndarray, counts: np.ndarray) -> None:
        """Copy the rows of `source` of utterances that begin at `first` and have `counts` to `out`, in turn."""
        if self._stream is not None:  # what is queued may still read the place that is written
            self._stream.wait_stream(torch.cuda.current_stream(self.device))
        done = used = 0
        for begin, count in zip(first.tolist(), counts.tolist(), strict=True):
            while count:
                taken = min(count, len(self._block) - used)
                source.read(begin, self._block[used : used + taken])
                begin, count, used = begin + taken, count - taken, used + taken
                if used == len(self._block):
                    done, used = self._send(out, done, used), 0
        self._send(out, done, used)

    def _send(self, out: Tensor, done: int, used: int) -> int:
        if not threading.main_thread().is_alive():
            raise SystemExit  # nobody waits for it
        with nullcontext() if self._stream is None else torch.cuda.stream(self._stream):
            out[done : done + used].copy_(self._block[:used], non_blocking=True)
        if self._stream is not None:
            self._stream.synchronize()
        return done + used
