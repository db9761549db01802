"""Bands of the spectrum taken out of a segment, so that a voice is not known by a few of them alone."""

import torch
from torch import Tensor


def without_bands(x: Tensor, widest: int, mean: Tensor, generator: torch.Generator, bands: int = 2) -> Tensor:
    """Segments (B, T, F), each with `bands` bands of 0 to `widest` bins of its own at their `mean` (F,).

    The frequency masks of SpecAugment (Park et al. 2019).
    """
    bins = torch.arange(x.shape[2], device=x.device)
    for _ in range(bands):
        width = torch.randint(widest + 1, (len(x), 1, 1), generator=generator, device=x.device)
        drawn = torch.rand(len(x), 1, 1, generator=generator, device=x.device)
        first = (drawn * (x.shape[2] - width + 1)).long()
        x = torch.where((bins >= first) & (bins < first + width), mean, x)
    return x
