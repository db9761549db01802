"""Another voice for the same words, in the same time: the motion augmentation of C-DSVAE (section 2.3).

The waveform is stretched by WSOLA and resampled back to its length, so that pitch and formants are
multiplied by a factor while duration and timing stay. A factor below 1 leaves the band above factor x half
the rate empty.
"""

import math

import numpy as np

from speechdis.augment.wsola import wsola


def convert(wave: np.ndarray, rate: int, factor: float) -> np.ndarray:
    """`wave` (n,) with pitch and formants times `factor`: (n,) float32; time t stays time t, to 10 ms.

    Args:
        rate: Hz.
        factor: 1 gives the input back.
    """
    import soxr

    stretched = wsola(wave, 1 / factor, rate)
    if len(stretched) == len(wave):
        return stretched
    converted = soxr.resample(stretched, len(stretched), len(wave))
    return np.pad(converted, (0, max(0, len(wave) - len(converted))))[: len(wave)]


def random_factor(
    rng: np.random.Generator, low: float = 0.75, high: float = 1.33, away: float = 0.05
) -> float:
    """A factor, log-uniform in [low, high] without (1 - away, 1 + away), where a voice hardly changes."""
    below = max(0.0, math.log(1 - away) - math.log(low))
    above = max(0.0, math.log(high) - math.log(1 + away))
    position = rng.uniform(0, below + above)
    return math.exp(math.log(low) + position if position < below else math.log(high) - (position - below))
