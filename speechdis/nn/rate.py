"""A divergence held at a number of nats by its weight, which moves until it is there: rate by a target.

To lose as little as can be at a rate R is a constrained problem, and its Lagrangian is what a model lowers,

    reconstruction + weight (nats - R)

(Alemi et al. 2018, "Fixing a broken ELBO"). The weight rises where there are more nats than R, and falls where there
are fewer, by a share of itself a step. GECO holds the distortion in this way, and smooths it (Rezende & Viola 2018).
Here the network is slow enough.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from speechdis.nn import parallel

STEP = 0.01  # of the logarithm of the weight, at most: a factor e takes 100 training steps or more
LOWEST, HIGHEST = 1e-4, 1e4


class Rate(nn.Module):
    """The weight that holds a divergence at `target` nats. It is a buffer: checkpoints and states keep it.

    Args:
        target: nats, above 0.
        weight: to begin with.
    """

    __call__: Callable[..., tuple[Tensor, Tensor]]  # nn.Module's gives Any
    log_weight: Tensor

    def __init__(self, target: float, weight: float) -> None:
        super().__init__()
        self.target = target
        self.register_buffer("log_weight", torch.tensor(math.log(min(max(weight, LOWEST), HIGHEST))))

    def forward(self, nats: Tensor) -> tuple[Tensor, Tensor]:
        """weight (nats - target), (), for the loss, and the weight, (); in training it then moves."""
        weight = self.log_weight.exp()
        if self.training:
            self._adapt(nats.detach())
        return weight * (nats - self.target), weight

    @torch.no_grad()
    def _adapt(self, nats: Tensor) -> None:
        excess = parallel.mean(nats.float()) / self.target - 1
        self.log_weight += STEP * excess.nan_to_num().clamp(-1, 1)
        self.log_weight.clamp_(math.log(LOWEST), math.log(HIGHEST))
