"""Batches of segments gathered on the device: all frames are put there once, no workers, no host syncs.

With `training.utterances` they are drawn in passes, each from that many utterances (hierarchical sampling, Hsu & Glass
2018).
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from speechdis.augment.channel import channel_features
from speechdis.augment.mask import without_bands
from speechdis.augment.shuffle import rearranged
from speechdis.errors import InputError
from speechdis.features import bins_of
from speechdis.features.store import Store
from speechdis.models.base import Batch
from speechdis.nn import parallel
from speechdis.training.config import Training
from speechdis.training.reader import SegmentReader
from speechdis.training.segments import Segments, pool


class Batches:
    """Segments of a frame store, drawn at random positions or tiled one after the other.

    Args:
        store: the frames.
        twins: voice-converted twins of `store` (row v N + n is the twin of frame n in version v), or None.
        training: batch and segment size, views and channels.
        mean, std: (F,) statistics of the training set, for every split alike.
        device: where all frames are put.

    Raises:
        InputError: no utterance holds one whole segment, the twins are not those of `store`, frames that are no
            spectra are to be sent through channels, or wider bands hidden than there are bins.
    """

    def __init__(
        self,
        store: Store,
        twins: Store | None,
        training: Training,
        mean: np.ndarray | Tensor,
        std: np.ndarray | Tensor,
        device: torch.device,
    ) -> None:
        self.training, self.device = training, device
        self.reader = SegmentReader(on_device(store.frames, device), mean, std)
        self.twins = None if twins is None else SegmentReader(on_device(twins.frames, device), mean, std)
        self.versions = 0 if twins is None else _versions(store, twins)
        self.bins = bins_of(store.settings)
        if self.bins is None and (training.static_channel_db or training.twin_channel_db):
            raise InputError(
                f"{store.path}: not spectra; set training.static_channel_db and twin_channel_db to 0"
            )
        if not 0 <= training.static_mask_bins <= store.frames.shape[1]:
            raise InputError(
                f"training.static_mask_bins must be 0 to {store.frames.shape[1]}, the bins of {store.path}, "
                f"not {training.static_mask_bins}"
            )
        whole = np.flatnonzero(store.counts >= training.segment)
        self.first, self.counts = store.first[whole], store.counts[whole]
        if not len(whole):
            raise InputError(
                f"{store.path}: no utterance holds a segment of {training.segment} frames; lower training.segment"
            )
        self.rows = min(training.utterances, len(whole)) or len(whole)
        self.population = int((self.counts // training.segment).sum())
        self.pass_steps = training.pass_steps or math.ceil(
            self.population * self.rows / len(whole) / training.batch
        )
        self._choose(0)

    def enter(self, step: int) -> bool:
        """Draw from the utterances of the pass that `step` is of; True where the pass begins with it.

        Which these are follows from seed and step alone.
        """
        if not self.training.utterances:
            return False
        number, within = divmod(step, self.pass_steps)
        if number != self.number:
            self._choose(number)
        return within == 0

    def _choose(self, number: int) -> None:
        self.number = number
        chosen = np.arange(len(self.first))
        if self.training.utterances:
            chosen = pool(len(chosen), self.rows, number, self.training.seed)
        segment = self.training.segment
        self.segments = Segments.of(self.first[chosen], self.counts[chosen], segment, self.device)

    def draw(self, generator: torch.Generator) -> Batch:
        """This rank's slice of a random batch: positions anywhere in the utterances, uniformly over frames."""
        number = self._integers(self.segments.total_positions, (self.training.batch,), generator)
        return self._batch(*self.segments.position(number), generator)

    def tile(self, generator: torch.Generator) -> Iterator[Batch]:
        """All non-overlapping whole segments, a batch at a time; what is left over for a last part batch is left out.

        Every batch is spread over all utterances, as those of training are: a contrast between its segments, or a
        divergence of their codes as a whole, would be another quantity over a few utterances.
        """
        total = self.segments.total_tiles
        size = min(self.training.batch, total) // parallel.world() * parallel.world()
        batches = total // size
        spread = batches * torch.arange(size, device=self.device)
        for first in range(batches):
            yield self._batch(*self.segments.tile(first + spread), generator)

    def everything(self) -> Iterator[Batch]:
        """All non-overlapping whole segments in order, without views, on every rank alike; the last batch is short."""
        total, size = self.segments.total_tiles, self.training.batch
        for begin in range(0, total, size):
            number = torch.arange(begin, min(begin + size, total), device=self.device)
            starts, utterance = self.segments.tile(number)
            x = self.reader.normalised(self.reader.raw(starts, self.training.segment))  # (B, T, F)
            yield Batch(x, utterance=utterance, segments=self.segments.tiles[utterance])

    def _batch(self, starts: Tensor, utterance: Tensor, generator: torch.Generator) -> Batch:
        training = self.training
        raw = self.reader.raw(starts, training.segment)  # (B, T, F)
        if training.static_view == "other":
            spread = torch.rand(len(starts), generator=generator, device=self.device)
            other = self.segments.elsewhere(starts, utterance, spread)
            view = self.reader.raw(other, training.segment)
        else:
            view = rearranged(raw, training.static_view, generator)
        view = self._channel(view, training.static_channel_db, generator, training.static_channel_share)
        if training.static_mask_bins:
            view = without_bands(view, training.static_mask_bins, self.reader.mean, generator)
        twin = None
        if self.twins is not None:
            version = self._integers(self.versions, (len(starts),), generator)
            of_twins = self.twins.raw(starts + version * len(self.reader.frames), training.segment)
            twin = self._channel(of_twins, training.twin_channel_db, generator)
        return Batch(
            x=self._normalised(raw),
            twin=None if twin is None else self._normalised(twin),
            static_view=self._normalised(view),
            population=self.population,
            utterance=parallel.mine(utterance),
            segments=parallel.mine(self.segments.tiles[utterance]),
        )

    def _channel(
        self, raw: Tensor, filter_db: float, generator: torch.Generator, share: float = 1.0
    ) -> Tensor:
        """Segments through channels of their own, or a `share` of them, drawn at random."""
        if not filter_db or self.bins is None:
            return raw
        through = channel_features(raw, self.bins, generator, filter_db=filter_db)
        if share == 1:
            return through
        drawn = torch.rand(len(raw), 1, 1, generator=generator, device=self.device)
        return torch.where(drawn < share, through, raw)

    def _normalised(self, raw: Tensor) -> Tensor:
        return parallel.mine(self.reader.normalised(raw))

    def _integers(self, high: int, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return torch.randint(high, shape, generator=generator, device=self.device)


def on_device(frames: np.ndarray, device: torch.device) -> Tensor:
    """A store's memory-mapped frames (N, F) as a tensor; on the CPU the map itself, without a copy."""
    if isinstance(frames, np.memmap):
        frames = np.load(str(frames.filename), mmap_mode="c")  # torch takes no read-only array
    return torch.from_numpy(frames).to(device)


def _versions(store: Store, twins: Store) -> int:
    """Number of twins an utterance has; raises InputError where rows would not line up."""
    versions, rest = divmod(len(twins.counts), len(store.counts))
    expected = [f"{utt}#{v}" for v in range(versions) for utt in store.utts]
    source = twins.settings.get("augment", {}).get("source")
    if (
        rest
        or source not in (None, store.digest)
        or any(twins.settings[key] != store.settings[key] for key in ("type", "config"))
        or list(twins.utts) != expected
        or not np.array_equal(twins.counts, np.tile(store.counts, versions))
    ):
        raise InputError(
            f"{twins.path}: not the twins of {store.path}; run 'speechdis augment' on its data again"
        )
    return versions
