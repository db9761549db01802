"""Batches of segments gathered on the device: frames are put there beforehand, no workers, no host syncs.

With `training.utterances` they are drawn in passes, each from that many utterances (hierarchical sampling, Hsu & Glass
2018). With `training.pool_gb` the device holds the frames of a pass and of the next one alone.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from speechdis.augment.channel import channel_features
from speechdis.augment.mask import without_bands
from speechdis.augment.pictures import augmented
from speechdis.augment.shuffle import rearranged
from speechdis.errors import InputError
from speechdis.features import Picture, bins_of
from speechdis.features.store import Store
from speechdis.models import base
from speechdis.models.base import Batch
from speechdis.nn import parallel, sequence
from speechdis.training.config import Training
from speechdis.training.plan import plan
from speechdis.training.reader import SegmentReader
from speechdis.training.resident import Corpus
from speechdis.training.rows import Rows
from speechdis.training.segments import Segments, holding, strata
from speechdis.training.transcripts import LONGEST, SHARE, Spoken, Transcripts


class Batches:
    """Segments of a frame store, drawn at random positions or tiled one after the other.

    Args:
        store: the frames.
        twins: voice-converted twins of `store` (row v N + n is the twin of frame n in version v), or None.
        training: batch and segment size, views and channels.
        mean, std: (F,) statistics of the training set, for every split alike.
        device: where frames are put: all of them, or pools (`training.plan`).
        transcripts: of the store's utterances, for a model that learns from them.

    Raises:
        InputError: frames that the device has no room for, no utterance that holds one whole segment, twins that are
            not those of `store`, frames that are no spectra to be sent through channels, or wider bands to be hidden
            than there are bins, image views of frames that are no pictures.
    """

    def __init__(
        self,
        store: Store,
        twins: Store | None,
        training: Training,
        mean: np.ndarray | Tensor,
        std: np.ndarray | Tensor,
        device: torch.device,
        transcripts: Transcripts | None = None,
    ) -> None:
        self.training, self.device, self.transcripts = training, device, transcripts
        versions = 0 if twins is None else versions_of(store, twins)
        self.bins, self.picture = bins_of(store.settings), Picture.of(store.settings)
        if training.twin_view == "image" and self.picture is None:
            raise InputError(f"{store.path}: no pictures; set training.twin_view to voice")
        if self.bins is None and (training.static_channel_db or training.twin_channel_db):
            raise InputError(
                f"{store.path}: not spectra; set training.static_channel_db and twin_channel_db to 0"
            )
        self.spectra = spectra = store.spectra.shape[1]
        if store.content and twins is not None and (training.pool_gb or training.pool_precision != "float32"):
            raise InputError(
                f"{store.path}: its content frames do not go into pools beside twins; set training.pool_gb=0 and "
                "pool_precision=float32, or model.twin=false"
            )
        if not 0 <= training.static_mask_bins <= spectra:
            raise InputError(
                f"training.static_mask_bins must be 0 to {spectra}, the bins of {store.path}, "
                f"not {training.static_mask_bins}"
            )
        self.whole = whole = holding(store.counts, training.segment, store.path)
        self.first, self.counts = store.first[whole], store.counts[whole]
        self.population = int((self.counts // training.segment).sum())
        frames, of_twins = Rows(store.frames), None if twins is None else Rows(twins.frames)
        corpus = Corpus(frames, of_twins, versions, self.first, self.counts)
        self.plan = plan(corpus, training, store.path, device)
        if transcripts is not None and self.plan.parted:
            about = zip(whole, self.counts, strict=True)
            known = [transcripts.whole(k, n, LONGEST * training.segment) is not None for k, n in about]
            self.plan = replace(self.plan, spoken=np.array(known))
        self.rows, self.pass_steps = self.plan.rows, self.plan.steps
        self.frames = self.plan.frames(corpus, device)
        nothing = torch.empty(0, frames.mapped.shape[1], device=device)
        self.reader = SegmentReader(nothing, mean, std)
        self.twins = None if twins is None else SegmentReader(nothing, mean, std)
        self.number = -1
        if not self.plan.pooled:
            self._choose(0)

    @property
    def fixed(self) -> bool:
        """Whether all frames are there, and no transcripts, which have their own lengths."""
        return not self.plan.passes and self.transcripts is None

    def enter(self, step: int) -> bool:
        """Draw from the utterances of the pass that `step` is of; True where a model's table begins anew with it.

        Which these are follows from seed and step alone. Where frames are in pools, it waits for theirs.
        """
        if not self.plan.passes:
            return False
        number, within = divmod(step, self.pass_steps)
        if number != self.number:
            self._choose(number)
        return within == 0 and bool(self.training.utterances)

    def _choose(self, number: int) -> None:
        self.number = number
        chosen, resident = self.plan.chosen(number), self.frames.take(number)
        self.reader.frames = resident.frames
        if self.twins is not None and resident.twins is not None:
            self.twins.frames = resident.twins
        self.segments = Segments.of(resident.first, self.counts[chosen], self.training.segment, self.device)
        self.spoken: Spoken | None = None
        if self.transcripts is not None:
            longest = LONGEST * self.training.segment
            about = (self.whole[chosen], resident.first, self.counts[chosen], longest, self.device)
            self.spoken = Spoken(self.transcripts, *about)
        # A table of all utterances has its rows in their order, one of a pass in the pass's.
        self.table_rows = None if self.training.utterances else torch.as_tensor(chosen, device=self.device)

    def draw(self, generator: torch.Generator) -> Batch:
        """This rank's slice of a random batch: positions anywhere in the utterances, uniformly over frames.

        From a pool, each segment of a batch is of an equal part of the pool of its own, so that a rank needs its part
        alone.
        """
        number = self._drawn(self.segments.total_positions, self.training.batch, generator)
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
        raw = self._raw(self.reader, starts)  # (B, T, F)
        if training.static_view == "other":
            spread = torch.rand(len(starts), generator=generator, device=self.device)
            other = self.segments.elsewhere(starts, utterance, spread)
            view = self._raw(self.reader, other)
        else:
            view = rearranged(raw, training.static_view, generator)
        view = view[..., : self.spectra]
        view = self._channel(view, training.static_channel_db, generator, training.static_channel_share)
        if training.static_mask_bins:
            view = without_bands(view, training.static_mask_bins, self.reader.mean[: self.spectra], generator)
        twin = None
        if self.twins is not None:
            version = self._version(len(starts), generator)
            of_twins = self._raw(self.twins, starts + version * len(self.reader.frames))
            sent = self._channel(of_twins, training.twin_channel_db, generator)
            twin = self._normalised(self._beside(sent, raw))
        elif self.picture is not None and training.twin_view == "image":
            seen = augmented(self.reader.normalised(raw), self.picture.shape, generator)
            twin = parallel.mine(seen)
        return Batch(
            x=self._normalised(raw),
            twin=twin,
            static_view=self._normalised(view),
            population=self.population,
            utterance=parallel.mine(utterance if self.table_rows is None else self.table_rows[utterance]),
            segments=parallel.mine(self.segments.tiles[utterance]),
            spoken=self._spoken(generator),
        )

    def _spoken(self, generator: torch.Generator) -> base.Spoken | None:
        """This rank's share of some whole utterances, drawn uniformly, in the voice of one of their twins."""
        if not self.spoken:
            return None
        size = max(1, self.training.batch // SHARE // parallel.world()) * parallel.world()
        chosen = self._drawn(len(self.spoken), size, generator)
        starts, lengths = self.spoken.first[chosen], self.spoken.counts[chosen]
        within = torch.arange(int(lengths.max()), device=self.device).minimum(lengths[:, None] - 1)  # (B, T)
        rows = starts[:, None] + within
        # (B, T, F); its last frame past an utterance's end
        raw = _among(self.reader.frames[parallel.mine(rows)].float())
        heard = raw
        if self.twins is not None:
            rows = rows + self._version(size, generator)[:, None] * len(self.reader.frames)
            twins = _among(self.twins.frames[parallel.mine(rows)].float())
            heard = self._beside(self._channel(twins, self.training.twin_channel_db, generator), raw)
        heard = self._normalised(heard) * parallel.mine(sequence.mask(lengths, raw))
        about = (lengths, self.spoken.said[chosen], self.spoken.sizes[chosen])
        return base.Spoken(heard, *map(parallel.mine, about))

    def _raw(self, reader: SegmentReader, starts: Tensor) -> Tensor:
        """Segments (B, T, F) that begin at rows `starts` (B,) of what `reader` reads."""
        return _among(reader.raw(parallel.mine(starts), self.training.segment))

    def _beside(self, twin: Tensor, raw: Tensor) -> Tensor:
        """A twin (B, T, F) with the content frames of what it is of, which say no more of a voice than they did."""
        return twin if raw.shape[-1] == self.spectra else torch.cat([twin, raw[..., self.spectra :]], -1)

    def _version(self, size: int, generator: torch.Generator) -> Tensor:
        """Which of its twins is read, for each of `size` segments."""
        assert self.twins is not None
        return self._integers(len(self.twins.frames) // len(self.reader.frames), (size,), generator)

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

    def _drawn(self, total: int, size: int, generator: torch.Generator) -> Tensor:
        """Random numbers (size,) below `total`."""
        if self.plan.parted:
            return strata(total, size, generator)
        return self._integers(total, (size,), generator)

    def _integers(self, high: int, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return torch.randint(high, shape, generator=generator, device=self.device)


def _among(own: Tensor) -> Tensor:
    """This rank's rows (B, ...) among those of all (world * B, ...), zeros: what is drawn for rows is drawn for all."""
    if parallel.world() == 1:
        return own
    rows = own.new_zeros(len(own) * parallel.world(), *own.shape[1:])
    parallel.mine(rows).copy_(own)
    return rows


def versions_of(store: Store, twins: Store) -> int:
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
