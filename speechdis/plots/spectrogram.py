"""Spectrograms, a pixel a value."""

from pathlib import Path
from typing import BinaryIO

import numpy as np


def write_spectrogram(path: Path | BinaryIO, frames: np.ndarray, low: float, high: float) -> None:
    """Write log frames (T, F) as a PNG of T x F pixels, `low` to `high` from dark to light."""
    from matplotlib import colormaps
    from PIL import Image

    level = ((frames.T[::-1] - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)  # (F, T)
    image = Image.fromarray(level, mode="L").convert("P")
    image.putpalette((colormaps["magma"](np.arange(256))[:, :3] * 255).astype(np.uint8).tobytes())
    image.save(path, format="PNG", optimize=True)
