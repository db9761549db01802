"""The hinge of PVAE by hand, and its gradient by finite differences."""

import math
from itertools import permutations

import pytest
import torch

from speechdis.nn.hinge import rbf, semantic_hinge


def test_the_kernel_by_hand() -> None:
    a, b = torch.tensor([[0.0, 0.0], [1.0, 2.0]]), torch.tensor([[3.0, 4.0], [1.0, 2.0]])
    assert rbf(a, b, 5.0).tolist() == pytest.approx([math.exp(-0.5), 1.0])


def test_two_modalities_by_hand() -> None:
    """Sample i at 0 and 1, j at -1 and 0: k(i, i') = k(j, j') = exp(-1/2), k(i, j') = 1, k(j, i') = exp(-2)."""
    means = [torch.tensor([[0.0], [-1.0]]), torch.tensor([[1.0], [0.0]])]
    one, two = 1 - math.exp(-0.5) + 1, 1 - math.exp(-0.5) + math.exp(-2)
    assert semantic_hinge(means, 1.0, 1.0).tolist() == pytest.approx([one + two, two + one])


def test_nothing_is_left_once_the_margin_is_kept() -> None:
    apart = torch.eye(3) * 9
    assert semantic_hinge([apart, apart], 0.9, 1.0).tolist() == [0.0] * 3
    assert semantic_hinge([torch.zeros(3, 2)] * 2, 0.9, 1.0).tolist() == pytest.approx([1.8] * 3)


def test_three_modalities_are_six_ordered_pairs_with_every_other_sample() -> None:
    means = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))

    def kernel(a: torch.Tensor, b: torch.Tensor) -> float:
        return math.exp(-float((a - b).square().sum()) / 8)

    brute = [
        sum(
            max(0.0, 0.5 - kernel(m[i], n[i]) + kernel(m[i], n[j])) / 4
            for m, n in permutations(means, 2)
            for j in range(5)
            if j != i
        )
        for i in range(5)
    ]
    assert semantic_hinge(list(means), 0.5, 2.0).tolist() == pytest.approx(brute)


def test_gradient_agrees_with_finite_differences() -> None:
    g = torch.Generator().manual_seed(0)
    tensors = [torch.randn(3, 4, generator=g, dtype=torch.double, requires_grad=True) for _ in range(2)]
    assert torch.autograd.gradcheck(lambda a, b: semantic_hinge([a, b], 1.0, 1.5), tensors)
