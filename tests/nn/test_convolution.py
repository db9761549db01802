"""Convolutions over segments: normalisation against torch's own, and that padding is nowhere seen."""

import pytest
import torch
from torch.nn import functional

from speechdis.nn.convolution import (
    AttentiveStatistics,
    Block,
    Convolution,
    normalised_over_time,
)

H = torch.randn(3, 6, 11, generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([11, 4, 7])
REAL = (torch.arange(11) < LENGTHS[:, None]).float()[:, None]
ALL = torch.ones(())


def test_over_time_is_instance_normalisation() -> None:
    torch.testing.assert_close(normalised_over_time(H, ALL), functional.instance_norm(H))


@pytest.mark.parametrize("dilation", [1, 2])
def test_a_convolution_is_torchs_in_either_order_of_memory(dilation: int) -> None:
    conv = Convolution(6, 4, 5, padding=2 * dilation, dilation=dilation)
    expected = functional.conv1d(H, conv.weight, conv.bias, padding=2 * dilation, dilation=dilation)
    side_by_side = H.transpose(1, 2).contiguous().transpose(1, 2)
    torch.testing.assert_close(conv(H), expected)
    torch.testing.assert_close(conv(side_by_side), expected)
    assert conv(side_by_side).transpose(1, 2).is_contiguous()


def test_a_block_normalises_channels_and_is_modulated() -> None:
    block, voice = Block(6, "channels", condition=3), torch.randn(3, 3)
    assert block.modulation is not None
    scale, shift = block.modulation(voice)[..., None].chunk(2, 1)
    seen = functional.layer_norm(H.transpose(1, 2), (6,)).transpose(1, 2) * (1 + scale) + shift
    expected = H + functional.leaky_relu(block.conv(seen), 0.2)
    torch.testing.assert_close(block(H, ALL, voice), expected)


def test_attentive_statistics_have_the_gradient_of_their_formula() -> None:
    pool, h = AttentiveStatistics(6).double(), H.double().requires_grad_()
    weight = pool.attend(h).masked_fill(REAL == 0, -torch.inf).softmax(-1)
    mean = (weight * h).sum(-1)
    variance = (weight * (h - mean[..., None]).square()).sum(-1)
    expected = torch.cat([mean, (variance + 1e-5).sqrt()], 1)
    found, by = pool(h, REAL.double()), torch.randn(3, 12).double()
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    wanted = [h, *pool.parameters()]
    for a, b in zip(*(torch.autograd.grad((y * by).sum(), wanted) for y in (found, expected)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_attentive_statistics_of_even_weights_are_mean_and_standard_deviation() -> None:
    pool = AttentiveStatistics(6)
    for parameter in pool.parameters():
        parameter.data.zero_()
    expected = torch.cat([H.mean(-1), H.std(-1, correction=0)], 1)
    torch.testing.assert_close(pool(H, ALL), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("norm", ["time", "channels"])
@pytest.mark.parametrize("dilation", [1, 3])
def test_a_block_sees_no_padding(norm: str, dilation: int) -> None:
    torch.manual_seed(0)
    block, condition = Block(6, norm, dilation, condition=2), torch.randn(3, 2)  # type: ignore[arg-type]
    together = block(H, REAL, condition)
    for i, length in enumerate(LENGTHS):
        alone = block(H[i : i + 1, :, :length], ALL, condition[i : i + 1])
        torch.testing.assert_close(together[i, :, :length], alone[0])


def test_pooling_sees_no_padding() -> None:
    torch.manual_seed(0)
    pool = AttentiveStatistics(6)
    together = pool(H, REAL)
    for i, length in enumerate(LENGTHS):
        torch.testing.assert_close(together[i], pool(H[i : i + 1, :, :length], ALL)[0])
