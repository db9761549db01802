"""What the word models hear: 13 mel cepstra and their first differences, every 10 ms.

Frame t is centred on t HOP. Each recording loses its own mean, and its energy (cepstrum 0) its own maximum, so
that loudness and microphone matter little. A frame should know little of its neighbours, or a word seems to
begin before its first sound: hence a short window, and differences over three frames and of first order only.
"""

from functools import cache

import numpy as np

RATE = 16000
"""Hz, of the recordings."""
HOP = 0.010
"""s, from frame to frame."""
_WINDOW, _FFT, _BINS, _COUNT = 320, 512, 26, 13
_FLOOR = 1e-5  # of the peak of the energies: what is weaker is silence


def cepstra(wave: np.ndarray) -> np.ndarray:
    """Cepstra (T, 26) float32 of a waveform (K,) in [-1, 1) at RATE; T = 1 + K // (RATE HOP)."""
    import librosa
    import scipy.fft

    spectrum = librosa.stft(wave, n_fft=_FFT, win_length=_WINDOW, hop_length=round(RATE * HOP))
    energies = _bank() @ np.square(np.abs(spectrum))
    static = scipy.fft.dct(np.log(energies + _FLOOR * energies.max()), axis=0, norm="ortho")[:_COUNT]
    static[0] -= static[0].max()
    static[1:] -= static[1:].mean(1, keepdims=True)
    changes = librosa.feature.delta(static, width=3, mode="nearest")
    return np.concatenate([static, changes]).T.astype(np.float32)


@cache
def _bank() -> np.ndarray:
    """(bins, FFT // 2 + 1) triangular mel filters, made once."""
    import librosa

    return librosa.filters.mel(sr=RATE, n_fft=_FFT, n_mels=_BINS, fmin=60.0, fmax=7600.0, htk=True, norm=None)
