"""Static and dynamic vectors of whole utterances, as every table measures them (protocol: posterior means).

An utterance is cut into non-overlapping segments of the model's length; a last partial segment is kept with
its true length, never zero-padded into a mean; an utterance shorter than one segment is one short segment.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.models.base import GeneratorModel, SegmentModel
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.reader import SegmentReader
from speechdis.training.rows import on_device

MOST = 20_480 * 512  # values read at a time: convolutions on pictures hold sixty times as many


@dataclass(frozen=True)
class Embeddings:
    """Codes of a store of U utterances and N frames.

    Attributes:
        static: (U, S), mean over segments of the static posterior mean (of an FHVAE the s-vector: their sum over
            count + 0.25; of Revoice over pieces of ten seconds, not segments).
        dynamic: (U, Z), mean over segments of each segment's mean over frames.
        flattened: (U, T Z), mean over segments of the trajectory z_{1:T}, frame by frame.
        frames: (N, Z), the dynamic posterior mean of every frame, in the store's order; of a model with one dynamic
            vector a segment (FHVAE), that of the segment around the frame.
        segments: (M, S), the static posterior mean of every segment, in order.
        dynamic_segments: (M, Z), the mean over its frames of the dynamic one.
        lengths: (M,), frames of each segment.
        utterance: (M,), utterance of each segment.
        squared_error: mean over frames and bins of the squared reconstruction error, normalised features.
    """

    static: np.ndarray
    dynamic: np.ndarray
    flattened: np.ndarray
    frames: np.ndarray
    segments: np.ndarray
    dynamic_segments: np.ndarray
    lengths: np.ndarray
    utterance: np.ndarray
    squared_error: float

    @property
    def static_frames(self) -> np.ndarray:
        """The static vector of the segment that holds each frame, (N, S)."""
        return np.repeat(self.segments, self.lengths, axis=0)


def segments(store: Store, segment: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First row, true length and utterance index of every segment, a last partial one included; (M,) each."""
    pieces = -(-store.counts // segment)
    utterance = np.repeat(np.arange(len(pieces)), pieces)
    within = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    starts = store.first[utterance] + segment * within
    lengths = np.minimum(store.counts[utterance] - segment * within, segment)
    return starts, lengths, utterance


@torch.no_grad()
def embed(checkpoint: Checkpoint, store: Store, device: torch.device, batch: int = 20_480) -> Embeddings:
    """Codes of every utterance of `store`, some `batch` frames at a time; of pictures fewer.

    Raises:
        InputError: the store's features are not those the model was trained on, or it is of paired modalities.
    """
    checkpoint.check(store)
    model, segment = _model(checkpoint), checkpoint.segment
    batch = min(batch, MOST // store.frames.shape[1])
    starts, lengths, utterance = segments(store, segment)
    statics: list[Tensor] = []
    dynamics: list[Tensor] = []
    error = torch.zeros((), dtype=torch.float64, device=device)  # read once: a copy would be waited for
    for x, real, size in _reader(checkpoint, store, device).in_turn(starts, lengths, batch):
        static, dynamic = model.embed(x, size)
        made = model.decode(static, dynamic, size).mean  # no content frames
        wrong = (made - x[..., : made.shape[-1]]).square() * real
        error += wrong.double().sum()
        statics.append(static)
        dynamics.append(functional.pad(dynamic * real, (0, 0, 0, segment - dynamic.shape[1])))
    static_codes, dynamic_codes = torch.cat(statics).cpu().numpy(), torch.cat(dynamics).cpu().numpy()
    present = np.arange(segment) < lengths[:, None]  # (M, T)
    means = dynamic_codes.sum(1) / lengths[:, None]
    times = np.maximum(_sums(present.astype(np.float32), utterance, len(store)), 1)  # (U, T)
    flattened = _sums(dynamic_codes, utterance, len(store)) / times[..., None]
    count = np.bincount(utterance)[:, None]
    if model.static_frames:
        voices = in_pieces(checkpoint, store, model.static_frames, device, batch)
    else:
        voices = _sums(static_codes, utterance, len(store)) / (count + model.shrinkage)
    of_segment = model.dynamic_of_segment
    return Embeddings(
        static=voices,
        dynamic=_sums(means, utterance, len(store)) / count,
        flattened=flattened.reshape(len(store), -1),
        frames=around(checkpoint, store, device, batch) if of_segment else dynamic_codes[present],
        segments=static_codes,
        dynamic_segments=means,
        lengths=lengths,
        utterance=utterance,
        squared_error=float(error) / store.spectra.size,
    )


def in_pieces(
    checkpoint: Checkpoint, store: Store, frames: int, device: torch.device, batch: int
) -> np.ndarray:
    """The mean static vector (U, S) of each utterance cut into pieces of `frames` frames, the last one shorter."""
    starts, lengths, utterance = segments(store, frames)
    cut = _reader(checkpoint, store, device).in_turn(starts, lengths, batch)
    read = _model(checkpoint).static_mean
    codes = torch.cat([read(x, size) for x, _, size in cut]).cpu().numpy()
    return _sums(codes, utterance, len(store)) / np.bincount(utterance)[:, None]


def around(checkpoint: Checkpoint, store: Store, device: torch.device, batch: int) -> np.ndarray:
    """The dynamic vector (N, Z) of the segment around each frame of `store`, inside its utterance.

    Segments that follow each other would say five things a second at most, and a phone lasts a tenth.
    """
    counts = np.repeat(store.counts, store.counts)
    within = np.arange(len(store.frames)) - np.repeat(store.first, store.counts)
    begin = np.clip(within - checkpoint.segment // 2, 0, np.maximum(counts - checkpoint.segment, 0))
    starts = np.repeat(store.first, store.counts) + begin
    lengths = np.minimum(counts, checkpoint.segment)
    cut = _reader(checkpoint, store, device).in_turn(starts, lengths, batch)
    model = _model(checkpoint)
    return torch.cat([model.embed(x, size)[1][:, 0] for x, _, size in cut]).cpu().numpy()


def _model(checkpoint: Checkpoint) -> SegmentModel:
    """The model, which must read segments. Raises InputError for one of pairs, or that reads none."""
    model = checkpoint.model
    if isinstance(model, GeneratorModel):
        raise InputError(
            f"a '{checkpoint.name}' draws sequences and has no codes of any; use 'speechdis clips'"
        )
    if not isinstance(model, SegmentModel):
        raise InputError(f"a '{checkpoint.name}' is of pairs; 'speechdis clusters' measures it")
    return model


def _reader(checkpoint: Checkpoint, store: Store, device: torch.device) -> SegmentReader:
    return SegmentReader(on_device(store.frames, device), checkpoint.mean, checkpoint.std)


def _sums(values: np.ndarray, utterance: np.ndarray, count: int) -> np.ndarray:
    """Sums over the consecutive segments of each utterance, (U, ...)."""
    return np.add.reduceat(values, np.searchsorted(utterance, np.arange(count)), axis=0)
