"""The fast recurrence is the plain loop: values, and gradients of everything that goes in."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from speechdis.nn.gaussian import bounded
from speechdis.nn.recurrence import SLOPE, Weights, roll

T, B, P, H, Z, U = 5, 3, 6, 4, 2, 5


def plain(drive: Tensor, noise: Tensor, w: Weights, lagged: bool) -> tuple[Tensor, ...]:
    """The equations of the module's head, a frame at a time, by autograd."""
    h = c = drive.new_zeros(len(drive[0]), H)
    u = leaky_relu(w.latent_bias, SLOPE)
    found: list[list[Tensor]] = [[h], [], [], []]
    for t in range(len(drive)):
        a = drive[t] + h @ w.state
        mean, logvar = (leaky_relu(a[:, :P], SLOPE) @ w.head + w.head_bias).chunk(2, -1)
        logvar = bounded(logvar)
        z = mean + torch.exp(logvar / 2) * noise[t]
        last, u = u, leaky_relu(z @ w.latent + w.latent_bias, SLOPE)
        o, i, f, g = (a[:, P:] + (last if lagged else u) @ w.feed).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        for values, value in zip(found, (h, mean, logvar, z), strict=True):
            values.append(value)
    return (*(torch.stack(values) for values in found), c)


def inputs(scale: float = 0.5) -> tuple[Tensor, Tensor, Weights]:
    torch.manual_seed(0)
    shapes = [(H, P + 4 * H), (P, 2 * Z), (2 * Z,), (Z, U), (U,), (U, 4 * H)]
    tensors = [scale * torch.randn(s, dtype=torch.float64) for s in [(T, B, P + 4 * H), *shapes]]
    drive, *weights = (t.requires_grad_() for t in tensors)
    return drive, torch.randn(T, B, Z, dtype=torch.float64), Weights(*weights)


@pytest.mark.parametrize("lagged", [False, True])
@pytest.mark.parametrize("scale", [0.5, 5.0])  # at 5 some log-variances are clamped
def test_values_and_gradients_of_the_plain_loop(lagged: bool, scale: float) -> None:
    drive, noise, w = inputs(scale)
    torch.manual_seed(1)
    ours, theirs = roll(drive, noise, w, lagged), plain(drive, noise, w, lagged)
    weighting = [torch.randn_like(v) for v in theirs[:4]]
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)
    gradients = [
        torch.autograd.grad(sum((v * k).sum() for v, k in zip(made, weighting, strict=False)), (drive, *w))
        for made in (ours, theirs)
    ]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)
    assert (ours.logvar.abs() == 8).any() == (scale == 5.0)


@pytest.mark.parametrize("lagged", [False, True])
def test_gradients_are_finite_differences(lagged: bool) -> None:
    drive, noise, w = inputs()
    assert torch.autograd.gradcheck(lambda d, *ws: roll(d, noise, Weights(*ws), lagged)[:4], (drive, *w))
