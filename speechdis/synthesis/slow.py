"""The slow part of a change: what is fast in it costs words, and lends less of a voice."""

from typing import TYPE_CHECKING

from speechdis.errors import InputError

if TYPE_CHECKING:  # `anonymise --help` reads a number here
    import numpy as np

MOST = 100.0  # frames, a second
NOBODYS = 12.0  # frames, for a voice that is nobody's: more would give attackers back what words gain
TRUNCATE = 4.0  # standard deviations, beyond which a Gaussian is taken as 0


def checked(slow: float) -> float:
    """`slow` itself. Raises InputError unless it is from 0 to MOST frames."""
    if not 0 <= slow <= MOST:
        raise InputError(f"slow must be from 0, all of the change, to {MOST:g} frames, not {slow:g}")
    return slow


def reach(slow: float) -> int:
    """How many frames away a frame's slow part may be read from."""
    return int(TRUNCATE * slow + 0.5)


def slow_part(change: "np.ndarray", silent: "np.ndarray | None", slow: float) -> "np.ndarray":
    """A change of log frames (T, F), smoothed over time by a Gaussian of `slow` frames; 0: as it is.

    Frames that are silent, (T, F), lend nothing to others, and stay as they are.
    """
    import numpy as np
    from scipy.ndimage import gaussian_filter1d

    if not slow:
        return change
    heard = np.ones_like(change) if silent is None else 1.0 - silent
    weight, total = (
        gaussian_filter1d(x, slow, axis=0, mode="nearest", truncate=TRUNCATE) for x in (heard, heard * change)
    )
    return np.where(heard, total / np.where(heard, weight, 1), change)
