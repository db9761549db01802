"""Pitch moved in the samples: a voice's own periods, set closer together or farther apart.

TD-PSOLA (Moulines & Charpentier 1990). Two periods around each of a sound's pulses are cut out and set down at the
pulses of the new pitch; what has no pitch stays, sample by sample. So consonants, noise and the shape of each period
are the recording's, where a vocoder would make them anew.
"""

import numpy as np

LEAST = 3  # frames: a shorter stretch of voice has too few periods
FADE = 0.004  # s, into a stretch of voice and out of it
BARE = (
    0.25  # share of a window that lies on a sample, below which the gap between two periods is left as it is
)


def moved(wave: np.ndarray, rate: int, f0: np.ndarray, hop: float, shift: float) -> np.ndarray:
    """`wave` (n,) with its log F0 higher by `shift`: (n,) float32; time t stays time t.

    Args:
        rate: Hz.
        f0: (T,) Hz at times 0, hop, 2 hop, ... s, 0 where unvoiced: only there it is changed.
        hop: s.
        shift: of log F0; 0 gives nearly the input back.
    """
    samples = np.asarray(wave, np.float64)
    made = samples.copy()
    for first, last in _runs(f0 > 0):
        start, stop = (round((frame - 0.5) * hop * rate) for frame in (first, last))
        at = np.arange(max(0, start), min(len(samples), stop))
        if last - first >= LEAST and len(at):
            pitch = np.interp(at / (hop * rate), np.arange(first, last), f0[first:last])
            made[at] = _said(samples, at, pitch / rate, np.exp(shift), round(FADE * rate))
    return made.astype(np.float32)


def _said(samples: np.ndarray, at: np.ndarray, pitch: np.ndarray, factor: float, fade: int) -> np.ndarray:
    """A stretch of voice, samples at numbers `at` (N,), with its pitch (N,), in cycles a sample, times `factor`."""
    cycles = _cycles(samples[at], pitch)
    pulses = _pulses(cycles, at)
    wanted = _pulses((cycles - np.ceil(cycles[0])) * factor, at)
    if len(pulses) < 2 or len(wanted) < 2:
        return samples[at]
    nearest = pulses[
        np.searchsorted((pulses[1:] + pulses[:-1]) / 2, wanted)
    ]  # (K,) the pulse that is said at each
    period = (1 / np.interp(nearest, at, pitch))[:, None]  # (K, 1) samples
    around = np.arange(-int(period.max()), int(period.max()) + 1)
    window = np.where(np.abs(around) < period, 0.5 + 0.5 * np.cos(np.pi * around / period), 0)  # (K, W)
    centre = np.round(wanted).astype(int)
    source = np.round(nearest + centre - wanted).astype(int)[:, None] + around  # rounded once: less jitter
    place = centre[:, None] + around - at[0]
    inside = (source >= 0) & (source < len(samples)) & (place >= 0) & (place < len(at))
    put = place[inside]
    covered = np.bincount(put, window[inside], len(at))
    sound = np.bincount(put, samples[source[inside]] * window[inside], len(at)) / np.where(
        covered > BARE, covered, 1
    )
    ends = np.minimum(at - max(at[0], round(wanted[0])), min(at[-1] + 1, round(wanted[-1]) + 1) - at)
    share = (ends / fade).clip(0, 1)
    return share * sound + (1 - share) * samples[at]


def _cycles(stretch: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """How many cycles of F0 have passed (N,); whole numbers where a stretch (N,) has the pulses of its periods.

    They are counted by its pitch (N,), in cycles a sample, and set right by the phase that F0 has in the stretch's
    positive half, or in its negative one where that has the higher peaks: telephones take F0 itself away, but the
    pulses stay.
    """
    from scipy.signal import fftconvolve

    counted = np.cumsum(pitch)
    peaks = np.maximum(stretch if (stretch**3).sum() >= 0 else -stretch, 0)
    two = 2 * int(1 / np.median(pitch)) + 1  # samples in two periods: F0 alone is left
    turning = fftconvolve(peaks * np.exp(-2j * np.pi * counted), np.hanning(two + 2)[1:-1], "same")
    phase = np.unwrap(np.angle(turning)) / (2 * np.pi)
    return np.maximum.accumulate(counted + phase)


def _pulses(cycles: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Where cycles (N,), which never fall, at samples `at` (N,), are whole numbers."""
    return np.interp(np.arange(np.ceil(cycles[0]), cycles[-1]), cycles, at)


def _runs(voiced: np.ndarray) -> list[tuple[int, int]]:
    """First frame of each run of voiced ones (T,), and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], voiced.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
