"""Terms of a loss summed over batches on the device, and their means over batches and processes."""

import torch
import torch.distributed as dist
from torch import Tensor

from speechdis.nn import parallel


def add(totals: dict[str, Tensor], terms: dict[str, Tensor]) -> None:
    """Add `terms` to `totals`, which may be empty."""
    for name, term in terms.items():
        totals[name] = totals.get(name, 0) + term.detach()


def means_of(totals: dict[str, Tensor], count: int) -> dict[str, float]:
    """Totals over `count` batches as floats, averaged over the ranks too."""
    values = torch.stack([t.float() for t in totals.values()]) / max(count, 1)
    if parallel.world() > 1:
        dist.all_reduce(values)
        values /= parallel.world()
    return dict(zip(totals, values.tolist(), strict=True))
