"""Log magnitude spectrum without its zeroth bin: 200 dimensions at 16 kHz, the input of FHVAE and C-DSVAE.

The FFT has as many points as the window (400), so bin b lies at b / window Hz: 40, 80, ..., 8000 Hz. Framing,
pre-emphasis and window are those of the filterbanks, so both feature types have the same frames.
"""

from dataclasses import dataclass

import numpy as np

from speechdis.errors import InputError
from speechdis.features import Bins
from speechdis.features.framing import frame_samples, kaldi_options, scaled, white_power, window_samples


@dataclass(frozen=True)
class Config:
    """How spectra are made.

    Attributes:
        rate: sample rate, Hz.
        window, hop: s.
        preemphasis: each sample loses this much of the one before it.
    """

    rate: int = 16000
    window: float = 0.025
    hop: float = 0.010
    preemphasis: float = 0.97


def extract(wave: np.ndarray, config: Config) -> np.ndarray:
    """Natural log magnitudes (T, window // 2) float32 of a waveform in [-1, 1) at `config.rate`.

    Raises InputError for a waveform that is shorter than one window.
    """
    from torchaudio.compliance.kaldi import spectrogram

    log_power = spectrogram(scaled(wave, config), round_to_power_of_two=False, **kaldi_options(config))
    return (0.5 * log_power[:, 1:]).numpy()  # Kaldi puts the energy where bin 0 was


def framing(config: Config) -> tuple[int, int]:
    """Window and hop, samples."""
    return frame_samples(config)


def bins(config: Config) -> Bins:
    """Frequency of each FFT bin, and what white noise puts into it; raises InputError for an odd window."""
    window = window_samples(config)
    if window % 2:
        ms = 1000 * config.window
        raise InputError(
            f"spectrogram: {ms:g} ms at {config.rate} Hz are {window} samples, which must be even"
        )
    frequencies = np.arange(1, window // 2 + 1) * (config.rate / window)
    white = white_power(frequencies, config.rate, window, config.preemphasis)
    return Bins(frequencies, white, exponent=0.5, rate=config.rate)
