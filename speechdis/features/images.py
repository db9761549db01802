"""Written digits as a frame store: an image of 28 rows and 28 columns is 28 frames of 28 dimensions.

So everything that reads, checks and loads frames does it for images too. The "speaker" of an image is its digit,
and its id is the digit and its number in the file: `7-00012`. Pixels are in [0, 1], 1 is ink.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from speechdis.features.store import Store, write_store


def write_images(
    path: str | Path, images: np.ndarray, labels: np.ndarray, numbers: Iterable[int], overwrite: bool = False
) -> Store:
    """Write the images (N, H, W) uint8 with the given `numbers`, and their digits (N,), as the store `path`."""
    rows = ((f"{labels[n]}-{n:05d}", str(labels[n]), images[n] / np.float32(255)) for n in numbers)
    return write_store(path, rows, settings_of_images(images), overwrite)


def settings_of_images(images: np.ndarray) -> dict[str, Any]:
    """What a store of `images` (N, H, W) says about them."""
    return {"type": "image", "config": {"size": images.shape[1]}}
