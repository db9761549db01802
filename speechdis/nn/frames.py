"""What reads one frame, and what makes one: layers for spectra, or DCGAN's convolutions for pictures of 64 x 64.

    mlp    bins -> hidden -> code, Tanh | hidden -> hidden -> bins, after a LeakyReLU
    dcgan  pictures -> code, batch normalisation, Tanh | hidden -> pictures, Sigmoid: pixels in [0, 1]

A decoder reads the sum of two linear maps, of z_t and of s: a model computes that of s once a segment.
"""

from typing import Literal

from torch import Tensor, nn

from speechdis.nn import sequence
from speechdis.nn.dcgan import ImageDecoder, ImageEncoder

Kind = Literal["mlp", "dcgan"]


def encoder(kind: Kind, bins: int, hidden: int, channels: int, code: int) -> nn.Module:
    """Frames (..., bins) to codes (..., code) in [-1, 1].

    Args:
        kind: of the network.
        bins: dimensions of a frame.
        hidden: width of the layers for spectra.
        channels: of the first convolution of pictures.
        code: dimensions of a code.

    Raises:
        InputError: `dcgan`, and frames that are no pictures of 64 x 64.
    """
    if kind == "dcgan":
        return nn.Sequential(ImageEncoder(bins, channels, code), Normalised(code), nn.Tanh())
    return nn.Sequential(sequence.mlp(bins, hidden, code), nn.Tanh())


def decoder(kind: Kind, bins: int, hidden: int, channels: int) -> nn.Module:
    """(..., hidden) to expected frames (..., bins); arguments and errors as of `encoder`."""
    if kind == "dcgan":
        return nn.Sequential(ImageDecoder(hidden, channels, bins), nn.Sigmoid())
    return nn.Sequential(nn.LeakyReLU(sequence.SLOPE), sequence.mlp(hidden, hidden, bins))


class Normalised(nn.BatchNorm1d):
    """Batch normalisation of codes (..., size), over all that stands before."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.flatten(0, -2)).view(input.shape)
