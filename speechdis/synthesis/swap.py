"""The voice of one recording on the words of another."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from speechdis.features import spectrum_of
from speechdis.synthesis import band, blocks, codes, vocoders
from speechdis.synthesis.codes import Codes
from speechdis.synthesis.words import Words, words_of
from speechdis.training.checkpoint import Checkpoint

# Of a change of voice that is made: in the quietest frame, which has hardly a word to lose, and in the louder half, at
# so many Hz: words are where the first two formants are, voices above and below them (Lu & Dang 2008).
QUIETEST = 1.5
LOUD = {50: 0.8, 550: 0.3, 2200: 0.3, 4000: 0.8}
REREADS = 2  # of the words in changed frames
LEVELS = np.linspace(0, 1, 5)  # of loudness, as ranks among a recording's frames
WIDTH = 0.25  # standard deviation of the ranks that count as one level


class Voice(NamedTuple):
    """What a recording lends.

    Attributes:
        static: (M, S) of its segments.
        log_f0: its mean log F0; NaN if it has no pitch.
        residual: (5, F) what its log frames have, on average over those of about one loudness, quiet to loud, that
            those decoded in its mean static vector lack; NaN in bins where the recording has no sound.
    """

    static: Tensor
    log_f0: float
    residual: np.ndarray


class Content(NamedTuple):
    """A recording whose words are kept, its codes, and where (T, F) it has no sound (None: it has everywhere)."""

    words: Words
    codes: Codes
    silent: np.ndarray | None = None

    @property
    def empty(self) -> np.ndarray | None:
        """Bins (F,) in which it has no sound."""
        return None if self.silent is None else band.empty(self.silent)


def voice_of(checkpoint: Checkpoint, wave: np.ndarray) -> Voice:
    """The voice of a waveform (n,) in [-1, 1] at the model's rate.

    Raises:
        InputError: a model without static and dynamic factors; a waveform shorter than one window.
    """
    content = content_of(checkpoint, wave)
    residual = _residual(content, _said(checkpoint, content))
    residual[:, content.empty] = np.nan
    return Voice(content.codes.static, content.words.log_f0, residual)


def content_of(checkpoint: Checkpoint, wave: np.ndarray) -> Content:
    """The words of a waveform; arguments and errors as of `voice_of`."""
    codes.check(checkpoint)
    words = words_of(wave, checkpoint.features)
    silent = band.silent(words.frames, float(np.abs(wave).max()), checkpoint.features)
    return Content(words, codes.encode(checkpoint, words.frames, band.empty(silent)), silent)


def swapped_frames(checkpoint: Checkpoint, voice: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Log frames (T, F) decoded from the static vectors of `voice` and the dynamic vectors of `words`.

    Args:
        voice: log frames (T', F) of the recording that lends its voice.
        words: log frames (T, F) of the recording whose words are kept.
    """
    own = codes.encode(checkpoint, words)
    static = codes.lent(checkpoint, own.static, codes.encode(checkpoint, voice).static)
    return codes.decode(checkpoint, static, own)


def lent_frames(
    checkpoint: Checkpoint, content: Content, static: Tensor, residual: np.ndarray | None = None
) -> np.ndarray:
    """Log frames (T, F) of the words, changed by what static vectors (M, S) of their segments change in decoded ones.

    So what the model's reconstruction lacks is kept, but for its mean at each loudness, where the voice's `residual`
    (5, F) is given. The change is from the mean voice of the words, since what their static vectors have from segment
    to segment is words; of it a share is made (`share_of_change`). Then the words are read from the changed frames, and
    what they lost by the change is put back. Where the words, or the voice, have no sound at all, nothing is changed.
    """
    from scipy.interpolate import make_interp_spline

    frames, said = content.words.frames, _said(checkpoint, content)
    ranks = _ranks(content)
    wanted = codes.decode(checkpoint, static, content.codes)
    change = wanted - said
    if residual is not None:
        unknown = np.isnan(residual).any(0)
        lacking = np.where(unknown, 0, residual - _residual(content, said))
        change += make_interp_spline(LEVELS, lacking, k=1)(ranks)
    changed = frames + share_of_change(ranks, checkpoint.features) * change
    for _ in range(REREADS):
        changed += wanted - codes.decode(checkpoint, static, codes.encode(checkpoint, changed, content.empty))
    return changed


def share_of_change(ranks: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """How much of a change of voice is made in T frames of these `ranks` (T,) of loudness, 0 to 1: (T, F).

    `QUIETEST` at 0, `LOUD` from the middle on.

    Raises:
        InputError: features that are no log spectra.
    """
    loud = np.interp(spectrum_of(settings).frequencies, [*LOUD], [*LOUD.values()])
    louder = np.interp(ranks, (0, 0.5), (0, 1))[:, None]
    return QUIETEST + louder * (loud - QUIETEST)


def _said(checkpoint: Checkpoint, content: Content) -> np.ndarray:
    """Log frames (T, F) decoded from the dynamic vectors of `content` and the mean of its static vectors."""
    own = content.codes.static
    return codes.decode(checkpoint, codes.lent(checkpoint, own, own), content.codes)


def _residual(content: Content, said: np.ndarray) -> np.ndarray:
    """(5, F) what log frames (T, F) have that those `said` lack, averaged over those with sound near each level."""
    weight = np.exp(-0.5 * ((_ranks(content) - LEVELS[:, None]) / WIDTH) ** 2)
    lacking = content.words.frames - said
    if content.silent is None or not content.silent.any():
        return weight @ lacking / weight.sum(1, keepdims=True)
    heard = weight @ ~content.silent
    return weight @ np.where(content.silent, 0, lacking) / np.maximum(heard, 1e-9)


def _ranks(content: Content) -> np.ndarray:
    """How loud each of T log frames is among them, from 0 to 1, (T,); the same for equal ones.

    Frames of digital silence, which are as long as somebody left them, are not counted.
    """
    loudness = content.words.frames.mean(1)
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
    shift = log_f0 - content.words.log_f0
    module, settings = vocoders.load(vocoder), checkpoint.features
    words = blocks.at_pitch(module, content.words, settings, 0.0 if np.isnan(shift) else shift)
    silent = content.silent
    if silent is not None and silent.any():
        silent = (
            silent | band.empty(silent) | band.silent(words.frames, float(np.abs(words.wave).max()), settings)
        )
    return Content(words, codes.encode(checkpoint, words.frames, content.empty), silent)


def say(
    checkpoint: Checkpoint,
    content: Content,
    static: Tensor,
    residual: np.ndarray | None = None,
    vocoder: str = vocoders.DEFAULT,
    detail: bool = True,
) -> np.ndarray:
    """Waveform (n,) float32 of the words of `content`, as long as they, with static vectors (M, S), at their pitch.

    As loud as the frames say, since loudness is part of a voice; quieter only where that would clip.

    Args:
        content: as `at_pitch` gives it.
        static: of each of its segments.
        residual: of the voice; None keeps that of the words.
        vocoder: by name.
        detail: the words' own frames are said, changed (`lent_frames`); without it, those that the model decodes.
    """
    if detail:
        frames = lent_frames(checkpoint, content, static, residual)
    else:
        frames = codes.decode(checkpoint, static, content.codes)
    if content.silent is not None:
        frames = band.kept(frames, content.words.frames, content.silent, checkpoint.features)
    wave = blocks.render(vocoders.load(vocoder), frames, content.words, checkpoint.features)
    return unclipped(wave)


def lend(
    checkpoint: Checkpoint,
    content: Content,
    voice: Voice,
    vocoder: str = vocoders.DEFAULT,
    detail: bool = True,
) -> np.ndarray:
    """Waveform (n,) of the words of `content` in `voice`; see `say`."""
    moved = at_pitch(checkpoint, content, voice.log_f0, vocoder)
    static = codes.lent(checkpoint, moved.codes.static, voice.static)
    return say(checkpoint, moved, static, voice.residual, vocoder, detail)


def swap(
    checkpoint: Checkpoint,
    voice: np.ndarray,
    words: np.ndarray,
    vocoder: str = vocoders.DEFAULT,
    detail: bool = True,
) -> np.ndarray:
    """Waveform with the voice of `voice` and the words of `words`, as long as `words`.

    Args:
        voice, words: waveforms in [-1, 1] at the model's sample rate.
        vocoder: by name.
        detail: see `say`.

    Raises:
        InputError: as `voice_of`; no such vocoder.
    """
    content = content_of(checkpoint, words)
    return lend(checkpoint, content, voice_of(checkpoint, voice), vocoder, detail)


def reconstruct(checkpoint: Checkpoint, content: Content, vocoder: str = vocoders.DEFAULT) -> np.ndarray:
    """Waveform (n,) of `content` in its own voice, as far as its codes hold it: a swap without a change of voice."""
    words = blocks.at_pitch(vocoders.load(vocoder), content.words, checkpoint.features)
    said = Content(words, content.codes, content.silent)
    return say(checkpoint, said, content.codes.static, vocoder=vocoder, detail=False)


def unclipped(wave: np.ndarray) -> np.ndarray:
    """`wave` (n,), or as much quieter as makes it fit into [-1, 1]."""
    return wave / max(1.0, float(np.abs(wave).max(initial=0)))
