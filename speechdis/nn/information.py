"""Mutual information by minibatch-weighted sampling (MWS; Chen et al. 2018, Zhu et al. 2020).

The aggregated posterior q(c) = E_x q(c|x) is estimated from the batch, log q(c_i) ~ logsumexp_j log q(c_i|x_j)
- log(B N), N being the number of training segments: one of the B posteriors is c_i's own and would be met
with probability 1/N, so a plain mean over the batch (- log B) would overrate it. The offset changes values,
not gradients. Known limit: while posteriors hardly overlap, every sample matches only itself and the estimate
sits at its ceiling log(B N) whatever the dependence: read it as a penalty, not as a measurement.

q(c_i|x_j) is given by x_j's posterior, except where that of a frame depends on the frames sampled before it (C-DSVAE's
nested posterior, eq 2): then what x_j's posterior gives is along x_j's own history, not along c_i's. Of one frame this
is an unbiased one-sample estimate of q(z_t|x_j), which averages over histories; of a whole trajectory (over="joint", or
I(z; x)) it is the density of no posterior, and pairs off by some nats. `density` takes the exact one, at B times the
work (`nested_density` of models/dsvae.py).
"""

import math

import torch
from torch import Tensor

from speechdis.nn import parallel
from speechdis.nn.gaussian import LOG_2PI, Gaussian


def pairwise_log_density(samples: Tensor, posterior: Gaussian) -> Tensor:
    """log q(c_i | x_j) for every pair, natural log: (..., B, D) samples and posteriors -> (..., B, B).

    In matmul form: (c - m)^2 / v = c^2 / v - 2 c m / v + m^2 / v, so no (..., B, B, D) tensor is made. Means are
    centred first, which keeps the differences of large squares small.
    """
    centre = posterior.mean.mean(dim=-2, keepdim=True).detach()
    mean, samples = posterior.mean - centre, samples - centre
    precision = torch.exp(-posterior.logvar)
    with torch.autocast(samples.device.type, enabled=False):
        squares = samples.square() @ precision.mT - 2 * samples @ (mean * precision).mT
    constant = (mean.square() * precision + posterior.logvar + LOG_2PI).sum(-1)
    return -0.5 * (squares + constant[..., None, :])


def _gathered(posterior: Gaussian) -> Gaussian:
    """Posteriors (B, ...) of every rank."""
    return Gaussian(*(parallel.all_rows(p) for p in posterior))


def _log_mean(log_density: Tensor, population: int) -> Tensor:
    """log q(c_i) from log q(c_i|x_j) (..., B, G)."""
    return log_density.logsumexp(-1) - math.log(log_density.shape[-1] * population)


def information_with_input(
    samples: Tensor, posterior: Gaussian, population: int, density: Tensor | None = None
) -> Tensor:
    """MWS estimate of I(code; x) in nats for codes (B, D): E log q(c|x) - log q(c).

    Args:
        density: log q(c_i|x_j), (B, G), where `posterior` does not give it.
    """
    samples, posterior = samples.float(), Gaussian(*(p.float() for p in posterior))
    own = posterior.log_prob(samples).sum(-1)
    if density is None:
        density = pairwise_log_density(samples, _gathered(posterior))
    return (own - _log_mean(density, population)).mean()


def mutual_information(
    static_posterior: Gaussian,
    dynamic_posterior: Gaussian,
    static: Tensor,
    dynamic: Tensor,
    population: int,
    over: str = "sum",
    density: Tensor | None = None,
) -> Tensor:
    """MWS estimate of I(static; dynamic) in nats: E log q(s, z) - log q(s) - log q(z).

    Args:
        static_posterior, dynamic_posterior: of B segments, (B, S) and (B, T, Z).
        static, dynamic: a sample of each.
        population: number of training segments, N.
        over: "sum" of I(s; z_t) over the frames; "mean" of them (the released C-DSVAE code); "joint" for
            I(s; z_{1:T}) as written in eq 5.
        density: log q(z_t of i | x_j), (T, B, G), where `dynamic_posterior` does not give it.
    """
    s = pairwise_log_density(static.float(), _gathered(Gaussian(*(p.float() for p in static_posterior))))
    z = density  # (T, B, G)
    if z is None:
        frames = Gaussian(*(p.float().transpose(0, 1) for p in map(parallel.all_rows, dynamic_posterior)))
        z = pairwise_log_density(dynamic.float().transpose(0, 1), frames)
    if over == "joint":
        z = z.sum(0, keepdim=True)
    estimate = (
        _log_mean(s + z, population) - _log_mean(s, population) - _log_mean(z, population)
    )  # (T or 1, B)
    per_segment = estimate.mean(0) if over == "mean" else estimate.sum(0)
    return per_segment.mean()
