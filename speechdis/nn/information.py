"""Mutual information by minibatch-weighted sampling (MWS; Chen et al. 2018, Zhu et al. 2020).

The aggregated posterior q(c) = E_x q(c|x) is estimated from the batch, log q(c_i) ~ logsumexp_j log q(c_i|x_j)
- log(B N), N being the number of training segments: one of the B posteriors is c_i's own and would be met
with probability 1/N, so a plain mean over the batch (- log B) would overrate it. The offset changes values,
not gradients. Known limit: while posteriors hardly overlap, every sample matches only itself and the estimate
sits at its ceiling log(B N) whatever the dependence: read it as a penalty, not as a measurement.
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


def information_with_input(samples: Tensor, posterior: Gaussian, population: int) -> Tensor:
    """MWS estimate of I(code; x) in nats for codes (B, D): E log q(c|x) - log q(c)."""
    samples, posterior = samples.float(), Gaussian(*(p.float() for p in posterior))
    own = posterior.log_prob(samples).sum(-1)
    return (own - _log_mean(pairwise_log_density(samples, _gathered(posterior)), population)).mean()


def mutual_information(
    static_posterior: Gaussian,
    dynamic_posterior: Gaussian,
    static: Tensor,
    dynamic: Tensor,
    population: int,
    over: str = "sum",
) -> Tensor:
    """MWS estimate of I(static; dynamic) in nats: E log q(s, z) - log q(s) - log q(z).

    Args:
        static_posterior, dynamic_posterior: of B segments, (B, S) and (B, T, Z).
        static, dynamic: a sample of each.
        population: number of training segments, N.
        over: "sum" of I(s; z_t) over the frames; "mean" of them (the released C-DSVAE code); "joint" for
            I(s; z_{1:T}) as written in eq 5.
    """
    s = pairwise_log_density(static.float(), _gathered(Gaussian(*(p.float() for p in static_posterior))))
    frames = Gaussian(*(p.float().transpose(0, 1) for p in map(parallel.all_rows, dynamic_posterior)))
    z = pairwise_log_density(dynamic.float().transpose(0, 1), frames)  # (T, B, G)
    if over == "joint":
        z = z.sum(0, keepdim=True)
    estimate = (
        _log_mean(s + z, population) - _log_mean(s, population) - _log_mean(z, population)
    )  # (T or 1, B)
    per_segment = estimate.mean(0) if over == "mean" else estimate.sum(0)
    return per_segment.mean()
