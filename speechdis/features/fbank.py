"""Log mel filterbank energies as Kaldi's `compute-fbank-feats` makes them, without dither.

80 triangular filters, evenly spaced on HTK's mel scale from 20 Hz to half the sample rate, over the power
spectrum; natural logarithm. "80-dimensional log mel" is not one feature: librosa, torchaudio's
MelSpectrogram and SpeechBrain differ from this one by about 2 nats after the best constant shift.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from speechdis.errors import InputError
from speechdis.features import Bins
from speechdis.features.framing import FLOOR, power_spectrum, white_power


@dataclass(frozen=True)
class Config:
    """How filterbanks are made.

    Attributes:
        rate: sample rate, Hz.
        window, hop: s.
        bins: mel filters.
        low_freq: where the lowest filter begins, Hz.
        high_freq: where the highest one ends, Hz; 0 or less counts from half the rate.
        preemphasis: each sample loses this much of the one before it.
    """

    rate: int = 16000
    window: float = 0.025
    hop: float = 0.010
    bins: int = 80
    low_freq: float = 20.0
    high_freq: float = 0.0
    preemphasis: float = 0.97


def extract(wave: np.ndarray, config: Config) -> np.ndarray:
    """Log filterbank energies (T, bins) float32 of a waveform in [-1, 1) at `config.rate`.

    Raises:
        InputError: the waveform is shorter than one window.
    """
    window, hop = round(config.rate * config.window), round(config.rate * config.hop)
    power = power_spectrum(wave, window, hop, config.preemphasis, _size(config))
    return np.log(np.maximum(power @ mel_bank(config)[0], FLOOR))


def bins(config: Config) -> Bins:
    """Centre of each filter, and what white noise puts into it."""
    bank, centres = mel_bank(config)
    frequencies = np.arange(len(bank)) * (config.rate / _size(config))
    white = white_power(frequencies, config.rate, round(config.rate * config.window), config.preemphasis)
    return Bins(centres, white @ bank, exponent=1.0, rate=config.rate)


@lru_cache(maxsize=8)
def mel_bank(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Weights (size // 2 + 1, bins) of each FFT bin in each filter, and the filters' centres (bins,) in Hz.

    Filter b rises from edge b to 1 at edge b + 1 and falls to edge b + 2, linearly in 1127 ln(1 + f / 700).

    Raises:
        InputError: frequencies that leave no band, or so many filters that one lies between two FFT bins.
    """
    size, nyquist = _size(config), config.rate / 2
    high = config.high_freq if config.high_freq > 0 else nyquist + config.high_freq
    if not 0 <= config.low_freq < high <= nyquist:
        raise InputError(f"no band from {config.low_freq} to {high} Hz at a rate of {config.rate} Hz")
    edges = np.linspace(_mel(config.low_freq), _mel(high), config.bins + 2)
    mel = _mel(np.arange(size // 2 + 1) * (config.rate / size))[:, None]
    rising, falling = (mel - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - mel) / np.diff(edges)[1:]
    bank = np.minimum(rising, falling).clip(0).astype(np.float32)
    bank[-1] = 0  # Kaldi leaves out the bin at half the rate
    if not bank.any(axis=0).all():
        raise InputError(f"{config.bins} mel bins are too many for {config.rate} Hz: some would be empty")
    return bank, 700 * np.expm1(edges[1:-1] / 1127)


def _mel(frequency: float | np.ndarray) -> np.ndarray:
    return 1127 * np.log1p(np.asarray(frequency) / 700)


def _size(config: Config) -> int:
    return 1 << (round(config.rate * config.window) - 1).bit_length()
