"""SPYL: which negatives are chosen, and the contrast, by brute force."""

import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from speechdis.models import spyl
from speechdis.models.base import Batch
from speechdis.nn.gaussian import Gaussian

CONFIG = spyl.Config(static_size=3, dynamic_size=2, hidden_size=6, frame_size=5)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def gaussian(rows: int, seed: int) -> Gaussian:
    g = torch.Generator().manual_seed(seed)
    return Gaussian(*torch.randn(2, rows, 3, generator=g, dtype=torch.float64))


def ranked(anchor: Gaussian, bank: Gaussian, i: int) -> list[int]:
    """The bank from the furthest to the nearest of anchor i, by torch's KL."""
    p, q = (
        Normal(g.mean, (0.5 * g.logvar).exp()) for g in (Gaussian(anchor.mean[i], anchor.logvar[i]), bank)
    )
    return kl_divergence(p, q).sum(-1).argsort(descending=True).tolist()


def test_negatives_are_ranked_by_kl_of_the_anchor_from_the_bank() -> None:
    anchor, bank = gaussian(4, 0), gaussian(12, 1)
    soft, semi, some = (
        spyl.choose(anchor, bank, 3, hardness, generator()) for hardness in ("soft", "semi", "any")
    )
    for i in range(4):
        order = ranked(anchor, bank, i)
        assert soft[i].tolist() == order[:3]
        assert semi[i].tolist() == order[4:7]
        assert set(some[i].tolist()) < set(order[:8])
        assert len(set(some[i].tolist())) == 3


def test_the_contrast_written_out() -> None:
    model = spyl.Model(4, replace(CONFIG, bank=3, negatives=1, temperature=0.7))
    anchor, bank, positive = gaussian(4, 0), gaussian(12, 1), gaussian(4, 2).mean

    def phi(a: torch.Tensor, b: torch.Tensor) -> float:
        return math.exp(float(a @ b / a.norm() / b.norm()) / 0.7)

    values = []
    for i in range(4):
        near = phi(anchor.mean[i], positive[i])
        far = sum(phi(anchor.mean[i], bank.mean[j]) for j in ranked(anchor, bank, i)[:4])
        values.append(-math.log(near / (near + far)))
    assert model._contrast(anchor, positive, bank, generator()).item() == pytest.approx(sum(values) / 4)


def test_the_contrast_gradient_agrees_with_finite_differences() -> None:
    model, bank = spyl.Model(4, CONFIG), gaussian(16, 1)
    codes = [gaussian(4, 0).mean.requires_grad_(), gaussian(4, 2).mean.requires_grad_()]
    logvar = torch.zeros_like(codes[0])
    assert torch.autograd.gradcheck(
        lambda a, p: model._contrast(Gaussian(a, logvar), p, bank, generator()), codes
    )


def test_no_gradient_comes_from_the_bank_and_views_keep_what_they_should() -> None:
    """A decoder that passes only s makes every dynamic view alike, whatever z was kept."""
    torch.manual_seed(0)
    model = spyl.Model(4, CONFIG)
    model.decode_dynamic.weight.data.zero_()
    g = generator()
    static, kept = torch.randn(3, 3, generator=g), torch.randn(2, 3, 5, 2, generator=g)
    one, two = (model._again(static, z, generator()).static.mean for z in kept)
    torch.testing.assert_close(one, two)


@pytest.mark.parametrize("term", ["contrast_static", "contrast_dynamic", "mutual_information"])
def test_a_term_of_weight_zero_is_left_out(term: str) -> None:
    x = torch.randn(4, 5, 4, generator=generator())
    terms = spyl.Model(4, replace(CONFIG, **{term: 0.0})).loss(Batch(x, population=50), generator())
    assert term not in terms
    assert len(terms) == 6  # five of six, and the loss
