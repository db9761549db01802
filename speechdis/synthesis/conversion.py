"""The voice of one recording on the words of another, as sound."""

from collections.abc import Iterable, Iterator

import numpy as np
from torch import Tensor

from speechdis.synthesis import band, blocks, codes, vocoders
from speechdis.synthesis.content import Content, at_pitch, content_of
from speechdis.synthesis.manner import USUAL, Manner
from speechdis.synthesis.residual import Residual
from speechdis.synthesis.rows import Array, collected, peak, pieces
from speechdis.synthesis.spectra import decoded_parts, swapped_parts
from speechdis.synthesis.voices import Voice, voice_of
from speechdis.training.checkpoint import Checkpoint


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
    parts = swapped_parts(checkpoint, content, static, residual, manner)
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
    return _rendered(checkpoint, spoken, decoded_parts(checkpoint, spoken, content.codes.static), vocoder)


def unclipped(wave: Array) -> Array:
    """`wave` (n,), or as much quieter as makes it fit into [-1, 1]."""
    loudest = max(1.0, peak(wave))
    if isinstance(wave, np.ndarray):
        return wave / loudest
    return wave if loudest == 1 else collected((piece / loudest for piece in pieces(wave)), wave)


def _kept(checkpoint: Checkpoint, content: Content, parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Consecutive parts of log frames, but the words' own where they have no sound."""
    first = 0
    for frames in parts:
        last = first + len(frames)
        silent = False if content.silent is None else content.silent[first:last]
        yield band.kept(frames, content.words.frames[first:last], silent, checkpoint.features)
        first = last
