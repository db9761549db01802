"""The voice of one recording on the words of another."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from speechdis.features import spectrum_of
from speechdis.features.content import resampled
from speechdis.synthesis import band, blocks, codes, vocoders
from speechdis.synthesis.codes import Codes, Window
from speechdis.synthesis.contrast import Contrast
from speechdis.synthesis.manner import USUAL, Manner
from speechdis.synthesis.residual import Residual, Sounds, joined, thinned, weighted_mean
from speechdis.synthesis.rows import Array, collected, peak, pieces
from speechdis.synthesis.slow import checked, reach, slow_part
from speechdis.synthesis.words import Words, words_of
from speechdis.training.checkpoint import Checkpoint

REREADS = 2  # of the words in changed frames
SMOOTH = 3.0  # frames, standard deviation over time of what is kept of a change: faster ones are seldom the voice's


class Voice(NamedTuple):
    """The voice of a recording.

    Attributes:
        static: (M, S) of its segments.
        log_f0: its mean log F0; NaN if it has no pitch.
        residual: what frames decoded in its mean static vector lack of its own. None: unknown.
    """

    static: Tensor
    log_f0: float
    residual: Residual | None


@dataclass(frozen=True)
class Content:
    """A recording whose words are kept.

    Attributes:
        words: the recording.
        read: gives its codes; a swap reads words at another pitch, and never these.
        silent: where (T, F) it has no sound; None: it has everywhere.
        array: its content frames (T, D), of a model that reads them.
    """

    words: Words
    read: Callable[[], Codes]
    silent: np.ndarray | None = None
    array: np.ndarray | None = None

    @cached_property
    def codes(self) -> Codes:
        """Its codes, read once."""
        return self.read()

    @property
    def empty(self) -> np.ndarray | None:
        """Bins (F,) in which it has no sound."""
        return None if self.silent is None else band.empty(self.silent)


def voice_of(checkpoint: Checkpoint, wave: Array) -> Voice:
    """The voice of a waveform (n,) in [-1, 1] at the model's rate.

    Raises:
        InputError: a model without static and dynamic factors; a waveform shorter than one window.
    """
    if checkpoint.content:  # a voice needs none; what frames decoded in it lack is then not known
        heard = content_of(checkpoint, wave, np.zeros((1, checkpoint.content)))
        return Voice(heard.codes.static, heard.words.log_f0, None)
    content = content_of(checkpoint, wave)
    return Voice(content.codes.static, content.words.log_f0, _residual(checkpoint, content))


def one_voice(voices: Sequence[Voice]) -> Voice:
    """One voice of several recordings of it, each with the weight of its length.

    All segments and sounds count as if they were of one recording; the pitch is the mean over those that have one.
    """
    if len(voices) == 1:
        return voices[0]
    sizes = np.array([len(voice.static) for voice in voices], float)
    levels = np.array([voice.log_f0 for voice in voices])
    residuals = [voice.residual for voice in voices if voice.residual is not None]
    return Voice(
        torch.cat([voice.static for voice in voices]),
        float(weighted_mean(levels, sizes)),
        joined(residuals) if residuals else None,
    )


def content_of(checkpoint: Checkpoint, wave: Array, array: np.ndarray | None = None) -> Content:
    """The words of a waveform; arguments and errors as of `voice_of`.

    Args:
        checkpoint: of the model.
        wave: the waveform.
        array: content frames (T', D) at any rate, of a model that reads them.
    """
    codes.check(checkpoint)
    if array is None:
        codes.check_recordings(checkpoint)
    spectrum_of(checkpoint.features)  # of other features no voice can be changed
    words = words_of(wave, checkpoint.features)
    silent = band.silent(words.frames, peak(wave), checkpoint.features)
    array = None if array is None else resampled(array, len(words.frames))
    return _content(checkpoint, words, silent if silent.any() else None, array)


def _content(
    checkpoint: Checkpoint, words: Words, silent: np.ndarray | None = None, array: np.ndarray | None = None
) -> Content:
    """Words whose codes are read where they are asked for. Raises InputError where they could not be."""
    codes.check_frames(checkpoint, words.frames, array)
    empty = None if silent is None else band.empty(silent)
    return Content(words, lambda: codes.encode(checkpoint, words.frames, empty, array), silent, array)


def swapped_frames(checkpoint: Checkpoint, voice: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Log frames (T, F) decoded from the static vectors of `voice` and the dynamic vectors of `words`.

    Args:
        voice: log frames (T', F) of the recording whose voice is taken.
        words: log frames (T, F) of the recording whose words are kept.
    """
    own = codes.encode(checkpoint, words)
    static = codes.transfer_static(checkpoint, own.static, codes.encode(checkpoint, voice).static)
    return codes.decode(checkpoint, static, own)


def decoded_frames(checkpoint: Checkpoint, frames: np.ndarray) -> np.ndarray:
    """Log frames (T, F) as the model decodes them, in their own mean voice: those of a plain swap with itself."""
    words = Words(np.zeros(0, np.float32), frames, checkpoint.settings.rate)
    content = _content(checkpoint, words)
    return np.concatenate(list(_decoded(checkpoint, content, _mean_voice(checkpoint, content), fitted=True)))


def converted_frames(
    checkpoint: Checkpoint,
    content: Content,
    static: Tensor,
    residual: Residual | None = None,
    slow: float = 0.0,
) -> np.ndarray:
    """Log frames (T, F) of the words, changed by what static vectors (M, S) of their segments change in decoded ones.

    What the model's reconstruction lacks is kept, but for its mean at each sound, where the voice's `residual` is
    given. The change is from the mean voice of the words: what their static vectors have from segment to segment is
    words. Then the words are read from the changed frames, and what they lost is put back. Of all this the part that is
    slower than `slow` frames is kept. Where the words, or the voice, have no sound at all, nothing is changed.
    """
    return np.concatenate(list(_converted(checkpoint, content, static, residual, slow)))


def _converted(
    checkpoint: Checkpoint, content: Content, static: Tensor, residual: Residual | None, slow: float
) -> Iterator[np.ndarray]:
    """`converted_frames` in consecutive parts, each as if there were no others: read with all that it depends on."""
    from scipy.ndimage import gaussian_filter1d

    mean, ranks, empty = _mean_voice(checkpoint, content), _ranks(content), content.empty
    whole = None if content.codes.dynamic is None else codes.decode(checkpoint, mean, content.codes)
    own = None if residual is None else _residual(checkpoint, content, whole)
    for part in _shown(codes.windows(checkpoint, content.codes, 1 + REREADS, reach(slow)), "frames"):
        frames = content.words.frames[part.begin : part.end]
        read = codes.window(checkpoint, frames, content.codes, part, empty)
        theirs, near = static[part.segments], ranks[part.begin : part.end]
        wanted = codes.decode(checkpoint, theirs, read)
        decoded = codes.decode(checkpoint, mean[part.segments], read) if whole is None else whole
        change = gaussian_filter1d(wanted - decoded, SMOOTH, axis=0, mode="nearest")
        if residual is not None and own is not None:
            change += np.nan_to_num(residual.lacked(wanted, near) - own.lacked(decoded, near))
        changed = frames + change
        for _ in range(REREADS):
            again = codes.reread(checkpoint, changed, read, empty)
            changed += wanted - codes.decode(checkpoint, theirs, again)
        if slow:
            silent = None if content.silent is None else content.silent[part.begin : part.end]
            changed = frames + slow_part(changed - frames, silent, slow)
        yield changed[part.first - part.begin : part.last - part.begin]


def _decoded(
    checkpoint: Checkpoint, content: Content, static: Tensor, fitted: bool = False
) -> Iterator[np.ndarray]:
    """Log frames of the words as the model decodes them with static vectors (M, S), in consecutive parts.

    `fitted`: from dynamic vectors that explain the words' frames better than those that the encoder reads.
    """
    mean, empty = _mean_voice(checkpoint, content), content.empty
    for part in _shown(codes.windows(checkpoint, content.codes), "frames"):
        rows = slice(part.begin, part.end)
        frames = content.words.frames[rows]
        read = codes.window(checkpoint, frames, content.codes, part, empty)
        if fitted:
            silent = None if content.silent is None else content.silent[rows] | empty
            read = codes.fitted(checkpoint, frames, read, mean[part.segments], silent)
        made = codes.decode(checkpoint, static[part.segments], read)
        yield made[part.first - part.begin : part.last - part.begin]


def _between(
    checkpoint: Checkpoint,
    content: Content,
    static: Tensor,
    residual: Residual | None,
    manner: Manner,
) -> Iterator[np.ndarray]:
    """Log frames of the words with so much of their detail, in consecutive parts."""
    detail, slow = manner.detail, checked(manner.slow)
    if detail == 1:  # as most swaps: plain frames are not made
        return _converted(checkpoint, content, static, residual, slow)
    plain = _decoded(checkpoint, content, static, fitted=True)
    if residual is not None:
        plain = Contrast.of(residual).throughout(plain, _ranks(content))
    if detail == 0:
        return plain
    full = _converted(checkpoint, content, static, residual, slow)
    return (flat + detail * (own - flat) for flat, own in zip(plain, full, strict=True))


def _kept(checkpoint: Checkpoint, content: Content, parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Consecutive parts of log frames, but the words' own where they have no sound."""
    first = 0
    for frames in parts:
        last = first + len(frames)
        silent = False if content.silent is None else content.silent[first:last]
        yield band.kept(frames, content.words.frames[first:last], silent, checkpoint.features)
        first = last


def _mean_voice(checkpoint: Checkpoint, content: Content) -> Tensor:
    """Static vectors (M, S) of the mean voice of the words."""
    own = content.codes.static
    return codes.transfer_static(checkpoint, own, own)


def _residual(checkpoint: Checkpoint, content: Content, whole: np.ndarray | None = None) -> Residual:
    """What the words' frames decoded in their mean voice lack; of evenly spread ones, if there are many.

    `whole`: all of these decoded frames (T, F), where they are there already.
    """
    chosen = thinned(len(content.words.frames))
    kept, lacking, first = [], [], 0
    voice = _mean_voice(checkpoint, content)
    for decoded in _decoded(checkpoint, content, voice) if whole is None else [whole]:
        last = first + len(decoded)
        rows = chosen[np.searchsorted(chosen, first) : np.searchsorted(chosen, last)]
        lack = content.words.frames[first:last][rows - first] - decoded[rows - first]
        if content.silent is not None:
            lack[content.silent[rows] | content.empty] = np.nan
        kept.append(decoded[rows - first].astype(np.float32))
        lacking.append(lack.astype(np.float32))
        first = last
    ranks = _ranks(content)[chosen].astype(np.float32)
    return Residual((Sounds(np.concatenate(kept), np.concatenate(lacking), ranks),))


def _ranks(content: Content) -> np.ndarray:
    """How loud each of T log frames is among them, from 0 to 1, (T,); the same for equal ones.

    Frames of digital silence, which are as long as somebody left them, are not counted.
    """
    loudness = np.concatenate([piece.mean(1) for piece in pieces(content.words.frames)])
    ordered = loudness if content.silent is None else loudness[~content.silent.all(1)]
    ordered = np.sort(ordered if len(ordered) else loudness)
    ranks = (np.searchsorted(ordered, loudness, "left") + np.searchsorted(ordered, loudness, "right") - 1) / 2
    return ranks.clip(0) / max(1, len(ordered) - 1)


def at_pitch(
    checkpoint: Checkpoint, content: Content, log_f0: float = float("nan"), vocoder: str = vocoders.DEFAULT
) -> Content:
    """The words as a vocoder says them with a mean log F0 (NaN: their own), and what the model reads of that.

    What frames and codes show of pitch is then that of the voice, and no longer to be changed.
    """
    settings = checkpoint.features
    words = pitched(content.words, log_f0, settings, vocoder)
    silent = None
    if content.silent is not None:
        silent = band.silent(words.frames, peak(words.wave), settings)
        silent |= content.silent
        silent |= band.empty(content.silent)
    read = partial(codes.encode, checkpoint, words.frames, content.empty, content.array)
    return Content(words, read, silent, content.array)


def pitched(words: Words, log_f0: float, settings: Mapping[str, Any], vocoder: str) -> Words:
    """The words as a vocoder says them with a mean log F0; NaN, or words without pitch: with their own."""
    shift = log_f0 - words.log_f0
    return blocks.at_pitch(vocoders.load(vocoder), words, settings, 0.0 if np.isnan(shift) else shift)


def synthesise(
    checkpoint: Checkpoint,
    content: Content,
    static: Tensor,
    residual: Residual | None = None,
    manner: Manner = USUAL,
) -> Array:
    """Waveform (n,) float32 of the words of `content`, as long as they, with static vectors (M, S), at their pitch.

    As loud as the frames say, since loudness is part of a voice; quieter only where that would clip.

    Args:
        content: as `at_pitch` gives it.
        static: of each of its segments.
        residual: of the voice; None keeps that of the words.
        manner: by which vocoder, and how much of the words' recording is kept.

    Raises:
        InputError: `slow` is below 0, or over a second.
    """
    parts = _between(checkpoint, content, static, residual, manner)
    return _rendered(checkpoint, content, parts, manner.vocoder)


def _rendered(checkpoint: Checkpoint, content: Content, parts: Iterable[np.ndarray], vocoder: str) -> Array:
    """Waveform (n,) of consecutive parts of log frames."""
    frames = collected(_kept(checkpoint, content, parts), content.words.frames)
    return unclipped(blocks.render(vocoders.load(vocoder), frames, content.words, checkpoint.features))


def convert(checkpoint: Checkpoint, content: Content, voice: Voice, manner: Manner = USUAL) -> Array:
    """Waveform (n,) of the words of `content` in `voice`; see `synthesise`."""
    moved = at_pitch(checkpoint, content, voice.log_f0, manner.vocoder)
    static = codes.transfer_static(checkpoint, moved.codes.static, voice.static)
    return synthesise(checkpoint, moved, static, voice.residual, manner)


def swap(checkpoint: Checkpoint, voice: Array, words: Array, manner: Manner = USUAL) -> Array:
    """Waveform with the voice of `voice` and the words of `words`, as long as `words`.

    Args:
        voice, words: waveforms in [-1, 1] at the model's sample rate.
        manner: see `synthesise`.

    Raises:
        InputError: as `voice_of` and `synthesise`; no such vocoder.
    """
    content = content_of(checkpoint, words)
    return convert(checkpoint, content, voice_of(checkpoint, voice), manner)


def reconstruct(checkpoint: Checkpoint, content: Content, vocoder: str = vocoders.DEFAULT) -> Array:
    """Waveform (n,) of `content` in its own voice, as far as its codes hold it: a swap without a change of voice."""
    words = blocks.at_pitch(vocoders.load(vocoder), content.words, checkpoint.features)
    spoken = Content(words, lambda: content.codes, content.silent, content.array)
    return _rendered(checkpoint, spoken, _decoded(checkpoint, spoken, content.codes.static), vocoder)


def unclipped(wave: Array) -> Array:
    """`wave` (n,), or as much quieter as makes it fit into [-1, 1]."""
    loudest = max(1.0, peak(wave))
    if isinstance(wave, np.ndarray):
        return wave / loudest
    return wave if loudest == 1 else collected((piece / loudest for piece in pieces(wave)), wave)


def _shown(parts: Sequence[Window], what: str) -> Iterable[Window]:
    return (parts[k] for k in blocks.shown(range(len(parts)), what, "min"))
