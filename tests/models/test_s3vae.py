"""S3VAE's terms against hand-computed values and finite differences."""

import math
from dataclasses import replace

import pytest
import torch
from gradients import assert_gradient

from speechdis.models import s3vae
from speechdis.models.base import Batch

CONFIG = s3vae.Config(static_size=3, dynamic_size=2, hidden_size=6, frame_size=5)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def build(**settings: object) -> s3vae.Model:
    torch.manual_seed(0)
    return s3vae.Model(4, replace(CONFIG, **settings)).double()


def batch(size: int = 4, frames: int = 5) -> Batch:
    x = torch.randn(size, frames, 4, generator=generator(), dtype=torch.float64)
    return Batch(x, static_view=x.flip(1), population=50)


def test_triplet_by_hand() -> None:
    """Distances to the positive 1 and 0, to the other segment 5 and 5."""
    static, positive = torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([[0.0, 1.0], [3.0, 4.0]])
    for margin, expected in [(1.0, 0.0), (4.5, 0.25), (6.0, 1.5)]:
        assert s3vae.triplet(static, positive, margin).item() == pytest.approx(expected, abs=1e-5)


def test_triplet_gradient_agrees_with_finite_differences() -> None:
    codes = [torch.randn(4, 3, generator=generator(), dtype=torch.float64).requires_grad_() for _ in range(2)]
    assert torch.autograd.gradcheck(lambda a, b: s3vae.triplet(a, b + 0.5, 20.0), codes)


def test_loudness_labels_are_quantiles_of_a_standard_normal() -> None:
    loud = torch.tensor(
        [-2.0, -0.44, -0.42, 0.0, 0.42, 0.44, 2.0]
    )  # thirds of N(0, 1) end at -0.4307 and 0.4307
    x = loud[None, :, None] + torch.tensor([-0.3, 0.3])  # a frame's loudness is the mean over its bins
    assert s3vae.loudness_labels(x, 3).tolist() == [[0, 0, 1, 1, 1, 2, 2]]
    many = torch.randn(1, 100_000, 1, generator=generator())
    counts = torch.bincount(s3vae.loudness_labels(many, 5)[0]) / 100_000
    torch.testing.assert_close(counts, torch.full((5,), 0.2), atol=0.01, rtol=0)


def test_a_prediction_that_knows_nothing_costs_log_levels_a_frame() -> None:
    model, data = build(loudness_levels=7), batch()
    for parameter in model.predict.parameters():
        parameter.data.zero_()
    dynamic = torch.randn(4, 5, 2, dtype=torch.float64)
    assert model.prediction(data, dynamic).item() == pytest.approx(5 * math.log(7))
    short = replace(data, lengths=torch.tensor([5, 1, 2, 4]))
    assert model.prediction(short, dynamic).item() == pytest.approx(3 * math.log(7))


def test_prediction_reads_its_own_frame() -> None:
    model, data = build(), batch()
    labels = s3vae.loudness_labels(data.x, 3)
    dynamic = torch.randn(4, 5, 2, generator=generator(), dtype=torch.float64)
    log_share = model.predict(dynamic).log_softmax(-1)
    by_hand = -sum(log_share[b, t, labels[b, t]] for b in range(4) for t in range(5)) / 4
    torch.testing.assert_close(model.prediction(data, dynamic), by_hand)


def test_loss_gradient_agrees_with_finite_differences() -> None:
    model, data = build(margin=10.0), batch()
    for parameter in (model.static_head.linear.weight, model.predict[0].weight):
        assert_gradient(lambda: model.loss(data, generator())["loss"], parameter)


@pytest.mark.parametrize("term", ["static_consistency", "dynamic_prediction", "mutual_information"])
def test_a_term_of_weight_zero_is_left_out(term: str) -> None:
    terms = build(**{term: 0.0}).loss(batch(), generator())
    assert term not in terms
    assert len(terms) == 6  # five of six, and the loss
