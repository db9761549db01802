"""Convolutions over segments: normalisation against torch's own, and that padding is nowhere seen."""

import pytest
import torch
from torch.nn import functional

from speechdis.nn.convolution import (
    AttentiveStatistics,
    Block,
    normalised_over_channels,
    normalised_over_time,
)

H = torch.randn(3, 6, 11, generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([11, 4, 7])
REAL = (torch.arange(11) < LENGTHS[:, None]).float()[:, None]
ALL = torch.ones(())


def test_over_time_is_instance_normalisation() -> None:
    torch.testing.assert_close(normalised_over_time(H, ALL), functional.instance_norm(H))


def test_over_channels_is_layer_normalisation() -> None:
    expected = functional.layer_norm(H.transpose(1, 2), (6,)).transpose(1, 2)
    torch.testing.assert_close(normalised_over_channels(H, H.shape[1]), expected)


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
