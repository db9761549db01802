"""The contrastive estimate against eq 7 written out, and against a distribution whose answer is known."""

import math

import torch

from speechdis.nn.contrastive import contrastive_information


def equation_7(
    anchor: torch.Tensor, positive: torch.Tensor, negatives: list[torch.Tensor], tau: float
) -> float:
    def phi(a: torch.Tensor, b: torch.Tensor) -> float:
        return math.exp(float(torch.dot(a, b) / a.norm() / b.norm()) / tau)

    total = phi(anchor, positive) + sum(phi(anchor, n) for n in negatives)
    return math.log(phi(anchor, positive) / total) + math.log(len(negatives) + 1)


def test_it_is_equation_8_written_out() -> None:
    a, b = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0))
    values = []
    for i in range(5):
        negatives = [v[j] for v in (a, b) for j in range(5) if j != i]
        values += [equation_7(a[i], b[i], negatives, 0.5), equation_7(b[i], a[i], negatives, 0.5)]
    torch.testing.assert_close(contrastive_information(a, b, 0.5), torch.tensor(sum(values) / 10))


def test_views_that_say_nothing_give_nothing_and_equal_views_the_ceiling() -> None:
    g = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 256, 64, generator=g)
    assert abs(contrastive_information(a, b, 1.0)) < 0.05
    codes = torch.eye(8)
    torch.testing.assert_close(contrastive_information(codes, codes, 0.01), torch.tensor(math.log(15)))


def test_a_zero_vector_and_half_precision_stay_finite() -> None:
    a = torch.zeros(4, 3, dtype=torch.bfloat16, requires_grad=True)
    value = contrastive_information(a, a)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(a.grad).all()


def test_gradient_agrees_with_finite_differences() -> None:
    a, b = torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(0))
    a.requires_grad_()
    gradient = torch.autograd.grad(contrastive_information(a, b), a)[0]
    step = torch.zeros_like(a)
    step[1, 0] = 1e-2
    with torch.no_grad():
        slope = (contrastive_information(a + step, b) - contrastive_information(a - step, b)) / 2e-2
    torch.testing.assert_close(gradient[1, 0], slope, atol=1e-3, rtol=1e-2)
