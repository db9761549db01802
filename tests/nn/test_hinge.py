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
    """k(i, i') = exp(-1/2), k(i, j') = 1, k(i', j) = exp(-2): 1 - .607 + 1 and 1 - .607 + .135."""
    means = [torch.tensor([[0.0]]), torch.tensor([[1.0]])]
    others = [torch.tensor([[-1.0]]), torch.tensor([[0.0]])]
    expected = (1 - math.exp(-0.5) + 1) + (1 - math.exp(-0.5) + math.exp(-2))
    assert semantic_hinge(means, others, 1.0, 1.0).item() == pytest.approx(expected)


def test_nothing_is_left_once_the_margin_is_kept() -> None:
    means, others = [torch.zeros(1, 2)] * 2, [torch.full((1, 2), 9.0)] * 2
    assert semantic_hinge(means, others, 0.9, 1.0).item() == 0.0
    assert semantic_hinge(others, means, 0.9, 1.0).item() == 0.0
    assert semantic_hinge(means, means, 0.9, 1.0).item() == pytest.approx(1.8)


def test_three_modalities_are_six_ordered_pairs() -> None:
    g = torch.Generator().manual_seed(0)
    means, others = torch.randn(2, 3, 5, 4, generator=g)
    brute = [
        sum(
            max(
                0.0,
                0.5 - math.exp(-((m[i] - n[i]) ** 2).sum() / 8) + math.exp(-((m[i] - o[i]) ** 2).sum() / 8),
            )
            for m, n, o in ((means[a], means[b], others[b]) for a, b in permutations(range(3), 2))
        )
        for i in range(5)
    ]
    assert semantic_hinge(list(means), list(others), 0.5, 2.0).tolist() == pytest.approx(brute)


def test_gradient_agrees_with_finite_differences() -> None:
    g = torch.Generator().manual_seed(0)
    tensors = [torch.randn(3, 4, generator=g, dtype=torch.double, requires_grad=True) for _ in range(4)]
    assert torch.autograd.gradcheck(lambda a, b, c, d: semantic_hinge([a, b], [c, d], 1.0, 1.5), tensors)
