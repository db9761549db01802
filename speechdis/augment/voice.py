"""Another voice for the same words, in the same time: the motion augmentation of C-DSVAE (section 2.3).

The waveform is stretched by WSOLA and resampled back to its length, so that pitch and formants are
multiplied by a factor while duration and timing stay. A factor below 1 leaves the band above factor x half
the sample rate empty.
"""

import math
from dataclasses import dataclass

import numpy as np

from speechdis.augment.channel import random_channel
from speechdis.augment.seeds import generator_for
from speechdis.augment.wsola import wsola
from speechdis.errors import InputError


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


@dataclass(frozen=True)
class Factors:
    """Log-uniform in [low, high] without (1 - away, 1 + away), where a voice hardly changes.

    Raises:
        InputError: nothing is left of the range.
    """

    low: float = 0.75
    high: float = 1.33
    away: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high or not 0 <= self.away < 1 or not sum(self._widths()):
            raise InputError(f"no factor from {self.low} to {self.high} is {self.away} away from 1")

    def draw(self, rng: np.random.Generator) -> float:
        """One factor."""
        below, above = self._widths()
        position = rng.uniform(0, below + above)
        if position < below:
            return self.low * math.exp(position)
        return self.high * math.exp(position - below - above)

    def _widths(self) -> tuple[float, float]:
        """Length of the range below 1 and above 1, in the log domain."""
        below = math.log(min(self.high, 1 - self.away) / self.low)
        above = math.log(self.high / max(self.low, 1 + self.away))
        return max(0.0, below), max(0.0, above)


@dataclass(frozen=True)
class Twin:
    """The conversion that belongs to (seed, name, version): one voice-converted copy of an utterance.

    Attributes:
        factors: what its factor is drawn from.
        channel: also send the copy through a random channel of its own.
    """

    seed: int
    name: str
    version: int
    factors: Factors = Factors()
    channel: bool = False

    def __call__(self, wave: np.ndarray, rate: int) -> np.ndarray:
        """`wave` (n,) at `rate` Hz in another voice: (n,) float32."""
        rng = generator_for(self.seed, self.name, self.version)
        twin = convert(wave, rate, self.factors.draw(rng))
        return random_channel(twin, rate, rng) if self.channel else twin
