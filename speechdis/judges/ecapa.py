"""ECAPA-TDNN (Desplanques, Thienpondt & Demuynck 2020, arXiv 2005.07143), SpeechBrain's, computed in fewer passes.

A small one is 38 convolutions, most of 12 channels, beside 31 batch normalisations: what takes time is that there are
many. Here all utterances lie in one row, (C, B T), where a convolution is one matrix product. Weights, and what comes
out but for rounding, are SpeechBrain's.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechdis.nn.speechbrain_modules import drop_lazy_modules

SMALL = 1e-12  # least variance over time, as SpeechBrain has it


class Ecapa(nn.Module):
    """Embeddings (B, 1, E) of utterances (B, T, D).

    Args:
        inputs: D.
        channels: width of its layers; the last has three times as many.
        size: E.
    """

    def __init__(self, inputs: int, channels: int, size: int) -> None:
        from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN

        super().__init__()
        drop_lazy_modules()
        self.network = ECAPA_TDNN(
            inputs,
            channels=[channels] * 4 + [3 * channels],
            lin_neurons=size,
            attention_channels=channels // 2,
            se_channels=channels // 2,
        )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        net = self.network
        first, *blocks = net.blocks
        h = _layer(first, x.permute(2, 0, 1))  # (C, B, T)
        heard = []
        for block in blocks:
            h = _block(block, h)
            heard.append(h)
        h = _layer(net.mfa, torch.cat(heard)).float()  # (3 C, B, T)
        pooled = _normalised(net.asp_bn, _pooled(net.asp, h))  # (6 C, B)
        embedding: Tensor = _product(net.fc, pooled).T[:, None]
        return embedding


def _product(conv: Any, h: Tensor) -> Tensor:
    """A convolution of kernel 1, (C', ...) of (C, ...)."""
    weight, bias = conv.conv.weight.flatten(1), conv.conv.bias[:, None]
    return torch.addmm(bias, weight, h.flatten(1)).view(-1, *h.shape[1:])


def _convolved(conv: Any, h: Tensor) -> Tensor:
    """A convolution over time (C', B, T) of (C, B, T), whose ends are reflected."""
    (kernel,), (dilation,) = conv.conv.kernel_size, conv.conv.dilation
    if kernel == 1:
        return _product(conv, h)
    padding = dilation * (kernel - 1) // 2
    padded = functional.pad(h, (padding, padding), mode="reflect")
    seen = functional.unfold(padded[None], (1, kernel), (1, dilation))[0]  # (C kernel, B T)
    weight, bias = conv.conv.weight.flatten(1), conv.conv.bias[:, None]
    return torch.addmm(bias, weight, seen).view(-1, *h.shape[1:])


def _normalised(norm: Any, h: Tensor) -> Tensor:
    """Batch normalisation of (C, ...)."""
    return norm.norm(h.reshape(1, len(h), -1)).view(h.shape)


def _layer(layer: Any, h: Tensor) -> Tensor:
    return _normalised(layer.norm, layer.activation(_convolved(layer.conv, h)))


def _block(block: Any, h: Tensor) -> Tensor:
    """Res2Net, squeeze and excitation: each part of the channels also sees what the one before it became."""
    first, *parts = _layer(block.tdnn1, h).chunk(block.res2net_block.scale)
    made = [first]
    for layer, part in zip(block.res2net_block.blocks, parts, strict=True):
        made.append(_layer(layer, part if len(made) == 1 else part + made[-1]))
    y = _layer(block.tdnn2, torch.cat(made))
    gate = _product(
        block.se_block.conv2, _product(block.se_block.conv1, y.mean(2)).relu()
    ).sigmoid()  # (C, B)
    return torch.addcmul(h, y, gate[..., None])


def _pooled(asp: Any, h: Tensor) -> Tensor:
    """Mean and deviation over time (2 C, B) of (C, B, T), weighted by attention, which knows those of the utterance."""
    about = _statistics(h, torch.full((), 1 / h.shape[2], device=h.device))
    conv = asp.tdnn.conv.conv
    own, whole = conv.weight.flatten(1).split([len(h), len(about)], 1)
    told = torch.addmm(conv.bias[:, None], whole, about)  # (A, B)
    seen = (own @ h.flatten(1)).view(-1, *h.shape[1:]) + told[..., None]
    attended = asp.tanh(_normalised(asp.tdnn.norm, asp.tdnn.activation(seen)))
    return _statistics(h, _product(asp.conv, attended).float().softmax(2))


def _statistics(h: Tensor, weight: Tensor) -> Tensor:
    """Mean and deviation over time (2 C, B) of (C, B, T). The mean has no gradient in the variance: it is 0."""
    mean = (weight * h).sum(2)
    variance = (weight * (h - mean[..., None].detach()).square()).sum(2)
    return torch.cat([mean, variance.clamp(SMALL).sqrt()])
