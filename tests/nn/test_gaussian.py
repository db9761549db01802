"""Gaussians against torch.distributions, Monte Carlo and finite differences."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from speechdis.nn import sequence
from speechdis.nn.gaussian import Gaussian, GaussianHead, bounded, unit_nats


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


@pytest.mark.parametrize("lengths", [None, [2, 3]])
def test_nats_of_unit_variance_are_the_densitys(lengths: list[int] | None) -> None:
    mean, x = torch.randn(2, 2, 3, 4, dtype=torch.float64)
    frames = sequence.mask(None if lengths is None else torch.tensor(lengths), x)
    expected = -(Normal(mean, 1.0).log_prob(x) * frames).sum((1, 2)).mean()
    torch.testing.assert_close(unit_nats(mean, x, frames), expected)


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


def test_values_are_those_of_a_clamp_and_inside_so_is_the_gradient() -> None:
    x = torch.linspace(-12, 12, 97, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(bounded(x), x.clamp(-8, 8), rtol=0, atol=0)
    inside = torch.linspace(-7.9, 7.9, 20, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: bounded(x).sin(), inside)


@pytest.mark.parametrize("start", [-30.0, -8.0, 8.0, 30.0])
@pytest.mark.parametrize("target", [-20.0, 3.0, 20.0])
def test_a_log_variance_comes_back_from_outside_and_goes_no_further_out(start: float, target: float) -> None:
    """Descent of (logvar - target)^2 ends at the nearest value to `target` in range, from wherever it began."""
    x = torch.tensor([start], requires_grad=True)
    furthest = 0.0
    for _ in range(400):
        (gradient,) = torch.autograd.grad((bounded(x) - target).square().sum(), x)
        with torch.no_grad():
            x -= 0.1 * gradient
        furthest = max(furthest, x.abs().item())
    assert bounded(x).item() == pytest.approx(min(max(target, -8), 8), abs=1e-3)
    assert furthest <= max(abs(start), 8 + 0.1 * 2 * abs(target - start))


def test_a_head_whose_codes_left_the_range_learns_its_way_back() -> None:
    """KL to N(0, 1) from log-variances of -20: with a plain clamp not one of them ever moves."""
    head = GaussianHead(1, 4)
    head.linear.bias.data[4:] = -20.0
    head.linear.weight.data.zero_()
    optimiser = torch.optim.Adam(head.parameters(), lr=0.2)
    for _ in range(300):
        optimiser.zero_grad()
        head(torch.zeros(1, 1)).kl().sum().backward()
        optimiser.step()
    assert head(torch.zeros(1, 1)).logvar.abs().max() < 0.1
