"""Convolutions over the frames of segments of different lengths: what is past a segment's end is nowhere seen.

Tensors are (B, C, T); `real` (B, 1, T) is 1 for frames that count, or a scalar 1 where all do.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from speechdis.nn.sequence import SLOPE

SMALL = 1e-5  # added to variances


def masked(h: Tensor, real: Tensor) -> Tensor:
    """`h` with zeros past every segment's end."""
    return h * real if real.ndim else h


def normalised_over_time(h: Tensor, real: Tensor) -> Tensor:
    """`h` with mean 0 and variance 1 over the frames of every segment and channel: instance normalisation.

    What stays the same through a segment, a voice or a recording channel, is gone.
    """
    if not real.ndim and not torch.onnx.is_in_onnx_export():  # whose layer norms are of fixed sizes
        return functional.layer_norm(h, h.shape[-1:], eps=SMALL)
    count = real.sum(-1, keepdim=True) if real.ndim else h.shape[-1]
    centred = (h - (h * real).sum(-1, keepdim=True) / count) * real
    return centred * torch.rsqrt(centred.square().sum(-1, keepdim=True) / count + SMALL)


class Convolution(nn.Conv1d):
    """A convolution over time that keeps the memory's order: channels that lie side by side still do so after it.

    torch's own copies such tensors before and after.
    """

    def forward(self, input: Tensor) -> Tensor:
        return self.unsqueezed(input).squeeze(2)

    def unsqueezed(self, h: Tensor) -> Tensor:
        """(B, C', 1, T), for a function in place: of a view it would copy."""
        (stride,), (dilation,), padding = self.stride, self.dilation, self.padding[0]
        assert isinstance(padding, int)
        about = (self.bias, (1, stride), (0, padding), (1, dilation))
        return functional.conv2d(h[:, :, None], self.weight[:, :, None], *about)


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
        self.conv = Convolution(width, width, 5, padding=2 * dilation, dilation=dilation)
        self.modulation = nn.Linear(condition, 2 * width) if condition else None

    def forward(self, h: Tensor, real: Tensor, condition: Tensor | None = None) -> Tensor:
        seen = self._normalised(h, real)
        if self.modulation is not None and condition is not None:
            scale, shift = self.modulation(condition)[:, None].chunk(2, -1)  # (B, 1, C)
            seen = torch.addcmul(shift, seen.transpose(1, 2), 1 + scale).transpose(1, 2)
        made = functional.leaky_relu(self.conv.unsqueezed(masked(seen, real)), SLOPE, inplace=True)
        return h + made.squeeze(2)

    def _normalised(self, h: Tensor, real: Tensor) -> Tensor:
        if self.norm == "time":
            return normalised_over_time(h, real)
        return functional.layer_norm(h.transpose(1, 2), (self.width,), eps=SMALL).transpose(1, 2)


class AttentiveStatistics(nn.Module):
    """Mean and standard deviation over time, each channel by weights of its own (Okabe et al. 2018), (B, 2 C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attend = nn.Sequential(
            Convolution(width, width // 2, 1), nn.Tanh(), Convolution(width // 2, width, 1)
        )

    def forward(self, h: Tensor, real: Tensor) -> Tensor:
        score = self.attend(h)
        if real.ndim:
            score = score.masked_fill(real == 0, -torch.inf)
        mean, variance = _Moments.apply(score.transpose(1, 2), h.transpose(1, 2))
        return torch.cat([mean, (variance + SMALL).sqrt()], 1)


class _Moments(torch.autograd.Function):
    """Mean and variance (B, C) of h (B, T, C) over time, weighted by the softmax of scores.

    The gradient is written by hand: that of the mean in the variance is 0, and autograd would sum it up.
    """

    @staticmethod
    def forward(ctx: Any, score: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        weight = score.softmax(1, torch.promote_types(score.dtype, torch.float32))
        mean = (weight * h).sum(1, keepdim=True)
        variance = (h - mean).square_().mul_(weight).sum(1, keepdim=True)
        ctx.save_for_backward(weight, h, mean, variance)
        return mean[:, 0], variance[:, 0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        weight, h, mean, variance = ctx.saved_tensors
        to_mean, to_variance = (g[:, None] for g in gradients)
        centred = h - mean
        half = centred * to_variance
        both = half + to_mean
        to_h = half.add_(both).mul_(weight)
        to_score = both.mul_(centred).sub_(to_variance * variance).mul_(weight)
        return to_score, to_h
