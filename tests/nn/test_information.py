"""MWS against its naive form, and against Gaussians whose mutual information is known."""

import math

import pytest
import torch

from speechdis.nn.gaussian import Gaussian
from speechdis.nn.information import information_with_input, mutual_information, pairwise_log_density


def codes(size: int, dims: int, spread: float, std: float, seed: int = 0) -> tuple[torch.Tensor, Gaussian]:
    """Posteriors N(m, std^2) with m ~ N(0, spread^2), and a sample of each."""
    g = torch.Generator().manual_seed(seed)
    mean = spread * torch.randn(size, dims, generator=g)
    posterior = Gaussian(mean, torch.full_like(mean, 2 * math.log(std)))
    return posterior.sample(g), posterior


def test_the_matmul_form_is_the_naive_one() -> None:
    g = torch.Generator().manual_seed(0)
    posterior = Gaussian(5 + torch.randn(4, 6, 3, generator=g), torch.randn(4, 6, 3, generator=g))
    samples = posterior.sample(g)
    naive = Gaussian(posterior.mean[:, None], posterior.logvar[:, None]).log_prob(samples[:, :, None]).sum(-1)
    torch.testing.assert_close(pairwise_log_density(samples, posterior), naive, atol=1e-4, rtol=1e-4)


def test_information_with_the_input_of_an_additive_channel() -> None:
    """c = m + noise: I(c; x) = D/2 log(1 + spread^2 / std^2); with log B for the offset (population 1)."""
    samples, posterior = codes(4000, 2, spread=1.0, std=1.0)
    expected = 0.5 * 2 * math.log(2)
    assert information_with_input(samples, posterior, population=1).item() == pytest.approx(
        expected, abs=0.05
    )


def test_independent_codes_share_nothing_and_a_copied_one_shares_itself() -> None:
    s, qs = codes(3000, 1, 1.0, 1.0, seed=1)
    z, qz = codes(3000, 1, 1.0, 1.0, seed=2)
    z, qz = z[:, None], Gaussian(*(p[:, None] for p in qz))
    independent = mutual_information(qs, qz, s, z, population=1)
    assert abs(independent.item()) < 0.05
    g = torch.Generator().manual_seed(3)
    same = Gaussian(
        *(p[:, None] for p in qs)
    )  # z of the same mean, fresh noise: I = -log(1 - rho^2) / 2, rho = 1/2
    dependent = mutual_information(qs, same, s, same.sample(g), population=1)
    assert dependent.item() == pytest.approx(-0.5 * math.log(1 - 0.25), abs=0.05)


def test_sum_mean_and_joint_over_frames() -> None:
    s, qs = codes(64, 2, 1.0, 0.5)
    z, qz = codes(64, 6, 1.0, 0.5, seed=4)
    z, qz = z.view(64, 3, 2), Gaussian(*(p.view(64, 3, 2) for p in qz))
    total, mean, joint = (mutual_information(qs, qz, s, z, 100, over) for over in ("sum", "mean", "joint"))
    torch.testing.assert_close(total, 3 * mean)
    flat = Gaussian(*(p.view(64, 1, 6) for p in qz))
    torch.testing.assert_close(
        joint, mutual_information(qs, flat, s, z.view(64, 1, 6), 100), atol=1e-4, rtol=1e-4
    )


def test_saturation_is_as_documented() -> None:
    """Posteriors that hardly overlap: the estimate is log(B N), independent codes or not."""
    s, qs = codes(128, 16, 3.0, 0.1, seed=1)
    z, qz = codes(128, 16, 3.0, 0.1, seed=2)
    value = mutual_information(qs, Gaussian(*(p[:, None] for p in qz)), s, z[:, None], population=9000)
    assert value.item() == pytest.approx(math.log(128 * 9000), abs=0.01)
