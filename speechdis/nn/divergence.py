"""Maximum mean discrepancy between samples of two distributions (Gretton et al. 2012; WAE, Tolstikhin et al. 2018).

    MMD^2(Q, P) = E k(a, a') + E k(b, b') - 2 E k(a, b),   a, a' ~ Q,  b, b' ~ P

It is 0 for equal distributions only, as the kernels below are characteristic. Kernels of several widths are
summed, so its value grows with their number and lies between 0 and twice that.
"""

from typing import Literal

import torch
from torch import Tensor

Kernel = Literal["imq", "rbf"]
WIDTHS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the released WAE code


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """|a_i - b_j|^2 of rows (..., N, D) and (..., M, D), (..., N, M), without an (N, M, D) tensor.

    >>> squared_distances(torch.tensor([[0.0, 0]]), torch.tensor([[3.0, 4], [0, 1]]))
    tensor([[25.,  1.]])
    """
    squares = a.square().sum(-1)[..., :, None] + b.square().sum(-1)[..., None, :]
    with torch.autocast(a.device.type, enabled=False):  # a difference of large numbers
        return (squares - 2 * a @ b.transpose(-1, -2)).clamp_min(0)


def kernel_sum(squares: Tensor, spread: Tensor | float, kernel: Kernel, widths: tuple[float, ...]) -> Tensor:
    """Sum over `widths` of k at squared distances `squares`; C = width * spread is the kernel's width.

    "imq" is the inverse multiquadric C / (C + r^2), whose tails still pull outliers in; "rbf" is exp(-r^2 / C).
    """
    scaled = squares / spread
    if kernel == "imq":
        return torch.stack([w / (w + scaled) for w in widths]).sum(0)
    return torch.stack([torch.exp(-scaled / w) for w in widths]).sum(0)


def mmd(
    a: Tensor,
    b: Tensor,
    spread: Tensor | float,
    kernel: Kernel = "imq",
    widths: tuple[float, ...] = WIDTHS,
) -> Tensor:
    """Unbiased estimate of MMD^2, (...); it may be negative where the distributions are close.

    The U-statistic over pairs i != j (Gretton et al., eq 4): no k(a_i, b_i) either, so row i of `a` and row i of `b`
    may depend on each other, as two draws along one history do.

    Args:
        a, b: N >= 2 samples (rows) of each distribution, (..., N, D).
        spread: the squared distance that counts as near, broadcast over (...). For a prior of variance v a
            dimension, 2 D v is the mean squared distance of two of its samples, the choice of the WAE paper.
        kernel, widths: see `kernel_sum`.
    """
    count = a.shape[-2]
    if not isinstance(spread, Tensor):
        spread = torch.full(
            (), spread, dtype=a.dtype, device=a.device
        )  # made there: a copy would be waited for
    spread = spread[..., None, None]
    aa, bb, ab = (
        kernel_sum(squared_distances(x, y), spread, kernel, widths) for x, y in ((a, a), (b, b), (a, b))
    )
    pairs = aa + bb - 2 * ab
    off_diagonal = pairs.sum((-2, -1)) - pairs.diagonal(dim1=-2, dim2=-1).sum(-1)
    return off_diagonal / (count * (count - 1))


def energy_distance(a: Tensor, b: Tensor) -> Tensor:
    """2 E |a - b| - E |a - a'| - E |b - b'| of N >= 2 samples (rows) each, (N, D) (Szekely & Rizzo 2013).

    MMD^2 with the kernel -|x - y|, which has no width to choose: 0 for equal distributions only, and unbiased.
    """
    count = len(a)
    aa, bb = (torch.cdist(x, x).sum() / (count * (count - 1)) for x in (a, b))
    return 2 * torch.cdist(a, b).mean() - aa - bb
