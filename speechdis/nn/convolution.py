"""Convolutions over the frames of segments of different lengths: what is past a segment's end is nowhere seen.

Tensors are (B, C, T); `real` (B, 1, T) is 1 for frames that count, or a scalar 1 where all do.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechdis.nn.sequence import SLOPE

SMALL = 1e-5  # added to variances


def normalised_over_time(h: Tensor, real: Tensor) -> Tensor:
    """`h` with mean 0 and variance 1 over the frames of every segment and channel: instance normalisation.

    What stays the same through a segment, a voice or a recording channel, is gone.
    """
    count = real.sum(-1, keepdim=True) if real.ndim else h.shape[-1]
    centred = (h - (h * real).sum(-1, keepdim=True) / count) * real
    return centred * torch.rsqrt(centred.square().sum(-1, keepdim=True) / count + SMALL)


def normalised_over_channels(h: Tensor, width: int) -> Tensor:
    """`h` with mean 0 and variance 1 over the `width` channels of every frame: layer normalisation."""
    return functional.layer_norm(h.transpose(1, 2), (width,), eps=SMALL).transpose(1, 2)


class Block(nn.Module):
    """h + LeakyReLU(convolution of h normalised over "time" or "channels"), scaled and shifted by a vector, if any.

    Args:
        width: channels.
        norm: over what.
        dilation: of the convolution, whose kernel is 5.
        condition: size of the vector; 0 for none.
    """

    def __init__(
        self, width: int, norm: Literal["time", "channels"], dilation: int = 1, condition: int = 0
    ) -> None:
        super().__init__()
        self.norm, self.width = norm, width
        self.conv = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation)
        self.modulation = nn.Linear(condition, 2 * width) if condition else None

    def forward(self, h: Tensor, real: Tensor, condition: Tensor | None = None) -> Tensor:
        seen = (
            normalised_over_time(h, real) if self.norm == "time" else normalised_over_channels(h, self.width)
        )
        if self.modulation is not None and condition is not None:
            scale, shift = self.modulation(condition)[..., None].chunk(2, 1)
            seen = seen * (1 + scale) + shift
        return h + functional.leaky_relu(self.conv(seen * real), SLOPE)


class AttentiveStatistics(nn.Module):
    """Mean and standard deviation over time, each channel by weights of its own (Okabe et al. 2018), (B, 2 C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attend = nn.Sequential(
            nn.Conv1d(width, width // 2, 1), nn.Tanh(), nn.Conv1d(width // 2, width, 1)
        )

    def forward(self, h: Tensor, real: Tensor) -> Tensor:
        score = self.attend(h)
        if real.ndim:
            score = score.masked_fill(real == 0, -torch.inf)
        weight = score.softmax(-1)
        mean = (weight * h).sum(-1)
        variance = (weight * (h - mean[..., None]).square()).sum(-1)
        return torch.cat([mean, (variance + SMALL).sqrt()], 1)
