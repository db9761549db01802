"""Sequences of images as pictures: strips of frames as a PNG, and all of them in motion as a GIF.

Pixels are in [0, 1]. A margin of white stands between the pictures.
"""

from pathlib import Path

import numpy as np

from speechdis.data.atomic import replacing

MARGIN = 2  # pixels
DURATION = 125  # ms a frame, of a GIF


def write_strips(path: str | Path, sequences: np.ndarray) -> None:
    """Write sequences (R, T, C, H, W) as a PNG: a row each, its frames from left to right."""
    from PIL import Image

    with replacing(path) as partial:
        Image.fromarray(_tiled(sequences)).save(partial, format="png")


def write_motion(path: str | Path, cells: np.ndarray) -> None:
    """Write sequences (R, K, T, C, H, W) as a GIF that goes round: R rows of K sequences, all in motion."""
    from PIL import Image

    frames = [Image.fromarray(_tiled(cells[:, :, t])) for t in range(cells.shape[2])]
    with replacing(path) as partial:
        frames[0].save(
            partial, format="gif", save_all=True, append_images=frames[1:], duration=DURATION, loop=0
        )


def _tiled(pictures: np.ndarray) -> np.ndarray:
    """Pictures (R, K, C, H, W), one or three channels, side by side: (height, width, 3) uint8."""
    rows, columns, _, height, width = pictures.shape
    sides = rows * (height + MARGIN) + MARGIN, columns * (width + MARGIN) + MARGIN
    canvas = np.full((*sides, 3), 255, np.uint8)
    pixels = (255 * pictures.clip(0, 1)).round().astype(np.uint8).transpose(0, 1, 3, 4, 2)
    for r in range(rows):
        for k in range(columns):
            y, x = MARGIN + r * (height + MARGIN), MARGIN + k * (width + MARGIN)
            canvas[y : y + height, x : x + width] = pixels[r, k]  # one channel is grey: all three
    return canvas
