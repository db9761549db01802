"""Cross-modality semantic contrastiveness: PVAE (Hsu & Glass 2018), eq 8."""

from collections.abc import Sequence
from itertools import permutations

import torch
from torch import Tensor


def rbf(a: Tensor, b: Tensor, width: float) -> Tensor:
    """Radial basis kernel exp(-|a - b|^2 / (2 width^2)) of rows (B, D), (B,)."""
    return torch.exp(-(a - b).square().sum(-1) / (2 * width**2))


def semantic_hinge(means: Sequence[Tensor], others: Sequence[Tensor], margin: float, width: float) -> Tensor:
    """Sum over ordered pairs of modalities m, n of max(0, margin - k(mean_m, mean_n) + k(mean_m, other_n)), (B,).

    Args:
        means: for each modality the posterior means (B, D) of the semantic variable of B samples.
        others: those of another sample for each.
        margin: of the hinge; the kernel k lies in (0, 1].
        width: of the kernel, see `rbf`.
    """
    total = means[0].new_zeros(len(means[0]))
    for m, n in permutations(range(len(means)), 2):
        near, far = rbf(means[m], means[n], width), rbf(means[m], others[n], width)
        total = total + (margin - near + far).clamp_min(0)
    return total
