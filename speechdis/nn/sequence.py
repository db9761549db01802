"""Recurrences over segments: fused calls, exact for segments of different lengths."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

SLOPE = 0.2  # of every LeakyReLU


def run(rnn: nn.RNNBase, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Outputs (B, T, H) and the last state of every layer and direction side by side, (B, layers * directions * H).

    Frames past `lengths` (B,) neither enter the state nor come out (zeros). None: all frames count.
    """
    if lengths is None:
        output, state = rnn(x)
    else:
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        packed_output, state = rnn(packed)
        output, _ = pad_packed_sequence(packed_output, batch_first=True, total_length=x.shape[1])
    hidden = state[0] if isinstance(state, tuple) else state  # (layers * directions, B, H)
    return output, torch.cat(list(hidden), dim=-1)


def mask(lengths: Tensor | None, x: Tensor) -> Tensor:
    """1.0 for frames that count, 0.0 past the end, (B, T, 1); 1.0 alone where all frames count.

    >>> mask(torch.tensor([1, 3]), torch.zeros(2, 3, 80))[..., 0]
    tensor([[1., 0., 0.],
            [1., 1., 1.]])
    """
    if lengths is None:
        return x.new_ones(())
    return (torch.arange(x.shape[1], device=x.device) < lengths[:, None]).to(x.dtype)[..., None]


def delayed(x: Tensor) -> Tensor:
    """x_{t-1} at frame t, zeros at frame 0, (B, T, F)."""
    return nn.functional.pad(x, (0, 0, 1, 0))[:, :-1]


def ancestral(
    rnn: nn.RNNBase,
    head: Callable[[Tensor], Any],
    segments: int,
    frames: int,
    generator: torch.Generator,
) -> Tensor:
    """Sequences (B, T, Z) drawn from p(z_t | z_<t): each sample of what `head` gives is what `rnn` reads next."""
    z = next(rnn.parameters()).new_zeros(segments, 1, rnn.input_size)
    state, drawn = None, []
    for _ in range(frames):
        hidden, state = rnn(z, state)
        z = head(hidden).sample(generator)
        drawn.append(z)
    return torch.cat(drawn, 1)


def mlp(*sizes: int) -> nn.Sequential:
    """Linear layers of these sizes with LeakyReLU between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers[:-1])
