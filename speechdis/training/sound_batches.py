"""Batches of segments with the samples they were made of: what a vocoder learns from.

Samples come from a store of waveforms, whose rows are not as long as frames: both hold the same utterances, and
sample 0 of an utterance is where its frame 0 begins. The last row of a waveform that is not whole is not stored, so
segments end two frames before an utterance does.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from speechdis.errors import InputError
from speechdis.features import FeatureSettings
from speechdis.features.store import Store
from speechdis.models.base import Sound, VocoderModel
from speechdis.nn import parallel
from speechdis.training.batches import versions_of
from speechdis.training.config import Training
from speechdis.training.reader import SegmentReader
from speechdis.training.rows import on_device
from speechdis.training.segments import Segments, holding

SPARE = 2  # frames at the end of an utterance, more than a row of waveform


def sounds(
    model: VocoderModel,
    training: Training,
    stores: Mapping[str, Store],
    decoded: Mapping[str, Store],
    waveforms: Path | None,
    statistics: tuple[np.ndarray, np.ndarray],
    device: torch.device,
) -> tuple["SoundBatches", "SoundBatches"]:
    """Batches of "train" and of "dev"; see `SoundBatches`.

    Args:
        model: what is trained.
        training: how.
        stores, decoded: by split.
        waveforms: folder of the splits' waveforms.
        statistics: mean and std of the frames.
        device: where all of it is put.

    Raises:
        InputError: no `waveforms`, or stores that do not fit the model or one another.
    """
    if waveforms is None:
        raise InputError(
            "a vocoder needs the samples of its frames: give --waveforms "
            "(see 'speechdis features --feature-type waveform')"
        )
    if training.pool_gb:
        raise InputError("a vocoder's frames and samples are all on the device: set training.pool_gb=0")
    _cut_alike(model, stores["train"])
    train, dev = (
        SoundBatches(stores[k], Store.read(waveforms / k), decoded.get(k), training, *statistics, device)
        for k in ("train", "dev")
    )
    return train, dev


class SoundBatches:
    """Segments at random positions or tiled; what `Trainer` asks of them is what it asks of `Batches`.

    Args:
        store: frames.
        waveforms: the samples of the same utterances, of type "waveform".
        decoded: frames of the same utterances as a model decodes them, in as many versions as there are, or None.
            Recorded frames and each version are drawn equally often.
        training: batch and segment size.
        mean, std: (F,) of the training set.
        device: where all of it is put.

    Raises:
        InputError: stores of other utterances or another rate; no utterance holds one whole segment.
    """

    def __init__(
        self,
        store: Store,
        waveforms: Store,
        decoded: Store | None,
        training: Training,
        mean: np.ndarray | Tensor,
        std: np.ndarray | Tensor,
        device: torch.device,
    ) -> None:
        _same_speech(store, waveforms)
        self.training, self.device = training, device
        self.window, self.hop = FeatureSettings.of(store.settings).samples
        readers = [store] if decoded is None else [store, decoded]
        self.readers = [SegmentReader(on_device(one.frames, device), mean, std) for one in readers]
        self.versions = 1 if decoded is None else 1 + versions_of(store, decoded)
        row = waveforms.frames.shape[1]
        self.samples = on_device(waveforms.frames, device).reshape(-1)
        whole = holding(store.counts - SPARE, training.segment, store.path)
        counts = store.counts[whole] - SPARE
        self.segments = Segments.of(store.first[whole], counts, training.segment, device)
        # Of each utterance: the sample of its first frame, less what a hop a row would make of its first row.
        first = waveforms.first[whole] * row - store.first[whole] * self.hop
        self.shift = torch.as_tensor(first, device=device)

    @property
    def fixed(self) -> bool:
        """Segments of one length."""
        return True

    def enter(self, step: int) -> bool:
        """There are no passes in which a model sets a table."""
        return False

    def draw(self, generator: torch.Generator) -> Sound:
        """This rank's slice of a random batch, uniformly over positions and versions."""
        size = (self.training.batch,)
        number = self._integers(self.segments.total_positions, size, generator)
        return self._batch(*self.segments.position(number), self._integers(self.versions, size, generator))

    def tile(self, generator: torch.Generator) -> Iterator[Sound]:
        """Non-overlapping whole segments, each in one version after the other; what is left of a batch is left out."""
        total = self.segments.total_tiles
        size = min(self.training.batch, total) // parallel.world() * parallel.world()
        for begin in range(0, total // size * size, size):
            number = torch.arange(begin, begin + size, device=self.device)
            yield self._batch(*self.segments.tile(number), number % self.versions)

    def everything(self) -> Iterator[Sound]:
        """As `tile`, which draws nothing."""
        return self.tile(torch.Generator(self.device))

    def _batch(self, starts: Tensor, utterance: Tensor, version: Tensor) -> Sound:
        segment = self.training.segment
        x = self.readers[0].raw(starts, segment)  # (B, T, F)
        if self.versions > 1:
            rows = starts + (version - 1).clamp_min(0) * len(self.readers[0].frames)
            x = torch.where(version[:, None, None] > 0, self.readers[1].raw(rows, segment), x)
        offsets = torch.arange((segment - 1) * self.hop + self.window, device=self.device)
        begin = starts * self.hop + self.shift[utterance]
        wave = self.samples[begin[:, None] + offsets]  # (B, n)
        return Sound(parallel.mine(self.readers[0].normalised(x)), parallel.mine(wave))

    def _integers(self, high: int, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return torch.randint(high, shape, generator=generator, device=self.device)


def _same_speech(store: Store, waveforms: Store) -> None:
    """Raise InputError where `waveforms` are not the samples of the utterances of `store`."""
    again = "make it with 'speechdis features --feature-type waveform' of the same data"
    if waveforms.settings["type"] != "waveform":
        raise InputError(f"{waveforms.path}: holds {waveforms.settings['type']}, no waveforms; {again}")
    rate, needed = (FeatureSettings.of(s.settings).rate for s in (waveforms, store))
    if rate != needed:
        raise InputError(
            f"{waveforms.path}: samples at {rate} Hz, but {store.path} was made at {needed}; {again}"
        )
    window, hop = FeatureSettings.of(store.settings).samples
    samples = waveforms.counts * waveforms.frames.shape[1]
    if (
        waveforms.utts != store.utts
        or waveforms.frames.shape[1] > SPARE * hop
        or ((store.counts - SPARE - 1) * hop + window > samples).any()
    ):
        raise InputError(f"{waveforms.path}: not the waveforms of {store.path}; {again}")
    if waveforms.settings.get("channel") != store.settings.get("channel"):
        raise InputError(f"{waveforms.path}: through other channels than {store.path}; {again}")


def _cut_alike(model: VocoderModel, store: Store) -> None:
    """Raise InputError where a vocoder speaks frames that are cut in another way than those of `store`."""
    cut = FeatureSettings.of(store.settings)
    if model.framing != (cut.rate, *cut.samples):
        rate, window, hop = cut.rate, *cut.samples
        raise InputError(
            f"{store.path}: frames are cut in another way than the recipe says; give "
            f"--set model.rate={rate} --set model.window={window} --set model.hop={hop}"
        )
