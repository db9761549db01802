"""Kaldi's short-time power spectrum, which every feature type begins with.

Frames are cut at the edges (`snip_edges`): T = 1 + floor((n - window) / hop), frame t begins at sample t
hop. Of each frame the mean is taken away, then pre-emphasis, then the Povey window (Hann^0.85). Samples in
[-1, 1) are brought to the int16 scale first, since log energies of Kaldi are on that scale (2 ln 32768 =
20.8 higher).

torchaudio.compliance.kaldi does the same and builds its window and mel bank anew at every call; the results
are equal bit for bit.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from speechdis.errors import InputError

FLOOR = torch.finfo(torch.float32).eps  # of a power, as in Kaldi: digital silence stays finite
SCALE = 32768.0


def power_spectrum(wave: np.ndarray, window: int, hop: int, preemphasis: float, size: int) -> Tensor:
    """Power |X|^2, (T, size // 2 + 1), of a waveform (n,) in [-1, 1).

    Args:
        window, hop: samples.
        preemphasis: each sample loses this much of the one before it.
        size: points of the FFT, at least `window`.

    Raises:
        InputError: the waveform is shorter than one window.
    """
    if len(wave) < window:
        raise InputError(f"{len(wave)} samples, shorter than one window of {window}")
    x = (torch.from_numpy(np.ascontiguousarray(wave, np.float32)) * SCALE).unfold(0, window, hop)
    x = x - x.mean(1, keepdim=True)
    before = torch.nn.functional.pad(x[None], (1, 0), mode="replicate")[0, :, :-1]
    return torch.fft.rfft((x - preemphasis * before) * povey(window), size).abs().pow(2)


@lru_cache(maxsize=8)
def povey(window: int) -> Tensor:
    """Kaldi's window, (window,): a Hann window to the power 0.85, zero at both ends."""
    return torch.hann_window(window, periodic=False).pow(0.85)


def white_power(frequencies: Tensor, rate: int, window: int, preemphasis: float) -> Tensor:
    """Expected power at `frequencies` (Hz) of white noise of unit mean square (samples in [-1, 1))."""
    response = 1 - preemphasis * torch.exp(-2j * torch.pi * frequencies / rate)
    return response.abs().square() * povey(window).square().sum() * SCALE**2
