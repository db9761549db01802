"""Batches of segments gathered on the device: all frames are put there once, no workers, no host syncs."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from speechdis.augment.channel import channel_features
from speechdis.augment.shuffle import rearranged
from speechdis.errors import InputError
from speechdis.features import bins_of
from speechdis.features.store import Store
from speechdis.models.base import Batch
from speechdis.nn import parallel
from speechdis.training.config import Training


class Batches:
    """Segments of a frame store, drawn at random positions or tiled one after the other.

    Args:
        store: the frames.
        twins: voice-converted twins of `store` (row v N + n is the twin of frame n in version v), or None.
        training: batch and segment size, views and channels.
        mean, std: (F,) statistics of the training set, for every split alike.
        device: where all frames are put.

    Raises:
        InputError: no utterance holds one whole segment, or the twins are not those of `store`.
    """

    def __init__(
        self,
        store: Store,
        twins: Store | None,
        training: Training,
        mean: np.ndarray,
        std: np.ndarray,
        device: torch.device,
    ) -> None:
        self.training, self.device = training, device
        self.frames = on_device(store.frames, device)
        self.twins = None if twins is None else on_device(twins.frames, device)
        self.versions = 0 if twins is None else _versions(store, twins)
        self.mean, self.std = (torch.as_tensor(s, device=device) for s in (mean, std))
        self.bins = bins_of(store.settings)
        self.offsets = torch.arange(training.segment, device=device)
        starts, first, count = segment_starts(store, training.segment)
        self.starts, self.first, self.count = (
            torch.as_tensor(s, device=device) for s in (starts, first, count)
        )
        self.tiles = torch.as_tensor(tiled_starts(store, training.segment), device=device)
        self.population = len(self.tiles)

    def draw(self, generator: torch.Generator) -> Batch:
        """This rank's slice of a random batch: positions anywhere in the utterances, uniformly over frames."""
        training = self.training
        chosen = self._integers(len(self.starts), (training.batch,), generator)
        other = None
        if training.static_view == "other":
            spread = torch.rand(training.batch, generator=generator, device=self.device)
            other = self.starts[self.first[chosen] + (spread * self.count[chosen]).long()]
        return self._batch(self.starts[chosen], other, generator)

    def tile(self, generator: torch.Generator) -> Iterator[Batch]:
        """All non-overlapping whole segments in order, a batch at a time; a last part batch is left out."""
        size = min(self.training.batch, len(self.tiles)) // parallel.world() * parallel.world()
        for starts in self.tiles[: len(self.tiles) // size * size].split(size):
            yield self._batch(starts, starts, generator)

    def _batch(self, starts: Tensor, other: Tensor | None, generator: torch.Generator) -> Batch:
        training = self.training
        rows = starts[:, None] + self.offsets
        raw = self.frames[rows]
        if training.static_view == "other" and other is not None:
            view = self.frames[other[:, None] + self.offsets]
        else:
            view = rearranged(raw, training.static_view, generator)
        view = self._channel(view, training.static_channel_db, generator)
        twin = None
        if self.twins is not None:
            version = self._integers(self.versions, (len(starts), 1), generator)
            twin = self._channel(
                self.twins[version * len(self.frames) + rows], training.twin_channel_db, generator
            )
        return Batch(
            x=self._normalised(raw),
            twin=None if twin is None else self._normalised(twin),
            shuffled=self._normalised(view),
            population=self.population,
        )

    def _channel(self, raw: Tensor, filter_db: float, generator: torch.Generator) -> Tensor:
        return channel_features(raw, self.bins, generator, filter_db=filter_db) if filter_db else raw

    def _normalised(self, raw: Tensor) -> Tensor:
        return parallel.mine((raw - self.mean) / self.std)

    def _integers(self, high: int, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return torch.randint(high, shape, generator=generator, device=self.device)


def on_device(frames: np.ndarray, device: torch.device) -> Tensor:
    """A store's memory-mapped frames (N, F) as a tensor; on the CPU the map itself, without a copy."""
    if isinstance(frames, np.memmap):
        frames = np.load(str(frames.filename), mmap_mode="c")  # torch takes no read-only array
    return torch.from_numpy(frames).to(device)


def segment_starts(store: Store, segment: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every row at which a whole segment of one utterance begins, (P,), and for each the position in that
    list of its utterance's first start, (P,), and the number of starts of its utterance, (P,)."""
    counts = np.maximum(store.counts - segment + 1, 0)
    if not counts.any():
        raise InputError(
            f"{store.path}: no utterance holds a segment of {segment} frames; lower training.segment"
        )
    first = np.cumsum(counts) - counts
    within = np.arange(counts.sum()) - np.repeat(first, counts)
    return np.repeat(store.first, counts) + within, np.repeat(first, counts), np.repeat(counts, counts)


def tiled_starts(store: Store, segment: int) -> np.ndarray:
    """First rows of all non-overlapping whole segments, in order."""
    tiles = store.counts // segment
    first = np.cumsum(tiles) - tiles
    within = np.arange(tiles.sum()) - np.repeat(first, tiles)
    return np.repeat(store.first, tiles) + segment * within


def _versions(store: Store, twins: Store) -> int:
    """Number of twins an utterance has; raises InputError where rows would not line up."""
    versions, rest = divmod(len(twins.counts), len(store.counts))
    expected = [f"{utt}#{v}" for v in range(versions) for utt in store.utts]
    if (
        rest
        or list(twins.utts) != expected
        or not np.array_equal(twins.counts, np.tile(store.counts, versions))
    ):
        raise InputError(
            f"{twins.path}: not the twins of {store.path}; run 'speechdis augment' on its data again"
        )
    return versions
