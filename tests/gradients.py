"""Gradients against finite differences."""

from collections.abc import Callable

import torch
from torch import Tensor


def assert_gradient(value: Callable[[], Tensor], parameter: Tensor, atol: float = 1e-6) -> None:
    """The gradient of `value` in the first entry of a matrix that it reads is its central difference, and not 0."""
    gradient = torch.autograd.grad(value(), parameter)[0][0, 0]
    with torch.no_grad():
        values = []
        for sign in (1, -1):
            parameter[0, 0] += sign * 1e-6
            values.append(value())
            parameter[0, 0] -= sign * 1e-6
    assert gradient != 0
    torch.testing.assert_close(gradient, (values[0] - values[1]) / 2e-6, rtol=1e-4, atol=atol)
