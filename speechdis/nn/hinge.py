"""Cross-modality semantic contrastiveness: PVAE (Hsu & Glass 2018), eq 8."""

from collections.abc import Sequence
from itertools import permutations

import torch
from torch import Tensor

from speechdis.nn import parallel


def rbf(a: Tensor, b: Tensor, width: float) -> Tensor:
    """Radial basis kernel exp(-|a - b|^2 / (2 width^2)) of the last dimension of `a` and `b`."""
    return torch.exp(-(a - b).square().sum(-1) / (2 * width**2))


def semantic_hinge(means: Sequence[Tensor], margin: float, width: float) -> Tensor:
    """Sum over ordered pairs of modalities m, n of max(0, margin - k(mean_m, mean_n) + k(mean_m, other_n)), (B,).

    The other sample is a random one in the paper; here its expectation is taken, over all others of the batch.

    Args:
        means: for each modality the posterior means (B, D) of the semantic variable of B samples.
        margin: of the hinge; the kernel k lies in (0, 1].
        width: of the kernel, see `rbf`.
    """
    size = len(means[0])
    own = (torch.arange(size, device=means[0].device) + parallel.rank() * size)[:, None]
    others = max(parallel.world() * size - 1, 1)
    total = means[0].new_zeros(size)
    for m, n in permutations(range(len(means)), 2):
        kernel = rbf(means[m][:, None], parallel.all_rows(means[n]), width)  # (B, G), G the global batch
        hinge = (margin - kernel.gather(1, own) + kernel).clamp_min(0)
        total = total + hinge.scatter(1, own, 0.0).sum(1) / others
    return total
