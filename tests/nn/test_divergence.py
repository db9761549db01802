"""MMD against its closed form between Gaussians, brute force, and its own expectation."""

import math

import pytest
import torch

from speechdis.nn.divergence import energy_distance, mmd, squared_distances


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def closed_form(distance: float, a: float, b: float, dims: int, c: float) -> float:
    """MMD^2 of N(m, a I) and N(m', b I), |m - m'| = distance, kernel exp(-r^2 / c).

    The difference of two draws is Gaussian of variance v = the sum of theirs, and E exp(-r^2 / c) over it is
    (1 + 2 v / c)^(-dims / 2) exp(-distance^2 / (c + 2 v)).
    """

    def expected(v: float, d: float) -> float:
        return (1 + 2 * v / c) ** (-dims / 2) * math.exp(-(d**2) / (c + 2 * v))

    return expected(2 * a, 0) + expected(2 * b, 0) - 2 * expected(a + b, distance)


@pytest.mark.parametrize(("distance", "b"), [(0.0, 1.0), (1.0, 1.0), (0.0, 0.1), (2.0, 4.0)])
def test_gaussians(distance: float, b: float) -> None:
    """The mean of estimates from 12 samples is the closed form: unbiased, at any number of samples."""
    estimates = mmd(
        normal(20_000, 12, 2, seed=0),
        math.sqrt(b) * normal(20_000, 12, 2, seed=1) + distance / math.sqrt(2),
        spread=4.0,
        kernel="rbf",
        widths=(0.5,),
    )
    error = estimates.std() / math.sqrt(len(estimates))
    assert abs(estimates.mean() - closed_form(distance, 1.0, b, 2, c=2.0)) < 4 * error


def test_pairs_that_depend_on_each_other_change_nothing() -> None:
    """Row i of both sides is nearly the same draw, yet equal distributions give 0 on average."""
    shared, own = normal(20_000, 12, 2, seed=0), normal(20_000, 12, 2, seed=1)
    estimates = mmd(shared, 0.8 * shared + 0.6 * own, spread=4.0)
    assert abs(estimates.mean()) < 4 * estimates.std() / math.sqrt(len(estimates))


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_it_is_the_sum_written_out(kernel: str) -> None:
    a, b = normal(2, 5, 3, seed=0), normal(2, 5, 3, seed=1)
    spread = torch.tensor([2.0, 7.0], dtype=torch.float64)
    widths = (0.3, 2.0)

    def k(u: torch.Tensor, v: torch.Tensor, s: float) -> float:
        square = float((u - v) @ (u - v))
        return sum(
            w * s / (w * s + square) if kernel == "imq" else math.exp(-square / (w * s)) for w in widths
        )

    expected = []
    for x, y, s in zip(a, b, spread.tolist(), strict=True):
        pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
        total = sum(
            k(x[i], x[j], s) + k(y[i], y[j], s) - k(x[i], y[j], s) - k(x[j], y[i], s) for i, j in pairs
        )
        expected.append(total / 20)
    torch.testing.assert_close(mmd(a, b, spread, kernel, widths), torch.tensor(expected, dtype=torch.float64))


def test_scaling_samples_and_spread_together_changes_nothing() -> None:
    a, b = normal(8, 3, seed=0), normal(8, 3, seed=1) + 1
    torch.testing.assert_close(mmd(a, b, 6.0), mmd(0.01 * a, 0.01 * b, 6e-4))


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_gradient_agrees_with_finite_differences(kernel: str) -> None:
    a, b = (normal(4, 2, seed=seed).requires_grad_() for seed in (0, 1))
    assert torch.autograd.gradcheck(lambda a, b: mmd(a, b, 4.0, kernel), (a, b))


def test_distances_are_never_negative() -> None:
    a = 1e3 + normal(50, 4, seed=0).float()
    squares = squared_distances(a, a)
    assert (squares >= 0).all()
    torch.testing.assert_close(squares.double(), torch.cdist(a.double(), a.double()) ** 2, atol=2.0, rtol=0.5)


def test_energy_distance_is_that_of_the_distributions_of_each_number() -> None:
    """In one dimension it is 2 times the integral of (F - G)^2 of the distribution functions F and G.

    Of uniforms on [0, 1] and [d, 1 + d] F - G rises to d over d, stays so, and falls again.
    """
    d, g = 0.5, torch.Generator().manual_seed(0)
    a, b = torch.rand(2, 3000, 1, generator=g, dtype=torch.float64)
    integral = 2 * d**3 / 3 + d**2 * (1 - d)
    assert abs(energy_distance(a, b + d) - 2 * integral) < 0.02
    assert abs(energy_distance(a, b)) < 0.005
