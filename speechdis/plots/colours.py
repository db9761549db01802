"""Colours that are told apart: on white as on black, and by people of any colour vision as far as they go."""

import numpy as np

COLOURS = (
    "#2f7ed8",
    "#e0762f",
    "#1f9d78",
    "#c05fb0",
    "#a88a12",
    "#6d5fd0",
    "#d6455d",
    "#4bb3c9",
)  # Okabe & Ito
FAINT = "#9aa0a6"


def colour(k: int) -> str:
    """Of experiment, speaker or phone `k`."""
    return COLOURS[k % len(COLOURS)]


def shades(levels: np.ndarray) -> list[str]:
    """Colours of levels (M,) from 0 to 1, dark to light."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["viridis"](level)) for level in levels]
