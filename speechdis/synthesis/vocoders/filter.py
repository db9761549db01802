"""Source and filter: the words' own spectrum, phases included, filtered to the frames.

The short-time Fourier transform of the recording is multiplied by what takes its own frames to the frames wanted, and
inverted. Before, the recording is brought to the voice's pitch by WSOLA and resampling, which moves its formants too;
the filter moves them back.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from speechdis.augment.voice import convert
from speechdis.synthesis.envelope import SMOOTH, log_gain
from speechdis.synthesis.words import Words, words_of

WINDOW, HOP = 0.025, 0.005  # s
LEAST, MOST = 0.02, 0.7  # shifts of log F0 smaller are not made, larger ones not wholly


def render(frames: np.ndarray, words: Words, settings: Mapping[str, Any], shift: float = 0.0) -> np.ndarray:
    """Waveform (n,) as long as the words' recording; see the package."""
    moved = abs(shift) > LEAST
    source = words
    if moved:
        factor = float(np.exp(np.clip(shift, -MOST, MOST)))
        source = words_of(convert(words.wave, words.rate, factor), settings)
    window, hop = round(words.rate * WINDOW), round(words.rate * HOP)
    size = 1 << (window - 1).bit_length()
    shape: dict[str, Any] = {
        "n_fft": size,
        "hop_length": hop,
        "win_length": window,
        "window": torch.hann_window(window),
    }
    wave = torch.from_numpy(np.asarray(source.wave, np.float32))
    spectrum = torch.stft(wave, pad_mode="constant", return_complex=True, **shape)
    times = np.arange(spectrum.shape[1]) * (hop / words.rate)
    frequencies = np.linspace(0, words.rate / 2, len(spectrum))
    gain = log_gain(frames, source.frames, settings, times, frequencies, SMOOTH if moved else 0)
    spectrum *= torch.from_numpy(np.exp(gain).T.astype(np.float32))
    return torch.istft(spectrum, length=len(wave), **shape).numpy()
