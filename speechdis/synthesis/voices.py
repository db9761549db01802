"""Voices: what a swap takes of recordings of a speaker."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from speechdis.synthesis.content import content_of
from speechdis.synthesis.residual import Residual, joined, weighted_mean
from speechdis.synthesis.rows import Array
from speechdis.synthesis.spectra import residual_of
from speechdis.training.checkpoint import Checkpoint


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


def voice_of(checkpoint: Checkpoint, wave: Array) -> Voice:
    """The voice of a waveform (n,) in [-1, 1] at the model's rate.

    Raises:
        InputError: a model without static and dynamic factors; a waveform shorter than one window.
    """
    if checkpoint.content:  # a voice needs none; what frames decoded in it lack is then not known
        heard = content_of(checkpoint, wave, np.zeros((1, checkpoint.content)))
        return Voice(heard.codes.static, heard.words.log_f0, None)
    content = content_of(checkpoint, wave)
    return Voice(content.codes.static, content.words.log_f0, residual_of(checkpoint, content))


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
