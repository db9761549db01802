"""Random recording channels: a smooth filter and pink noise, for waveforms and for log spectra on the device.

The filter is a sum of six cosines over the mel axis, sum_k a_k cos(pi k m) dB with a_k ~ N(0, 3 dB), where
m runs from 0 at 20 Hz to 1 at half the sample rate. The noise is stationary, its power falls as 1/f above
20 Hz (there is none below), at a signal-to-noise ratio drawn uniformly from 10-25 dB.

`random_channel` is the `so762-channel` protocol: one channel for an utterance. `channel_features` is the same
channel as a training augmentation: one for every segment.
"""

from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from speechdis.augment.seeds import generator_for
from speechdis.features import Bins

if TYPE_CHECKING:  # waveforms need no torch; it is imported where tensors come in
    import torch
    from torch import Tensor

TERMS = 6
FILTER_DB = 3.0
SNR_DB = (10.0, 25.0)
_LOWEST = 20.0  # Hz


def random_channel(wave: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """`wave` (n,) at `rate` Hz through a channel drawn from `rng`: (n,) float32, not clipped."""
    filtered = equalised(wave, rate, rng.normal(0.0, FILTER_DB, TERMS))
    snr = rng.uniform(*SNR_DB)
    noise = pink_noise(len(wave), rate, rng)
    level = np.sqrt(np.square(filtered).mean() / np.square(noise).mean() * 10 ** (-snr / 10))
    return (filtered + level * noise).astype(np.float32)


def named_channel(wave: np.ndarray, rate: int, seed: int, name: str) -> np.ndarray:
    """`wave` (n,) through the one channel that belongs to (seed, name): (n,) float32."""
    return random_channel(wave, rate, generator_for(seed, name))


def equalised(wave: np.ndarray, rate: int, amplitudes: np.ndarray) -> np.ndarray:
    """`wave` (n,) through the zero-phase filter with these `amplitudes` (TERMS,) in dB: (n,) float64."""
    from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

    size = next_fast_len(len(wave), real=True)
    gain = amplitudes @ _cosines(rfftfreq(size, 1 / rate), rate)
    return irfft(rfft(np.asarray(wave, np.float64), size) * 10 ** (gain / 20), size)[: len(wave)]


def channel_features(
    x: "Tensor",
    bins: Bins,
    generator: "torch.Generator",
    filter_db: float = FILTER_DB,
    snr_db: tuple[float, float] | None = SNR_DB,
) -> "Tensor":
    """Log spectra (B, T, F), each segment through a channel of its own: (B, T, F).

    The filter adds its curve; the noise adds its expected power to each bin, the same in every frame. A
    segment's own mean power sets the level of its noise. Nothing waits for the device.

    Args:
        x: features as extracted, before any normalisation.
        bins: what the F dimensions measure (`speechdis.features.bins_of`).
        generator: on the device of `x`.
        filter_db: standard deviation of each of the six terms.
        snr_db: range of the signal-to-noise ratio; None adds no noise.
    """
    import torch

    cosines, weights, pink = _constants(bins, x.device)
    amplitudes = filter_db * torch.randn(len(x), 1, TERMS, generator=generator, device=x.device)
    log_power = x / bins.exponent + (amplitudes @ cosines) * (np.log(10) / 10)
    if snr_db is not None:
        low, high = snr_db
        snr = low + (high - low) * torch.rand(len(x), 1, 1, generator=generator, device=x.device)
        mean_power = (log_power.exp().mean(1, keepdim=True) * weights).sum(2, keepdim=True)
        log_power = torch.logaddexp(log_power, (mean_power * 10 ** (-snr / 10) * pink).log())
    return log_power * bins.exponent


@lru_cache(maxsize=8)
def _constants(bins: Bins, device: "torch.device") -> "tuple[Tensor, Tensor, Tensor]":
    """Cosines (TERMS, F); weights (F,) of powers whose sum is the waveform's mean square; pink noise (F,).

    A bin's power over what white noise of unit mean square puts there is the waveform's spectral density at
    the bin's frequency; its mean over the band is the mean square.
    """
    import torch

    nyquist = bins.rate / 2
    cosines = _cosines(bins.frequencies, bins.rate)
    weights = np.gradient(bins.frequencies) / nyquist / bins.white
    pink = bins.white * nyquist / bins.frequencies / np.log(nyquist / _LOWEST)
    on_device = partial(torch.tensor, dtype=torch.float32, device=device)
    return on_device(cosines), on_device(weights), on_device(pink)


def _cosines(frequencies: np.ndarray, rate: int) -> np.ndarray:
    """cos(pi k m), (TERMS, F), at `frequencies` (F,) in Hz."""
    mel = np.log1p(np.array([_LOWEST, rate / 2]) / 700)
    position = (np.log1p(frequencies / 700) - mel[0]) / (mel[1] - mel[0])
    return np.cos(np.pi * np.arange(1, TERMS + 1)[:, None] * position.clip(0, 1))


def pink_noise(count: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """(count,) samples of Gaussian noise whose power falls as 1/f from 20 Hz on, of no particular level."""
    from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

    size = next_fast_len(count, real=True)
    frequencies = rfftfreq(size, 1 / rate)
    shape = np.where(frequencies >= _LOWEST, 1 / np.sqrt(np.maximum(frequencies, _LOWEST)), 0.0)
    return irfft(rfft(rng.standard_normal(size)) * shape, size)[:count]
