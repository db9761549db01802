"""What an attacker without gradient descent measures: random dilated convolutions, pooled over time.

After ROCKET (Dempster, Petitjean & Webb 2020, arXiv 1910.13051): kernels nobody trained see patterns at many lengths
and pairs of dimensions; what they find in an utterance is pooled to its deviation, largest and smallest value and the
share of frames above zero. A back end learns from labelled speakers which of it is voice.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from speechdis.metrics.moments import moments

WIDTH, DILATIONS = 9, (1, 2, 4, 8, 16, 32)  # frames a kernel sees, and their distance
BIAS = 0.5  # of a kernel, drawn from [-BIAS, BIAS]; the response has a deviation of about 1
LONGEST = 20_000  # frames of an utterance that are read, 200 s


class RandomConvolutions:
    """Kernels for frames (N, D), which nothing is fitted to; see `draw`."""

    def __init__(self, mean: Tensor, std: Tensor, kernels: list[tuple[int, Tensor, Tensor]]) -> None:
        self.mean, self.std, self._kernels = mean, std, kernels

    @classmethod
    def draw(
        cls, frames: np.ndarray, kernels: int, seed: int = 0, device: torch.device | str = "cpu"
    ) -> "RandomConvolutions":
        """So many kernels, over all dilations, for frames (N, D) that are normalised first."""
        mean, std = (torch.as_tensor(s, dtype=torch.float32, device=device) for s in moments(frames))
        return cls(mean, std, _kernels(frames.shape[1], kernels, seed, device))

    @torch.no_grad()
    def measure(self, frames: np.ndarray, first: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """What all kernels find in utterances with `counts` (U,) frames from row `first` (U,) on, (U, 4 kernels)."""
        rows = []
        for begin, count in zip(first.tolist(), counts.tolist(), strict=True):
            x = torch.from_numpy(np.array(frames[begin : begin + min(count, LONGEST)], np.float32))
            x = ((x.to(self.mean.device) - self.mean) / self.std).T[None]
            rows.append(torch.cat([_pool(x, *of_one_dilation) for of_one_dilation in self._kernels]))
        return torch.stack(rows).cpu().numpy()


def _kernels(
    inputs: int, kernels: int, seed: int, device: torch.device | str
) -> list[tuple[int, Tensor, Tensor]]:
    """Dilation, weights (K, D, WIDTH) of unit norm and biases (K,); each kernel sees a random set of dimensions."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for dilation in DILATIONS:
        count = kernels // len(DILATIONS)
        weights = torch.randn(count, inputs, WIDTH, generator=generator)
        seen = inputs ** torch.rand(count, 1, generator=generator)  # few as often as many
        rank = torch.rand(count, inputs, generator=generator).argsort(1).argsort(1)
        weights = weights * (rank < seen.round())[..., None]
        weights = weights / weights.square().sum((1, 2), keepdim=True).sqrt()
        bias = BIAS * (2 * torch.rand(count, generator=generator) - 1)
        found.append((dilation, weights.to(device), bias.to(device)))
    return found


def _pool(x: Tensor, dilation: int, weights: Tensor, bias: Tensor) -> Tensor:
    """Deviation, maximum, minimum and share above zero of each kernel's response to (1, D, T): (4 K,)."""
    padding = dilation * (WIDTH - 1) // 2
    y = functional.conv1d(x, weights, bias, dilation=dilation, padding=padding)[0]
    deviation = (y - y.mean(1, keepdim=True)).square().mean(1).sqrt()  # a tenth of the time of `std`
    return torch.cat([deviation, y.amax(1), y.amin(1), (y > 0).float().mean(1)])
