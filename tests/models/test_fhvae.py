"""FHVAE: every term by hand, its closed form by brute force, its table and its swap by their definitions."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from speechdis import models
from speechdis.models.base import Batch
from speechdis.models.fhvae import Z2_VARIANCE, Config, Model
from speechdis.nn.gaussian import LOGVAR_LIMIT

BINS, FRAMES, ROWS = 5, 4, 7
UTTERANCE, SEGMENTS = torch.tensor([3, 0, 3]), torch.tensor([4, 9, 4])


def build(**settings: object) -> Model:
    torch.manual_seed(0)
    small = {"static_size": 3, "dynamic_size": 2, "hidden_size": 6, "rows": ROWS, "table_std": 0.5}
    return models.build("fhvae", BINS, Config(**{**small, **settings})).double()  # type: ignore[arg-type]


def batch() -> Batch:
    x = torch.randn(3, FRAMES, BINS, generator=torch.Generator().manual_seed(1)).double()
    return Batch(x, utterance=UTTERANCE, segments=SEGMENTS)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(2)


def still(model: Model, mean: float, logvar: float) -> None:
    """Make both posteriors N(mean, exp(logvar)) in every dimension, whatever the input."""
    for head in (model.z1_head.linear, model.z2_head.linear):
        nn.init.zeros_(head.weight)
        half = len(head.bias) // 2
        head.bias.data[:half], head.bias.data[half:] = mean, logvar


class TestTerms:
    """The terms of the loss against scipy's densities and the definition of each."""

    def test_reconstruction(self) -> None:
        """log N(x; 0.3, e^-1) where the decoder says so, whatever the codes."""
        model = build()
        nn.init.zeros_(model.x_head.weight)
        model.x_head.bias.data[:BINS], model.x_head.bias.data[BINS:] = 0.3, -1.0
        data = batch()
        by_hand = -stats.norm.logpdf(data.x.numpy(), 0.3, math.exp(-0.5)).sum((1, 2)).mean()
        assert model.loss(data, generator())["reconstruction"].item() == pytest.approx(by_hand)

    def test_divergences(self) -> None:
        """KL(N(m, v) || N(mu2, 0.25)) and KL(N(m, v) || N(0, 1)), integrated numerically."""
        model, mean, logvar = build(), 0.4, -1.2
        still(model, mean, logvar)
        z = np.linspace(-12, 12, 200_001)
        q = stats.norm(mean, math.exp(logvar / 2))

        def divergence(p_mean: float, p_std: float) -> float:
            return np.trapezoid(q.pdf(z) * (q.logpdf(z) - stats.norm.logpdf(z, p_mean, p_std)), z)

        rows = model.table[UTTERANCE].detach().numpy()
        terms = model.loss(batch(), generator())
        by_hand = np.mean([sum(divergence(m, math.sqrt(Z2_VARIANCE)) for m in row) for row in rows])
        assert terms["kl_static"].item() == pytest.approx(by_hand, rel=1e-6)
        assert terms["kl_dynamic"].item() == pytest.approx(2 * divergence(0, 1), rel=1e-6)

    def test_prior_counts_the_segments_of_the_utterance(self) -> None:
        model = build()
        rows = model.table[UTTERANCE].detach().numpy()
        by_hand = -(stats.norm.logpdf(rows).sum(1) / SEGMENTS.numpy()).mean()
        assert model.loss(batch(), generator())["prior"].item() == pytest.approx(by_hand)

    def test_discriminative_is_bayes_over_the_whole_table(self) -> None:
        """-log p(i | z2) by enumeration of p(z2 | mu2_j), at the posterior mean: not at the sample."""
        model, data = build(), batch()
        z2, table = model.embed(data.x)[0].detach().numpy(), model.table.detach().numpy()
        terms = []
        for i, code in zip(UTTERANCE, z2, strict=True):
            density = [np.prod(stats.norm.pdf(code, row, math.sqrt(Z2_VARIANCE))) for row in table]
            terms.append(-math.log(density[i] / sum(density)))
        for seed in (2, 3):
            found = model.loss(data, torch.Generator().manual_seed(seed))["discriminative"]
            assert found.item() == pytest.approx(np.mean(terms))

    def test_alpha_zero_leaves_the_bound(self) -> None:
        assert "discriminative" not in build(discriminative=0.0).loss(batch(), generator())

    @pytest.mark.parametrize("layers", [1, 2])
    def test_gradients_agree_with_finite_differences(self, layers: int) -> None:
        model, data = build(layers=layers), batch()
        names = ["table", "z2_head.linear.weight", "z1_head.linear.bias", "x_head.weight"]
        values = [model.get_parameter(name).detach().clone().requires_grad_() for name in names]

        def terms(*values: torch.Tensor) -> tuple[torch.Tensor, ...]:
            changed = dict(zip(names, values, strict=True))
            found = torch.func.functional_call(
                _Loss(model), {f"model.{n}": v for n, v in changed.items()}, (data,)
            )
            return tuple(found.values())

        assert torch.autograd.gradcheck(terms, values, rtol=1e-4)


class _Loss(nn.Module):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, data: Batch) -> dict[str, torch.Tensor]:
        return self.model.loss(data, generator())


def test_validation_takes_mu2_from_all_segments_of_the_utterance() -> None:
    """For utterances without a row: sum of their z2 over N + 0.25, though no batch holds two segments of one."""
    model = build().eval()
    x = torch.randn(12, FRAMES, BINS, generator=generator()).double()
    owner, count = torch.arange(12) % 4, torch.full((4,), 3)
    parts = [Batch(a, utterance=b, segments=count) for a, b in zip(x.split(4), owner.split(4), strict=True)]
    z2 = model.embed(x)[0]
    mu2 = torch.stack([z2[owner == i].sum(0) / 3.25 for i in range(4)])
    model.begin_look(iter(parts))
    found = [model.loss(part, generator()) for part in parts]
    model.train().table.data[:4] = mu2
    rows = [model.loss(part, generator()) for part in parts]
    for one, other in zip(found, rows, strict=True):
        assert "discriminative" not in one
        for name in ("reconstruction", "kl_static", "kl_dynamic", "prior"):
            torch.testing.assert_close(one[name], other[name])
        assert one["loss"].item() == pytest.approx(sum(one[n].item() for n in one if n != "loss"))


def test_a_look_has_to_see_all_segments_first() -> None:
    with pytest.raises(ValueError, match="begin_look"):
        build().eval().loss(batch(), generator())


@pytest.mark.parametrize("count", [1, 2, 30])
def test_the_closed_form_is_the_mode_of_the_posterior_of_mu2(count: int) -> None:
    """p(mu2 | z2) ~ N(mu2; 0, 1) prod_n N(z2_n; mu2, 0.25), on a grid."""
    z2 = torch.randn(count, 1, generator=generator()).double() + 0.7
    grid = np.linspace(-4, 4, 80_001)
    log_posterior = stats.norm.logpdf(grid)
    for value in z2.ravel():
        log_posterior = log_posterior + stats.norm.logpdf(value, grid, math.sqrt(Z2_VARIANCE))
    assert build()._s_vector(z2).item() == pytest.approx(grid[log_posterior.argmax()], abs=1e-4)


def test_a_pass_begins_with_the_s_vectors_of_all_its_segments() -> None:
    model = build()
    x = torch.randn(20, FRAMES, BINS, generator=generator()).double()
    owner = torch.arange(20) % ROWS
    parts = [
        Batch(a, utterance=b, segments=torch.bincount(owner)[b])
        for a, b in zip(x.split(6), owner.split(6), strict=True)
    ]
    assert model.begin_pass(iter(parts)) == [model.table]
    z2 = model.embed(x)[0]
    for i, row in enumerate(model.table):
        torch.testing.assert_close(row, model._s_vector(z2[owner == i]))
    assert model.table.requires_grad


def test_transfer_shifts_the_s_vector() -> None:
    """What the segments have beside their s-vector stays; of many segments the mean becomes that of the voice."""
    model = build()
    own, voice = (torch.randn(n, 3, generator=generator()).double() for n in (400, 300))
    moved = model.transfer(own, voice + 1)
    torch.testing.assert_close(moved - moved.mean(0), own - own.mean(0))
    torch.testing.assert_close(moved.mean(0), (voice + 1).mean(0), atol=5e-3, rtol=0)
    torch.testing.assert_close(model.transfer(own, own), own)


def test_z1_reads_z2_and_a_segment_has_one() -> None:
    model, data = build(), batch()
    z2 = model.embed(data.x)[0]
    assert not torch.allclose(model.encode_z1(data.x, z2).mean, model.encode_z1(data.x, z2 + 1).mean)
    q = model.encode(data.x, None, generator())
    torch.testing.assert_close(q.dynamic.mean[:, :1].expand_as(q.dynamic.mean), q.dynamic.mean)
    torch.testing.assert_close(model.encode_z1(data.x, q.static_sample).mean, q.dynamic.mean[:, 0])


def test_a_constant_frame_does_not_make_the_bound_explode() -> None:
    model = build(logvar_floor=-2.0)
    model.x_head.bias.data[BINS:] = -100.0
    logvar = model.decode(torch.zeros(1, 3).double(), torch.zeros(1, FRAMES, 2).double()).logvar
    assert (logvar == -2.0).all()
    model.x_head.bias.data[BINS:] = 100.0
    logvar = model.decode(torch.zeros(1, 3).double(), torch.zeros(1, FRAMES, 2).double()).logvar
    assert (logvar == LOGVAR_LIMIT).all()


def test_the_prior_has_the_variance_of_z2_over_utterances() -> None:
    static, dynamic = build().float().sample_prior(20_000, 3, generator())
    assert static.var().item() == pytest.approx(1.25, rel=0.03)
    assert dynamic[:, 0].var().item() == pytest.approx(1, rel=0.03)
    assert torch.equal(dynamic[:, 0], dynamic[:, 2])


def test_a_batch_of_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="of which utterance"):
        build().loss(Batch(torch.zeros(1, FRAMES, BINS).double()), generator())
