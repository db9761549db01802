"""What every feature type shares: Kaldi's frames, by torchaudio.compliance.kaldi.

Frames are cut at the edges (`snip_edges`): T = 1 + floor((n - window) / hop), frame t begins at sample t hop.
Of each frame the mean is taken away, then pre-emphasis, then the Povey window (Hann^0.85).
"""

from typing import Any, Protocol

import numpy as np
import torch

from speechdis.errors import InputError

SCALE = 32768.0  # Kaldi's samples are int16


class Framing(Protocol):
    """The fields that every feature's `Config` has; s and Hz."""

    @property
    def rate(self) -> int: ...
    @property
    def window(self) -> float: ...
    @property
    def hop(self) -> float: ...
    @property
    def preemphasis(self) -> float: ...


def kaldi_options(config: Framing) -> dict[str, Any]:
    """Options of torchaudio.compliance.kaldi's functions that say how frames are cut; no dither."""
    return {
        "sample_frequency": float(config.rate),
        "frame_length": 1000 * config.window,
        "frame_shift": 1000 * config.hop,
        "preemphasis_coefficient": config.preemphasis,
        "dither": 0.0,
    }


def window_samples(config: Framing) -> int:
    """Samples of a window: a broken one is left out, as torchaudio (and Kaldi) do; 275 of 25 ms at 11,025 Hz."""
    return int(float(config.rate) * (1000 * config.window) * 0.001)


def frame_samples(config: Framing) -> tuple[int, int]:
    """Window and hop in samples, broken ones left out.

    >>> from speechdis.features import fbank
    >>> frame_samples(fbank.Config(rate=16000, window=0.025, hop=0.01))
    (400, 160)
    """
    return window_samples(config), int(float(config.rate) * (1000 * config.hop) * 0.001)


def scaled(wave: np.ndarray, config: Framing) -> torch.Tensor:
    """A waveform (n,) in [-1, 1) as the (1, n) float32 tensor on the int16 scale that torchaudio takes.

    Raises:
        InputError: it is shorter than one window.
    """
    window = window_samples(config)
    if len(wave) < window:
        raise InputError(f"{len(wave)} samples, shorter than one window of {window}")
    return torch.from_numpy(np.asarray(wave, np.float32) * np.float32(SCALE))[None]


def white_power(frequencies: np.ndarray, rate: int, window: int, preemphasis: float) -> np.ndarray:
    """Expected power at `frequencies` (Hz) of white noise of unit mean square (samples in [-1, 1))."""
    response = 1 - preemphasis * np.exp(-2j * np.pi * frequencies / rate)
    povey = np.hanning(window) ** 0.85
    return np.abs(response) ** 2 * np.square(povey).sum() * SCALE**2
