"""Log mel filterbank energies as Kaldi's `compute-fbank-feats` makes them, without dither.

80 triangular filters, evenly spaced on HTK's mel scale from 20 Hz to half the sample rate, over the power
spectrum; natural logarithm. "80-dimensional log mel" is not one feature: librosa, torchaudio's
MelSpectrogram and SpeechBrain differ from this one by about 2 nats after the best constant shift.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

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
    return torch.mm(power, mel_bank(config)[0]).clamp(min=FLOOR).log().numpy()


def bins(config: Config) -> Bins:
    """Centre of each filter, and what white noise puts into it."""
    bank, centres = mel_bank(config)
    frequencies = torch.arange(len(bank)) * (config.rate / _size(config))
    white = white_power(frequencies, config.rate, round(config.rate * config.window), config.preemphasis)
    return Bins(centres.numpy(), (white @ bank).numpy(), exponent=1.0, rate=config.rate)


@lru_cache(maxsize=8)
def mel_bank(config: Config) -> tuple[Tensor, Tensor]:
    """Weights (size // 2 + 1, bins) of each FFT bin in each filter, and the filters' centres (bins,) in Hz.

    Raises:
        InputError: so many filters that one of them lies between two FFT bins.
    """
    from torchaudio.compliance.kaldi import get_mel_banks

    bank, centres = get_mel_banks(
        config.bins, _size(config), config.rate, config.low_freq, config.high_freq, 100.0, -500.0, 1.0
    )
    if not bank.any(dim=1).all():
        raise InputError(f"{config.bins} mel bins are too many for {config.rate} Hz: some would be empty")
    bank = torch.nn.functional.pad(bank, (0, 1))  # Kaldi leaves out the bin at half the rate
    return bank.T.contiguous(), centres.flatten()


def _size(config: Config) -> int:
    return 1 << (round(config.rate * config.window) - 1).bit_length()
