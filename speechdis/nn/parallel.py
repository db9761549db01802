"""Several processes that act as one: every function does nothing when there is only one.

The global batch is cut into consecutive slices, one a rank. Noise is drawn for the global batch and sliced,
and in-batch negatives are gathered, so that W processes compute what one would with W times the batch.
"""

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


def world() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Index of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def wait() -> None:
    """Return once every process has come here."""
    if world() > 1:
        dist.barrier()


def mine(rows: Tensor) -> Tensor:
    """This rank's slice (B, ...) of rows (world * B, ...) that every rank holds alike."""
    size = rows.shape[0] // world()
    return rows[rank() * size : (rank() + 1) * size]


def noise(like: Tensor, generator: torch.Generator | None, views: int = 1) -> Tensor:
    """Standard normal noise of the shape, type and device of `like`: `views` blocks of (B, ...) rows."""
    rows = like.shape[0] // views
    shape = (views, rows * world(), *like.shape[1:])
    drawn = torch.randn(shape, generator=generator, device=like.device, dtype=like.dtype)
    return drawn[:, rank() * rows : (rank() + 1) * rows].flatten(0, 1)


def all_rows(x: Tensor) -> Tensor:
    """Rows of every rank, (world * B, ...), in rank order; gradients flow back to their owners."""
    return x if world() == 1 else _AllRows.apply(x)


class _AllRows(torch.autograd.Function):
    """Not torch's own: deprecated, and with it two processes on the CPU trained R-WAE otherwise than one."""

    @staticmethod
    def forward(_: Any, x: Tensor) -> Tensor:
        x = x.contiguous()
        rows = [torch.empty_like(x) for _ in range(world())]
        dist.all_gather(rows, x)
        return torch.cat(rows)

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return mine(total)


def mean(x: Tensor) -> Tensor:
    """The mean over the ranks of `x`, which each holds of its own slice; no gradient flows back."""
    if world() == 1:
        return x
    total = x.detach().clone()
    dist.all_reduce(total)
    return total / world()


def greatest(number: int, device: torch.device) -> int:
    """The greatest of the numbers that the ranks give, on every rank; `device` is where the ranks meet."""
    if world() == 1:
        return number
    found = torch.tensor(number, device=device)
    dist.all_reduce(found, dist.ReduceOp.MAX)
    return int(found)


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace the gradient of each of `parameters` by its mean over the ranks, in one message."""
    if world() == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= world()
    for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))
