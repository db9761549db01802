"""Where a recording has no sound at all: digital silence, and bands above 4 kHz of what was sampled at 8 kHz.

Nothing is to be heard there of its voice or its words, and nothing is there that a filter could lift: what a resampler
leaves of other bands is 120 dB below the words, and it is louder at the recording's ends, which are cut off.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from speechdis.features import FeatureSettings, bins_of, extract
from speechdis.synthesis.rows import Array, pieces

BITS = 18  # of a sample, up to the recording's peak: any 16 bits' own rounding noise is louder
FAINT = 6.9  # nats of amplitude, 60 dB: what would have to be lifted by more is as good as silent
MOST = 0.5  # of the frames with sound in them are silent in an empty bin


def silent(frames: Array, peak: float, settings: Mapping[str, Any]) -> np.ndarray:
    """Where (T, F) log frames (T, F) are below the rounding noise of 18 bits, or those of digital silence.

    Args:
        peak: the recording's largest absolute sample.
        settings: of the frames; nowhere, where they are no log spectra.
    """
    bins = bins_of(settings) if settings else None
    if bins is None or not peak > 0:
        return np.zeros(frames.shape, bool)
    step = peak * 2.0 ** (1 - BITS)
    noise = bins.exponent * np.log(bins.white * step**2 / 12)
    zero = extract(np.zeros(2 * FeatureSettings.of(settings).samples[0], np.float32), settings)[0]
    return np.concatenate([piece <= np.maximum(noise, zero) for piece in pieces(frames)])


def empty(where: np.ndarray) -> np.ndarray:
    """Which bins (F,) are silent (T, F) in more than half of the frames that have any sound; none, if no frame has."""
    with_sound = ~where.all(1)
    return where[with_sound].mean(0) > MOST if with_sound.any() else np.zeros(where.shape[1], bool)


def kept(
    target: np.ndarray, own: np.ndarray, where: np.ndarray | bool, settings: Mapping[str, Any]
) -> np.ndarray:
    """Log frames `target` (T, F), but a recording's `own` where it is silent, or as good as: a thousandth or less."""
    bins = bins_of(settings) if settings else None
    lifted = np.inf if bins is None else 2 * bins.exponent * FAINT
    return np.where(where | (target - own > lifted), own, target)
