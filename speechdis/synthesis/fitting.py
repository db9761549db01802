"""Codes moved to where they explain a recording best.

An encoder guesses codes in one pass, and its guess is not the best one. From there gradients lead on to the mode of

    log p(x | s, z) - PRIOR/2 |s - s'|^2 - PRIOR/2 sum_t |z_t - z'_t|^2,     s', z': the guess,

first over s, of which a recording has one, then over z: what the decoder then lacks of a recording is less, and so a
swap borrows less of the voice that it comes from (semi-amortised inference: Kim et al. 2018, arXiv 1802.02550). What
attackers and tables see are the encoder's codes, never these.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from speechdis.models.base import StaticDynamicModel

STEPS, RATE = 5, 0.2  # of Adam; sixty, smaller, find no better voices
PRIOR = 1.0
MOST = 48  # segments by which s is fitted: of those of Revoice, a minute


def static(
    model: StaticDynamicModel,
    x: Tensor,
    heard: Tensor,
    guess: Tensor,
    dynamic: Tensor,
    lengths: Tensor | None,
) -> Tensor:
    """What to add to the static vectors `guess` (M, S) of a recording's segments, (1, S).

    Args:
        model: whose decoder is to explain them.
        x: normalised frames (M, T, F).
        heard: 1 for frames and bins that count, (M, T, F), or a scalar 1 where all do.
        guess: static vectors (M, S) that they are decoded with.
        dynamic: their dynamic vectors (M, T, Z).
        lengths: frames of each segment (M,); None where all have T.
    """

    def cost(step: Tensor) -> Tensor:
        return _nats(model.decode(guess + step, dynamic, lengths).mean, x, heard).sum(0, keepdim=True)

    return _descended(cost, guess.new_zeros(1, guess.shape[1]))


def dynamic(
    model: StaticDynamicModel, x: Tensor, heard: Tensor, static: Tensor, guess: Tensor, lengths: Tensor | None
) -> Tensor:
    """What to add to the dynamic vectors `guess` (M, T, Z), each segment by itself; arguments as of `static`."""

    def cost(step: Tensor) -> Tensor:
        return _nats(model.decode(static, guess + step, lengths).mean, x, heard)

    return _descended(cost, torch.zeros_like(guess))


def _nats(mean: Tensor, x: Tensor, heard: Tensor) -> Tensor:
    """What `mean` (M, T, F) lacks of x, (M,); content frames, its last columns, are not decoded."""
    return ((mean - x[..., : mean.shape[-1]]).square() * heard).sum((1, 2)) / 2


def _descended(cost: Callable[[Tensor], Tensor], step: Tensor) -> Tensor:
    """Of each of N steps (N, ...) the one of least cost (N,), PRIOR and all, that Adam meets on its way from 0.

    Adam: Kingma & Ba 2015, arXiv 1412.6980.
    """
    best, least = step, step.new_full(step.shape[:1], torch.inf)
    # cuDNN's recurrences have no gradients while a model is evaluated
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        step = step.clone().requires_grad_()
        adam = torch.optim.Adam([step], RATE)
        for number in range(STEPS + 1):
            found = cost(step) + PRIOR / 2 * step.square().flatten(1).sum(1)
            lower = found.detach() < least
            least = torch.where(lower, found.detach(), least)
            best = torch.where(lower.view(-1, *[1] * (step.ndim - 1)), step.detach(), best)
            if number == STEPS:
                break
            (step.grad,) = torch.autograd.grad(found.sum(), step)
            adam.step()
    return best
