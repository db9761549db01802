"""Words moved to where they explain a recording best.

An encoder guesses z in one pass, and its guess z' is not the best one. Gradients lead on from there, to the mode
of this.

    log p(x | s, z) - PRIOR/2 sum_t |z_t - z'_t|^2

A decoder that is given nothing else then says more of the words. This is semi-amortised inference (Kim et al. 2018,
arXiv 1802.02550). What attackers and tables see are the encoder's codes, never these.
"""

import torch
from torch import Tensor

from speechdis.models.base import StaticDynamicModel

STEPS, RATE = 5, 0.2  # of Adam; sixty, smaller, find no better words
PRIOR = 1.0


def fit(
    model: StaticDynamicModel, x: Tensor, heard: Tensor, static: Tensor, guess: Tensor, lengths: Tensor | None
) -> Tensor:
    """What to add to the dynamic vectors `guess` (M, T, Z) of segments, each of which is fitted by itself.

    Of all that Adam (Kingma & Ba 2015, arXiv 1412.6980) meets on its way from the guess it is the best.

    Args:
        model: whose decoder is to explain them.
        x: normalised frames (M, T, F); content frames, their last columns, are not decoded.
        heard: 1 for frames and bins that count, (M, T, F), or a scalar 1 where all do.
        static: vectors (M, S) that they are decoded with.
        guess: as the encoder gives them.
        lengths: frames of each segment (M,); None where all have T.
    """
    best, least = torch.zeros_like(guess), guess.new_full(guess.shape[:1], torch.inf)
    # cuDNN's recurrences have no gradients while a model is evaluated
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        step = torch.zeros_like(guess).requires_grad_()
        adam = torch.optim.Adam([step], RATE)
        for number in range(STEPS + 1):
            mean = model.decode(static, guess + step, lengths).mean
            error = (mean - x[..., : mean.shape[-1]]).square() * heard
            cost = (error.sum((1, 2)) + PRIOR * step.square().sum((1, 2))) / 2  # (M,)
            lower = cost.detach() < least
            least = torch.where(lower, cost.detach(), least)
            best = torch.where(lower[:, None, None], step.detach(), best)
            if number == STEPS:
                break
            (step.grad,) = torch.autograd.grad(cost.sum(), step)
            adam.step()
    return best
