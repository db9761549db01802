"""Mixtures of diagonal Gaussians, for what one Gaussian does not describe: samples of a waveform, say."""

from typing import NamedTuple

import torch
from torch import Tensor

from speechdis.nn.gaussian import Gaussian, bounded


class Mixture(NamedTuple):
    """sum_k weight_k N(mean_k, exp(logvar_k)); a component has its weight for all dimensions together."""

    logits: Tensor  # (..., K)
    means: Tensor  # (..., K, F)
    logvars: Tensor  # (..., K, F)

    @classmethod
    def of(cls, outputs: Tensor, components: int) -> "Mixture":
        """From a network's outputs (..., K (2 F + 1)); log-variances are `bounded` to +-8."""
        values, logits = outputs[..., :-components], outputs[..., -components:]
        means, logvars = values.unflatten(-1, (components, -1)).chunk(2, -1)
        return cls(logits, means, bounded(logvars))

    @property
    def mean(self) -> Tensor:
        """The expected value (..., F)."""
        return (self.logits.softmax(-1)[..., None] * self.means).sum(-2)

    def log_prob(self, x: Tensor) -> Tensor:
        """Natural-log density of `x` (..., F), (...)."""
        each = Gaussian(self.means, self.logvars).log_prob(x[..., None, :]).sum(-1)
        return (self.logits.log_softmax(-1) + each).logsumexp(-1)

    def sample(self, generator: torch.Generator | None) -> Tensor:
        """One sample (..., F)."""
        waits = torch.empty_like(self.logits).exponential_(
            generator=generator
        )  # the first of K Poisson clocks
        chosen = (
            (self.logits.softmax(-1) / waits).argmax(-1)[..., None, None].expand_as(self.means[..., :1, :])
        )
        mean, logvar = (values.gather(-2, chosen)[..., 0, :] for values in (self.means, self.logvars))
        return Gaussian(mean, logvar).sample(generator)


def outputs(components: int, size: int) -> int:
    """How many numbers say a mixture of `components` over `size` dimensions."""
    return components * (2 * size + 1)
