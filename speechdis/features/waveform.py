"""The waveform itself, 200 samples a frame: what VRNN reads (Chung et al., NIPS 2015, section 4).

Frames neither overlap nor are changed: T = floor(n / step), and what is left at the end is dropped.
"""

from dataclasses import dataclass

import numpy as np

from speechdis.errors import InputError


@dataclass(frozen=True)
class Config:
    """How a waveform is cut.

    Attributes:
        rate: sample rate, Hz.
        window, hop: of a frame, s: 200 samples at 16 kHz. They are the same.
    """

    rate: int = 16000
    window: float = 0.0125
    hop: float = 0.0125


def extract(wave: np.ndarray, config: Config) -> np.ndarray:
    """Frames (T, rate * window) float32 of a waveform in [-1, 1) at `config.rate`.

    Raises:
        InputError: the waveform is shorter than one frame.
    """
    step, _ = framing(config)
    frames = len(wave) // step
    if not frames:
        raise InputError(f"{len(wave)} samples, shorter than one window of {step}")
    return np.asarray(wave[: frames * step], np.float32).reshape(frames, step)


def framing(config: Config) -> tuple[int, int]:
    """Window and hop, samples: the same."""
    step = round(config.rate * config.window)
    return step, step


def bins(config: Config) -> None:
    """None: dimensions are times, not frequencies."""
