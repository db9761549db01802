"""Recordings of any length to codes and back: overlapping segments, read alone and cross-faded when decoded.

A model knows segments of one length. They are laid over a recording so that each covers half of the next, at least;
what is decoded of them is averaged with triangular weights, so that no segment begins or ends abruptly.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from speechdis.errors import InputError
from speechdis.features import speech_alone
from speechdis.models.base import StaticDynamicModel
from speechdis.synthesis import fitting
from speechdis.synthesis.rows import Array
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.reader import SegmentReader

LONGEST = 6000  # frames that are read and decoded at a time, a minute
BATCH = 512  # segments at a time, whatever the length of the recording


class Codes(NamedTuple):
    """Posterior means of the M segments of one recording of `frames` frames, beginning at frames `starts` (M,).

    Of a recording longer than `LONGEST` the dynamic ones are None: they are read anew, `window` by window. `content`
    are the content frames (T, D), of a model that reads them.
    """

    static: Tensor  # (M, S)
    dynamic: Tensor | None  # (M, T, Z)
    starts: np.ndarray
    frames: int
    content: np.ndarray | None = None


class Window(NamedTuple):
    """Frames `first` to `last` of a recording, and `begin` to `end` of which all segments that matter to them lie.

    `segments` are those.
    """

    first: int
    last: int
    begin: int
    end: int
    segments: slice


def starts_of(frames: int, segment: int) -> np.ndarray:
    """First frames of whole segments, each at most half a segment after the one before, the last ending at the end."""
    count = 1 + max(0, -(-(frames - segment) // max(1, segment // 2)))
    return np.linspace(0, max(0, frames - segment), count).round().astype(np.int64)


def check(checkpoint: Checkpoint) -> StaticDynamicModel:
    """The model. Raises InputError for one of pictures, or that has no static and dynamic factors."""
    speech_alone(checkpoint.features, f"a '{checkpoint.name}'")
    return checkpoint.model_of(StaticDynamicModel, "has no static and dynamic factors to swap")


def check_recordings(checkpoint: Checkpoint) -> StaticDynamicModel:
    """`check` of a model whose words are read from a recording alone. Raises InputError for one that needs more."""
    if checkpoint.content:
        raise InputError(
            f"this '{checkpoint.name}' reads words from {checkpoint.content} content columns a frame, which a "
            "recording alone does not have; 'swap --content-frames', or swap(content_frames=), take them beside one"
        )
    return check(checkpoint)


def check_frames(checkpoint: Checkpoint, frames: Array, content: np.ndarray | None) -> None:
    """Raise InputError where `encode` would."""
    check(checkpoint)
    if content is None and checkpoint.content and frames.shape[1] < len(checkpoint.mean):
        check_recordings(checkpoint)
    if content is not None and content.shape != (len(frames), checkpoint.content):
        raise InputError(
            f"content frames of {content.shape[-1]} columns; this '{checkpoint.name}' reads {checkpoint.content}"
        )


@torch.no_grad()
def encode(
    checkpoint: Checkpoint,
    frames: Array,
    empty: np.ndarray | None = None,
    content: np.ndarray | None = None,
) -> Codes:
    """Codes of log frames (T, F), T >= 1; a recording shorter than a segment is one short segment.

    Bins that are `empty` (F,) are read as at their mean: no model has learnt what silence there means.

    Args:
        checkpoint: of the model.
        frames: log frames; with content frames in the last columns, as a store has them, or without.
        empty: bins.
        content: the content frames (T, D) of a model that reads them, where `frames` are without.

    Raises:
        InputError: as `check`, or content frames that are missing, or not for this model.
    """
    check_frames(checkpoint, frames, content)
    starts = starts_of(len(frames), checkpoint.segment)
    return _encoded(checkpoint, frames, starts, empty, len(frames) <= LONGEST, content)


def _encoded(
    checkpoint: Checkpoint,
    frames: Array,
    starts: np.ndarray,
    empty: np.ndarray | None,
    whole: bool,
    content: np.ndarray | None,
    known: Tensor | None = None,
) -> Codes:
    """Codes of the segments of `frames` that begin at `starts`; the dynamic ones only if `whole`.

    Static ones that are `known` (M, S) are not read.
    """
    model = check(checkpoint)
    static, dynamic = [], []
    size = BATCH if whole else BATCH // 4
    for part in np.split(starts, range(size, len(starts), size)):
        x, lengths = _cut(checkpoint, frames, part, empty, content)
        if known is not None:
            dynamic.append(model.dynamic_mean(x, lengths))
        elif whole:
            s, z = model.embed(x, lengths)
            static.append(s)
            dynamic.append(z)
        else:
            static.append(model.static_mean(x, lengths))
    voice = torch.cat(static) if known is None else known
    return Codes(voice, torch.cat(dynamic) if whole else None, starts, len(frames), content)


def _cut(
    checkpoint: Checkpoint,
    frames: Array,
    starts: np.ndarray,
    empty: np.ndarray | None,
    content: np.ndarray | None,
) -> tuple[Tensor, Tensor | None]:
    """Segments (M, T, F) that begin at `starts` (M,), as a model reads them; their lengths, None where all have T."""
    segment, device = checkpoint.segment, next(checkpoint.model.parameters()).device
    here = slice(starts[0], starts[-1] + segment)
    beside = frames[here] if content is None else np.concatenate([frames[here], content[here]], 1)
    reader = SegmentReader(torch.from_numpy(np.ascontiguousarray(beside)), checkpoint.mean, checkpoint.std)
    cut = reader.read(starts - starts[0], np.minimum(len(frames) - starts, segment), segment)
    x = cut.x.float()  # changed frames come in double precision, and are normalised in it
    if empty is not None:
        x[..., torch.from_numpy(np.flatnonzero(empty))] = 0
    return x.to(device), None if cut.lengths is None else cut.lengths.to(device)


def _heard(checkpoint: Checkpoint, silent: np.ndarray | None, starts: np.ndarray, count: int) -> Tensor:
    """1 where segments that begin at `starts` (M,) have sound, (M, T, F), or a scalar 1 where they have it everywhere.

    `silent`: where (T, F) a recording of `count` frames has none.
    """
    segment, device = checkpoint.segment, next(checkpoint.model.parameters()).device
    if silent is None and count >= segment:
        return torch.ones((), device=device)
    sound = np.ones((count, 1), bool) if silent is None else ~silent
    rows = starts[:, None] + np.arange(segment)  # (M, T)
    found = sound[rows.clip(0, count - 1)] & (rows < count)[..., None]
    return torch.from_numpy(found).to(device, torch.float32)


@torch.no_grad()
def fitted(
    checkpoint: Checkpoint,
    frames: np.ndarray,
    read: Codes,
    static: Tensor,
    silent: np.ndarray | None = None,
) -> Codes:
    """`read`, the codes of a window's log frames (T, F), with dynamic vectors that explain these better.

    Args:
        checkpoint: of the model.
        frames: of the window.
        read: as `window` gives them.
        static: (M, S) that they are decoded with.
        silent: where (T, F) there is nothing to explain.
    """
    model, moved = check(checkpoint), []
    assert read.dynamic is not None, "a long recording is fitted window by window"
    for first in range(0, len(read.starts), BATCH):
        part = slice(first, first + BATCH)
        x, lengths = _cut(checkpoint, frames, read.starts[part], None, read.content)
        heard = _heard(checkpoint, silent, read.starts[part], len(frames))
        moved.append(fitting.fit(model, x, heard, static[part], read.dynamic[part], lengths))
    return read._replace(dynamic=read.dynamic + torch.cat(moved))


def windows(checkpoint: Checkpoint, codes: Codes, depth: int = 1, beyond: int = 0) -> list[Window]:
    """A recording in parts of a minute, the only one whole; each with what `depth` decodings one after another reach.

    A frame depends on segments over it, and so on frames less than a segment away, and `beyond` more.
    """
    count, reach = codes.frames, depth * checkpoint.segment + beyond
    edges = np.linspace(0, count, -(-count // LONGEST) + 1).round().astype(int).tolist()
    found = []
    for first, last in pairwise(edges):
        begin, end = max(0, first - reach), min(count, last + reach)
        over = np.searchsorted(codes.starts, (begin, end - checkpoint.segment + 1)).tolist()
        segments = slice(over[0], over[1] if end < count else len(codes.starts))
        found.append(Window(first, last, begin, end, segments))
    return found


@torch.no_grad()
def window(
    checkpoint: Checkpoint, frames: np.ndarray, codes: Codes, part: Window, empty: np.ndarray | None = None
) -> Codes:
    """Codes, dynamic ones too, of the segments of a window, whose frames `begin` to `end` are `frames`."""
    if codes.dynamic is not None:
        return codes
    content = None if codes.content is None else codes.content[part.begin : part.end]
    return _encoded(checkpoint, frames, codes.starts[part.segments] - part.begin, empty, True, content)


@torch.no_grad()
def reread(
    checkpoint: Checkpoint, frames: np.ndarray, codes: Codes, empty: np.ndarray | None = None
) -> Codes:
    """Codes of other log frames (T, F) in the segments of `codes`, whose static ones stay."""
    return _encoded(checkpoint, frames, codes.starts, empty, True, codes.content, codes.static)


def _lengths(checkpoint: Checkpoint, frames: int, device: torch.device) -> Tensor | None:
    """Frames of the one segment of a recording shorter than one, (1,); None where all are whole."""
    return torch.tensor([frames], device=device) if frames < checkpoint.segment else None


@torch.no_grad()
def decode(checkpoint: Checkpoint, static: Tensor, codes: Codes) -> np.ndarray:
    """Log frames (T, F) of `codes`, cross-faded, with `static` (M, S) in place of their own static vectors."""
    model = check(checkpoint)
    assert codes.dynamic is not None, "a long recording is decoded window by window"
    parts = zip(static.split(BATCH), codes.dynamic.split(BATCH), strict=True)
    lengths = _lengths(checkpoint, codes.frames, static.device)
    means = np.concatenate([model.decode(s, z, lengths).mean.cpu().numpy() for s, z in parts])
    ramp = np.arange(1, checkpoint.segment + 1, dtype=np.float32)
    weight = np.minimum(ramp, ramp[::-1])[:, None]
    total = np.zeros((max(codes.frames, checkpoint.segment), means.shape[-1]), np.float32)
    norm = np.zeros((len(total), 1), np.float32)
    for start, mean in zip(codes.starts, means, strict=True):
        total[start : start + checkpoint.segment] += weight * mean
        norm[start : start + checkpoint.segment] += weight
    made = (total / np.where(norm == 0, 1, norm))[: codes.frames]
    return checkpoint.restored(made)


def transfer_static(checkpoint: Checkpoint, own: Tensor, voice: Tensor) -> Tensor:
    """Static vectors (M, S) of segments with `own` (M, S), in the voice of other segments `voice` (M', S).

    Their mean, but where the model knows better (`transfer`).
    """
    return check(checkpoint).transfer(own, voice)
