"""Pitch: the contour of F0, by WORLD's dio refined by stonemask (Morise et al. 2009, 2016), and its level."""

from itertools import accumulate, pairwise

import numpy as np

from speechdis.synthesis.rows import Array

FLOOR, CEILING = 60.0, 500.0  # Hz: of voices, from deep men's to children's
PIECE = 30  # s


def contour(wave: np.ndarray, rate: int, hop: float = 0.010) -> tuple[np.ndarray, np.ndarray]:
    """F0 in Hz, 0 where unvoiced, of a waveform (n,) at times 0, hop, 2 hop, ... s: two arrays (T,)."""
    import pyworld

    samples = np.ascontiguousarray(wave, np.float64)
    f0, times = pyworld.dio(samples, rate, f0_floor=FLOOR, f0_ceil=CEILING, frame_period=1000 * hop)
    return pyworld.stonemask(samples, f0, times, rate), times


def level(f0: np.ndarray) -> float:
    """Mean of log F0 over the voiced frames of a contour (T,); NaN where none is voiced."""
    voiced = f0[f0 > 0]
    return float(np.log(voiced).mean()) if len(voiced) else float("nan")


def level_of(wave: Array, rate: int) -> float:
    """`level` of a waveform (n,), looked at half a minute at a time: dio's memory grows with what it is given."""
    parts = -(-len(wave) // (PIECE * rate))
    count, more = divmod(len(wave), parts)
    ends = accumulate([count + 1] * more + [count] * (parts - more), initial=0)
    f0 = [contour(wave[first:last], rate)[0] for first, last in pairwise(ends)]
    return level(np.concatenate(f0))
