"""Log mel filterbank energies as Kaldi's `compute-fbank-feats` makes them, without dither.

80 triangular filters, evenly spaced on HTK's mel scale from 20 Hz to half the sample rate, over the power
spectrum; natural logarithm. "80-dimensional log mel" is not one feature: librosa, torchaudio's MelSpectrogram and
SpeechBrain differ from this one by about 2 nats after the best constant shift. Samples in [-1, 1) are brought to
the int16 scale first, since Kaldi's log energies are on that scale (2 ln 32768 = 20.8 higher).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from speechdis.errors import InputError
from speechdis.features import Bins
from speechdis.features.framing import frame_samples, kaldi_options, scaled, white_power, window_samples


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
        InputError: the waveform is shorter than one window; as `mel_bank`.
    """
    from torchaudio.compliance.kaldi import fbank

    mel_bank(config)  # says what is wrong with a config; kept from then on
    return fbank(
        scaled(wave, config),
        num_mel_bins=config.bins,
        low_freq=config.low_freq,
        high_freq=config.high_freq,
        **kaldi_options(config),
    ).numpy()


def framing(config: Config) -> tuple[int, int]:
    """Window and hop, samples."""
    return frame_samples(config)


@lru_cache(maxsize=8)
def bins(config: Config) -> Bins:
    """Centre of each filter, and what white noise puts into it."""
    bank, centres = mel_bank(config)
    frequencies = np.arange(len(bank)) * (config.rate / (2 * (len(bank) - 1)))
    white = white_power(frequencies, config.rate, window_samples(config), config.preemphasis)
    return Bins(centres, white @ bank, exponent=1.0, rate=config.rate)


@lru_cache(maxsize=8)
def mel_bank(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Weights (fft // 2 + 1, bins) of each FFT bin in each filter, and the filters' centres (bins,) in Hz.

    The last FFT bin, at half the rate, has no weight: Kaldi leaves it out.

    Raises:
        InputError: frequencies that leave no band, or so many filters that one lies between two FFT bins.
    """
    from torchaudio.compliance.kaldi import get_mel_banks

    nyquist = config.rate / 2
    high = config.high_freq if config.high_freq > 0 else nyquist + config.high_freq
    if not 0 <= config.low_freq < high <= nyquist:
        raise InputError(f"no band from {config.low_freq} to {high} Hz at a rate of {config.rate} Hz")
    size = 1 << (window_samples(config) - 1).bit_length()
    warps = (100.0, -500.0, 1.0)  # of vocal tract length normalisation, which a factor of 1 turns off
    bank, centres = get_mel_banks(
        config.bins, size, float(config.rate), config.low_freq, config.high_freq, *warps
    )
    if not bank.any(1).all():
        raise InputError(f"{config.bins} mel bins are too many for {config.rate} Hz: some would be empty")
    return np.pad(bank.numpy().T, ((0, 1), (0, 0))), centres.numpy().ravel()
