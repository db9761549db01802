"""C-DSVAE: MWS of the nested posterior by brute force, and what a look at the validation speakers shows."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from speechdis.models import cdsvae
from speechdis.models.base import Batch
from speechdis.nn.gaussian import Gaussian
from speechdis.nn.information import pairwise_log_density

CONFIG = cdsvae.Config(static_size=2, dynamic_size=2, hidden_size=6, frame_size=5)
SIZE, FRAMES, BINS = 5, 4, 3


def build(**settings: object) -> cdsvae.Model:
    torch.manual_seed(0)
    model = cdsvae.Model(BINS, replace(CONFIG, **settings)).double()  # type: ignore[arg-type]
    model.dynamic_head.linear.weight.data.mul_(3)  # histories shall matter
    return model


def batch(size: int = SIZE) -> Batch:
    x, twin = torch.randn(2, size, FRAMES, BINS, generator=generator(), dtype=torch.float64)
    return Batch(x, None, twin, x.flip(1), population=50)


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def by_brute_force(model: cdsvae.Model, x: torch.Tensor, z: torch.Tensor) -> np.ndarray:
    """log q(z_t of i | z_<t of i, x_<=t of j), (T, B, B): one recurrence a pair, scipy's density."""
    found = np.zeros((FRAMES, len(z), len(x)))
    for i in range(len(z)):
        for j in range(len(x)):
            state, last = None, torch.zeros(1, 2, dtype=torch.float64)
            for t in range(FRAMES):
                seen = torch.cat([model.frame(x[j : j + 1, t]), last], -1)
                state = model.dynamic_rnn(seen, state)
                q = model.dynamic_head(state[0])
                std = (0.5 * q.logvar).exp()
                last = z[i : i + 1, t]
                found[t, i, j] = stats.norm.logpdf(*(v.detach().numpy() for v in (last, q.mean, std))).sum()
    return found


def test_pairs_are_read_along_the_history_of_the_code() -> None:
    model, data = build(), batch()
    q = model.encode(data.x, None, generator())
    exact = by_brute_force(model, data.x, q.dynamic_sample)
    found = model.nested_density(data.x, q.dynamic_sample).detach().numpy()
    np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-9)
    frames = Gaussian(*(p.transpose(0, 1) for p in q.dynamic))
    along_own = pairwise_log_density(q.dynamic_sample.transpose(0, 1), frames).detach().numpy()
    own = np.eye(SIZE, dtype=bool)
    np.testing.assert_allclose(along_own[:, own], exact[:, own], rtol=1e-6)
    np.testing.assert_allclose(along_own[0], exact[0], rtol=1e-6)  # the first frame has no history
    assert np.abs(along_own - exact)[1:, ~own].mean() > 0.1


@pytest.mark.parametrize("over", ["sum", "mean", "joint"])
def test_exact_estimates_by_brute_force(over: str) -> None:
    model, data = build(exact_histories=True, mutual_information_over=over), batch()
    q = model.encode(data.x, None, generator())
    found = model._by_mws(data, q, {"mws_dynamic", "mutual_information"})
    z = by_brute_force(model, data.x, q.dynamic_sample)
    s = np.array(
        [
            [
                stats.norm.logpdf(*(v.detach().numpy() for v in (c, m, (0.5 * v).exp()))).sum()
                for m, v in zip(*q.static, strict=True)
            ]
            for c in q.static_sample
        ]
    )

    def log_mean(density: np.ndarray) -> np.ndarray:
        return np.log(np.exp(density).sum(-1) / (SIZE * 50))

    parts = z.sum(0, keepdims=True) if over == "joint" else z
    between = (log_mean(s + parts) - log_mean(s) - log_mean(parts)).mean(1)
    between = between.mean() if over == "mean" else between.sum()
    assert found["mutual_information"].item() == pytest.approx(between)
    with_input = np.diag(z.sum(0)) - log_mean(z.sum(0))
    assert found["mws_dynamic"].item() == pytest.approx(with_input.mean())


def test_along_its_own_history_a_posterior_gives_one_frame_without_bias() -> None:
    """q(z_1 | x) = integral of q(z_0 | x) q(z_1 | z_0, x), on a grid, is the mean over sampled histories."""
    model = build(dynamic_size=1)
    x = batch(1).x[:, :2].expand(20_000, -1, -1)
    with torch.no_grad():
        q = model.encode(x, None, generator()).dynamic
        grid = torch.linspace(-12, 12, 4001, dtype=torch.float64)
        paths = torch.stack([grid, grid], -1)[..., None]  # z_0 on the grid, z_1 unread
        first = model.nested_density(x[:1], paths)[0, :, 0].exp()
        for point in (-1.0, 0.0, 0.7):
            at = torch.full_like(grid, point)
            second = model.nested_density(x[:1], torch.stack([grid, at], -1)[..., None])[1, :, 0].exp()
            marginal = torch.trapezoid(first * second, grid)
            sampled = Gaussian(q.mean[:, 1], q.logvar[:, 1]).log_prob(torch.tensor(point)).exp()
            spread = sampled.std() / math.sqrt(len(sampled))
            assert sampled.mean().item() == pytest.approx(marginal.item(), abs=4 * spread.item() + 1e-6)


@pytest.mark.parametrize("settings", [{}, {"information": "mws"}, {"mutual_information": 0.0}], ids=str)
@pytest.mark.parametrize("posterior", ["factorised", "nested"])
def test_a_look_shows_mws_whatever_is_trained_by(settings: dict[str, object], posterior: str) -> None:
    """Figures 6, 14 and 15: and what the loss is does not depend on it."""
    model, data = build(posterior=posterior, **settings), batch()
    loss, look = model.loss(data, generator()), model.validation_terms(data, generator())
    assert {"mws_static", "mws_dynamic", "mutual_information"} <= look.keys()
    assert {name: look[name] for name in loss} == loss
    if model.config.information == "mws":
        assert look["mws_static"] == -loss["contrast_static"]
        assert look["mws_dynamic"] == -loss["contrast_dynamic"]
    else:
        assert "mws_static" not in loss
