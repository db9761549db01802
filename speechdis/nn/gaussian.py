"""Diagonal Gaussians, the only distribution of these models.

All sums are left to the caller: functions keep the last dimension, so that a weight in a recipe always
means "per nat, summed over frames and dimensions, averaged over the batch".
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from speechdis.nn import parallel

LOG_2PI = math.log(2 * math.pi)
LOGVAR_LIMIT = 8.0  # standard deviations from 0.018 to 55: wide for unit-variance features, finite in float32


class Gaussian(NamedTuple):
    """N(mean, exp(logvar)), independent dimensions; both tensors have the same shape (..., D)."""

    mean: Tensor
    logvar: Tensor

    def at(self, noise: Tensor) -> Tensor:
        """The sample that standard normal `noise` (..., D) becomes: mean + std * noise."""
        return self.mean + torch.exp(0.5 * self.logvar) * noise

    def sample(self, generator: torch.Generator | None) -> Tensor:
        """One reparameterised sample (..., D)."""
        return self.at(parallel.noise(self.mean, generator))

    def log_prob(self, x: Tensor) -> Tensor:
        """Natural-log density of `x` per dimension, (..., D)."""
        return -0.5 * (LOG_2PI + self.logvar + (x - self.mean).square() * torch.exp(-self.logvar))

    def kl(self, other: "Gaussian | None" = None) -> Tensor:
        """KL(self || other) in nats per dimension, (..., D); `other` defaults to N(0, 1).

        >>> Gaussian(torch.tensor([1.0]), torch.tensor([0.0])).kl()
        tensor([0.5000])
        """
        if other is None:
            return 0.5 * (self.mean.square() + torch.exp(self.logvar) - 1 - self.logvar)
        ratio = torch.exp(self.logvar - other.logvar)
        distance = (self.mean - other.mean).square() * torch.exp(-other.logvar)
        return 0.5 * (other.logvar - self.logvar + ratio + distance - 1)


def unit_nats(mean: Tensor, x: Tensor, frames: Tensor | None = None) -> Tensor:
    """-log N(x; mean, I) in nats a segment, the mean over B segments of the sum over all (B, T, F).

    The same as by `Gaussian.log_prob` with log-variance 0, in a third of its passes over the frames.

    Args:
        mean, x: (B, T, F).
        frames: 1 for frames that count, else 0, (B, T, 1); None, or a scalar 1: all do.
    """
    wrong = x - mean
    if frames is None or not frames.ndim:
        return 0.5 * (wrong.square().sum() / len(x) + LOG_2PI * x[0].numel())
    counted = frames.sum() * x.shape[-1]
    return 0.5 * ((wrong * frames).square().sum() + LOG_2PI * counted) / len(x)


class _Bounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.low, ctx.high = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        outward = (x <= ctx.low) & (gradient > 0) | (x >= ctx.high) & (
            gradient < 0
        )  # descent goes against it
        return gradient.masked_fill(outward, 0), None, None


def bounded(x: Tensor, low: float = -LOGVAR_LIMIT, high: float = LOGVAR_LIMIT) -> Tensor:
    """`x` clamped to [low, high]; at and past a limit the gradient passes whose descent leads back inside.

    That of a plain clamp is 0 there: a log-variance that has left its range once would never come back.
    """
    inside: Tensor = _Bounded.apply(x, low, high)
    return inside


class GaussianHead(nn.Module):
    """Linear map (..., inputs) -> Gaussian (..., size), with the log-variance `bounded` to +-8.

    It keeps full precision where its surroundings are mixed.
    """

    __call__: Callable[..., Gaussian]  # nn.Module's gives Any

    def __init__(self, inputs: int, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, 2 * size)

    def forward(self, h: Tensor) -> Gaussian:
        with torch.autocast(h.device.type, enabled=False):
            mean, logvar = self.linear(h.to(self.linear.weight.dtype)).chunk(2, dim=-1)
        return Gaussian(mean, bounded(logvar))
