"""Written digits as PNG files, read and written pixel by pixel."""

from pathlib import Path

import numpy as np

from speechdis.data.atomic import replacing
from speechdis.errors import InputError


def read_png(path: str | Path) -> np.ndarray:
    """Grey values in [0, 1] of a PNG, (H, W): the mean of its colours, whatever its alpha; InputError for no PNG."""
    import matplotlib.image

    try:
        pixels = matplotlib.image.imread(str(path), format="png")
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as PNG ({' '.join(str(error).split())})") from None
    return pixels[..., :3].mean(-1) if pixels.ndim == 3 else pixels


def write_png(path: str | Path, image: np.ndarray) -> None:
    """Write (H, W) pixels in [0, 1], clipped, as a grey PNG."""
    from PIL import Image

    with replacing(path) as partial:
        Image.fromarray((255 * image.clip(0, 1)).round().astype(np.uint8)).save(partial, format="png")
