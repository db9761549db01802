"""Codes that several frames share: each at every frame that it is of, and what a layer makes of one as frames."""

from torch import Tensor


def held(codes: Tensor, stride: int, frames: int) -> Tensor:
    """Codes (B, C, Z), each at the `stride` frames that it is of, (B, T, Z); the last may be of fewer.

    >>> import torch
    >>> held(torch.tensor([[[1.0], [2.0]]]), 2, 3)[..., 0]
    tensor([[1., 1., 2.]])
    """
    return codes if stride == 1 else codes.repeat_interleave(stride, 1)[:, :frames]


def spread(h: Tensor, stride: int, frames: int) -> Tensor:
    """What stands side by side in each code's channels (B, stride W, C), one after another (B, W, T).

    Shi et al. 2016, sub-pixel convolution.

    >>> import torch
    >>> spread(torch.tensor([[[1.0, 3.0], [2.0, 4.0]]]), 2, 4)
    tensor([[[1., 2., 3., 4.]]])
    """
    if stride == 1:
        return h
    apart: Tensor = h.unflatten(1, (-1, stride)).transpose(2, 3)  # (B, W, C, stride)
    return apart.flatten(2)[..., :frames]
