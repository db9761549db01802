"""The weight that holds a rate, against Shannon's rate-distortion function of a Gaussian."""

import math

import pytest
import torch

from speechdis.nn.rate import HIGHEST, LOWEST, STEP, Rate


@pytest.mark.parametrize("target", [0.5, 1.0])
def test_the_weight_comes_to_the_slope_of_the_rate_distortion_function(target: float) -> None:
    """Of N(0, V): half the squared error is V exp(-2 R) / 2, so a code of R nats is best at the weight V exp(-2 R)."""
    variance, rate = 4.0, Rate(target, 0.3)
    for _ in range(1500):
        nats = 0.5 * (math.log(variance) - rate.log_weight)  # what the best code has at this weight
        _, weight = rate(nats)
    assert nats.item() == pytest.approx(target, rel=0.01)
    assert weight.item() == pytest.approx(variance * math.exp(-2 * target), rel=0.02)


def test_the_weight_moves_in_training_alone_by_a_limited_share() -> None:
    rate = Rate(2.0, 0.5)
    for nats, share in ((2.0, 0.0), (3.0, 0.5), (1.0, -0.5), (1e9, 1.0), (math.nan, 0.0), (0.0, -1.0)):
        before = rate.log_weight.item()
        held, weight = rate(torch.tensor(nats))
        assert weight.item() == pytest.approx(math.exp(before))
        assert rate.log_weight.item() == pytest.approx(before + STEP * share, abs=1e-6)
    rate.eval()
    before = rate.log_weight.clone()
    held, weight = rate(torch.tensor(5.0))
    assert (held / weight).item() == pytest.approx(3.0)
    assert rate.log_weight.equal(before)


@pytest.mark.parametrize(("weight", "nats", "end"), [(0.0, 0.0, LOWEST), (1e6, 9.0, HIGHEST)])
def test_the_weight_stays_in_its_range(weight: float, nats: float, end: float) -> None:
    rate = Rate(1.0, weight)
    rate(torch.tensor(nats))
    assert rate.log_weight.exp().item() == pytest.approx(end, rel=1e-4)
