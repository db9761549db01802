"""Images of 64 x 64 to vectors and back: the convolutions of DCGAN (Radford, Metz & Chintala, ICLR 2016).

Five layers of kernel 4, the inner four between them of stride 2. An image is a row of its C x 64 x 64 pixels, as a
frame store holds it, and any dimensions may stand before it. Batch normalisation is over all images that are given.
Channels lie last in memory between the layers, which takes a quarter off a step on a CPU.
"""

import torch
from torch import Tensor, nn

from speechdis.errors import InputError
from speechdis.nn.sequence import SLOPE

SIDE = 64  # pixels, of an image


class ImageEncoder(nn.Module):
    """Images (..., C * 64 * 64) to vectors (..., size).

    Args:
        pixels: C * 64 * 64.
        width: channels of the first layer; each of the next three has twice those of the one before.
        size: of a vector.
    """

    def __init__(self, pixels: int, width: int, size: int) -> None:
        super().__init__()
        self.channels = channels_of(pixels)
        layers: list[nn.Module] = [nn.Conv2d(self.channels, width, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        for k in (1, 2, 4):
            layers += [
                nn.Conv2d(k * width, 2 * k * width, 4, 2, 1, bias=False),
                nn.BatchNorm2d(2 * k * width),
                nn.LeakyReLU(SLOPE),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(8 * width, size, 4))

    def forward(self, x: Tensor) -> Tensor:
        images = _channels_last(x.reshape(-1, self.channels, SIDE, SIDE))
        vectors: Tensor = self.layers(images)  # (N, size, 1, 1)
        return vectors.reshape(*x.shape[:-1], -1)


class ImageDecoder(nn.Module):
    """Vectors (..., size) to images (..., C * 64 * 64), of any real values.

    Args:
        size: of a vector.
        width: channels before the last layer; each of the three layers before has twice those of the next one.
        pixels: C * 64 * 64.
    """

    def __init__(self, size: int, width: int, pixels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(size, 8 * width, 4, bias=False),
            nn.BatchNorm2d(8 * width),
            nn.LeakyReLU(SLOPE),
        ]
        for k in (4, 2, 1):
            layers += [
                nn.ConvTranspose2d(2 * k * width, k * width, 4, 2, 1, bias=False),
                nn.BatchNorm2d(k * width),
                nn.LeakyReLU(SLOPE),
            ]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(width, channels_of(pixels), 4, 2, 1))

    def forward(self, h: Tensor) -> Tensor:
        small = self.layers[0](h.reshape(-1, h.shape[-1], 1, 1))  # (N, 8 width, 4, 4)
        images: Tensor = self.layers[1:](_channels_last(small))  # (N, C, 64, 64)
        return images.reshape(*h.shape[:-1], -1)


def channels_of(pixels: int) -> int:
    """Channels of a row of `pixels`, C * 64 * 64. Raises InputError where it is no such row.

    >>> channels_of(3 * 64 * 64)
    3
    """
    channels, rest = divmod(pixels, SIDE * SIDE)
    if rest or not channels:
        raise InputError(f"frames of {pixels} are no images of {SIDE} x {SIDE}; give a store of such images")
    return channels


def grid_of(rows: Tensor) -> Tensor:
    """Images (..., C, 64, 64) of rows of pixels (..., C * 64 * 64)."""
    return torch.unflatten(rows, -1, (channels_of(rows.shape[-1]), SIDE, SIDE))


def _channels_last(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last)
