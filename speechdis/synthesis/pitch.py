"""Pitch: the contour of F0, by WORLD's dio refined by stonemask (Morise et al. 2009, 2016), and its level."""

import warnings
from types import ModuleType

import numpy as np

FLOOR, CEILING = 60.0, 500.0  # Hz: of voices, from deep men's to children's
PIECE = 30  # s


def contour(wave: np.ndarray, rate: int, hop: float = 0.010) -> tuple[np.ndarray, np.ndarray]:
    """F0 in Hz, 0 where unvoiced, of a waveform (n,) at times 0, hop, 2 hop, ... s: two arrays (T,)."""
    pyworld = world()
    samples = np.ascontiguousarray(wave, np.float64)
    f0, times = pyworld.dio(samples, rate, f0_floor=FLOOR, f0_ceil=CEILING, frame_period=1000 * hop)
    return pyworld.stonemask(samples, f0, times, rate), times


def level(f0: np.ndarray) -> float:
    """Mean of log F0 over the voiced frames of a contour (T,); NaN where none is voiced."""
    voiced = f0[f0 > 0]
    return float(np.log(voiced).mean()) if len(voiced) else float("nan")


def level_of(wave: np.ndarray, rate: int) -> float:
    """`level` of a waveform (n,), looked at half a minute at a time: dio's memory grows with what it is given."""
    parts = np.array_split(wave, -(-len(wave) // (PIECE * rate)))
    return level(np.concatenate([contour(part, rate)[0] for part in parts]))


def world() -> ModuleType:
    """The package pyworld; it warns of what it imports, which is no concern of the person who hears it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyworld
    return pyworld
