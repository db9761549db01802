"""Gaussians against torch.distributions, Monte Carlo and finite differences."""

import torch
from torch.distributions import Normal, kl_divergence

from speechdis.nn.gaussian import Gaussian, GaussianHead


def gaussians() -> tuple[Gaussian, Gaussian, Normal, Normal]:
    g = torch.Generator().manual_seed(0)
    a, b = (Gaussian(*torch.randn(2, 5, 3, generator=g, dtype=torch.float64)) for _ in range(2))
    return a, b, *(Normal(p.mean, (0.5 * p.logvar).exp()) for p in (a, b))


def test_kl_and_density_are_those_of_torch() -> None:
    a, b, na, nb = gaussians()
    torch.testing.assert_close(a.kl(b), kl_divergence(na, nb))
    torch.testing.assert_close(
        a.kl(), kl_divergence(na, Normal(torch.zeros(3).double(), torch.ones(3).double()))
    )
    x = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(a.log_prob(x), na.log_prob(x))


def test_kl_is_the_mean_log_ratio_of_samples() -> None:
    a, b = (
        Gaussian(torch.tensor([0.3]), torch.tensor([-0.5])),
        Gaussian(torch.tensor([-0.2]), torch.tensor([0.4])),
    )
    many = Gaussian(a.mean.expand(400_000, 1), a.logvar.expand(400_000, 1))
    x = many.sample(torch.Generator().manual_seed(1))
    torch.testing.assert_close((a.log_prob(x) - b.log_prob(x)).mean(), a.kl(b)[0], atol=5e-3, rtol=0)


def test_gradients_agree_with_finite_differences() -> None:
    values = [p.requires_grad_() for pair in gaussians()[:2] for p in pair]
    assert torch.autograd.gradcheck(lambda m, v, n, w: Gaussian(m, v).kl(Gaussian(n, w)).sum(), values)


def test_a_head_cannot_leave_the_range_of_float32() -> None:
    head = GaussianHead(2, 3)
    posterior = head(torch.full((1, 2), 1e6))
    assert posterior.logvar.abs().max() <= 8
    assert torch.isfinite(posterior.log_prob(torch.zeros(1, 3))).all()
