"""VRNN: its bounds where the answer is known, and what its own frames do."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from speechdis.models import vrnn
from speechdis.models.base import Batch
from speechdis.nn.mixture import Mixture

CONFIG = vrnn.Config(dynamic_size=2, state_size=5, hidden_size=6)
UPDATES = ["vrnn", "text", "line"]
A, C, Q, R = 0.8, 1.5, 0.5, 0.3  # z_t = A z_{t-1} + N(0, Q), x_t = C z_t + N(0, R), z_{-1} = 0
G, D, V = 0.4, 0.3, 0.2  # q(z_t | x_t, z_{t-1}) = N(G x_t + D z_{t-1}, V)
FRAMES, TINY = 6, 1e-4


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(**settings: object) -> vrnn.Model:
    torch.manual_seed(0)
    return vrnn.Model(4, replace(CONFIG, **settings)).double()


def x_of(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator(), dtype=torch.float64)


def linear_gaussian() -> vrnn.Model:
    """A VRNN that is the linear Gaussian state space above.

    Two hidden units of opposite sign make a LeakyReLU linear, LReLU(y) - LReLU(-y) = 1.2 y, and z_{t-1} passes
    through the LSTM where tanh is linear, as TINY z_{t-1}.
    """
    model = vrnn.Model(1, vrnn.Config(dynamic_size=1, state_size=1, hidden_size=2)).double()
    for p in model.parameters():
        p.data.zero_()
    pair, undo = torch.tensor([[1.0], [-1.0]]), torch.tensor([1.0, -1.0]) / 1.2
    for encoder in (model.encode_x, model.encode_z):
        encoder.weight.data[:] = pair
    rnn = model.rnn
    rnn.bias_ih_l0.data[:] = torch.tensor([50.0, -50.0, 0.0, 50.0])  # i, f, g, o: in, nothing kept, out
    rnn.weight_ih_l0.data[2, 2:] = TINY * undo  # of [encoded x, encoded z]
    model.transition.first.weight.data[:] = pair
    model.transition.head.linear.weight.data[0] = A / TINY * undo
    model.transition.head.linear.bias.data[1] = math.log(Q)
    model.proposal.first.weight.data[:, :2] = pair * G * undo
    model.proposal.first.weight.data[:, 2:] = pair * D / TINY
    model.proposal.head.linear.weight.data[0] = undo
    model.proposal.head.linear.bias.data[1] = math.log(V)
    model.emission[0].weight.data[:, :2] = pair * undo
    model.emission[2].weight.data[0] = C * undo
    model.emission[2].bias.data[1] = math.log(R)
    return model


def joint(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and covariance of q(z_{1:T} | x), and the lower triangular map of its noise."""
    step = np.eye(FRAMES) - D * np.eye(FRAMES, k=-1)
    inverse = np.linalg.inv(step)
    return inverse @ (G * x), V * inverse @ inverse.T, inverse


def kalman(x: np.ndarray) -> float:
    """log p(x), by the filter's predictions."""
    mean, variance, total = 0.0, 0.0, 0.0
    for value in x:
        mean, variance = A * mean, A**2 * variance + Q
        spread, error = C**2 * variance + R, value - C * mean
        total -= 0.5 * (math.log(2 * math.pi * spread) + error**2 / spread)
        gain = variance * C / spread
        mean, variance = mean + gain * error, (1 - gain * C) * variance
    return total


def elbo(x: np.ndarray) -> float:
    """E_q log p(x, z) - log q(z), by Gaussian integrals."""
    mean, cov, _ = joint(x)

    def expected(rows: np.ndarray, offset: np.ndarray, variance: float) -> float:
        """E log N(0; offset - rows z, variance), summed over the rows."""
        squares = (offset - rows @ mean) ** 2 + np.diag(rows @ cov @ rows.T)
        return float(-0.5 * (np.log(2 * np.pi * variance) + squares / variance).sum())

    step = np.eye(FRAMES) - A * np.eye(FRAMES, k=-1)
    entropy = 0.5 * FRAMES * (1 + math.log(2 * math.pi * V))
    return expected(C * np.eye(FRAMES), x, R) + expected(step, np.zeros(FRAMES), Q) + entropy


def test_bounds_of_a_linear_gaussian_are_closed_forms() -> None:
    """The ELBO is the integral, and importance weighting closes the gap to the Kalman filter's likelihood."""
    model, x = linear_gaussian(), x_of(1, FRAMES, 1)
    many = 40_000
    with torch.no_grad():
        terms = model.loss(Batch(x.expand(many, -1, -1)), generator())
        weights = model.log_weights(x, None, many, generator())
    exact, evidence = elbo(x[0, :, 0].numpy()), kalman(x[0, :, 0].numpy())
    assert exact < evidence - 0.3
    assert -terms["loss"].item() == pytest.approx(exact, abs=0.03)
    assert weights.mean().item() == pytest.approx(exact, abs=0.03)
    assert vrnn.importance(weights).item() == pytest.approx(evidence, abs=0.03)


def test_an_exact_posterior_has_no_gap() -> None:
    """Independent frames (A = 0) with their true posterior: every single draw weighs p(x)."""
    model, x = linear_gaussian(), x_of(3, FRAMES, 1)
    precision = 1 / Q + C**2 / R
    model.transition.head.linear.weight.data[0] = 0
    model.proposal.first.weight.data[:, 2:] = 0
    model.proposal.first.weight.data[:, :2] *= C / R / precision / G
    model.proposal.head.linear.bias.data[1] = -math.log(precision)
    weights = model.log_weights(x, None, 4, generator())
    variance = C**2 * Q + R
    evidence = -0.5 * (math.log(2 * math.pi * variance) + x[..., 0].square() / variance).sum(1)
    torch.testing.assert_close(weights, evidence.expand(4, 3))


def test_the_importance_weighted_bound_tightens_with_samples() -> None:
    """K draws, averaged over many: K = 1 is the ELBO, and each bound is above the last and below the evidence."""
    model, x = linear_gaussian(), x_of(1, FRAMES, 1)
    with torch.no_grad():
        weights = model.log_weights(x, None, 64 * 500, generator())[:, 0]
    bounds = [vrnn.importance(weights.view(k, -1)).mean().item() for k in (1, 4, 16, 64)]
    assert bounds == sorted(bounds)
    assert bounds[0] == pytest.approx(weights.mean().item())
    assert bounds[1] > bounds[0] + 0.1
    assert bounds[-1] < kalman(x[0, :, 0].numpy()) + 0.01


@pytest.mark.parametrize("update", UPDATES)
def test_padding_counts_for_nothing(update: str) -> None:
    model, x, lengths = build(update=update), x_of(3, 7, 4), torch.tensor([7, 3, 5])
    both = model.log_weights(x, lengths, 2, generator())
    for i, length in enumerate(lengths):
        path = model.follow(x[i : i + 1, :length])
        alone = model.bound(Batch(x[i : i + 1, :length]), path)
        padded = model.bound(Batch(x[i : i + 1], lengths[i : i + 1]), model.follow(x[i : i + 1]))
        torch.testing.assert_close(alone, padded)
    assert both.shape == (2, 3)


@pytest.mark.parametrize("update", UPDATES)
def test_the_future_is_not_read(update: str) -> None:
    model, x = build(update=update), x_of(2, 7, 4)
    later = x.clone()
    later[:, 4:] += 1
    paths = [model.follow(v, generator()) for v in (x, later)]
    torch.testing.assert_close(paths[0].states[:5], paths[1].states[:5])
    torch.testing.assert_close(paths[0].sample[:4], paths[1].sample[:4])


@pytest.mark.parametrize(("update", "from_x", "from_z"), [("vrnn", 2, 2), ("text", 2, 3), ("line", 3, None)])
def test_when_a_frame_and_a_latent_reach_the_state(update: str, from_x: int, from_z: int | None) -> None:
    """x_1 and z_1 reach the state that frame `from_x`, and `from_z`, finds, and none before it."""
    model, x = build(update=update), x_of(1, 6, 4).requires_grad_()
    states = model.follow(x).states
    reached = [bool(torch.autograd.grad(s.sum(), x, retain_graph=True)[0][0, 1].any()) if s.requires_grad else False
               for s in states]  # fmt: skip
    assert reached.index(True) == from_x
    noise = torch.zeros(6, 1, 2, dtype=torch.float64)
    moved = noise.clone()
    moved[1] = 1.0
    if update == "line":
        assert from_z is None
        return
    drive, weights = model._recurrence(model._encoded(x.transpose(0, 1)))
    one, other = (vrnn.roll(drive, n, weights, update == "text").states for n in (noise, moved))
    assert (one != other).any(-1)[:, 0].tolist().index(True) == from_z


@pytest.mark.parametrize("update", UPDATES)
def test_frames_fed_back_are_followed_the_same_way(update: str) -> None:
    """Decoded frames, read again with the same z, find the states that they were decoded from."""
    model, z = build(update=update), x_of(2, 6, 2)
    made = model.decode(torch.empty(2, 0), z).mean
    path = model.follow(made)
    frames = made.transpose(0, 1)
    if update == "line":
        states = path.states
    else:
        drive, weights = model._recurrence(model._encoded(frames))
        states = _states_given(model, drive, weights, z.transpose(0, 1))
    torch.testing.assert_close(model.emitted(states, z.transpose(0, 1)).mean.transpose(0, 1), made)


def _states_given(model: vrnn.Model, drive: Tensor, weights: vrnn.Weights, z: Tensor) -> Tensor:
    """States along given z (T, B, Z): the proposal is made to say z, without spread."""
    said = weights._replace(
        head=torch.zeros_like(weights.head), head_bias=torch.zeros(4, dtype=torch.float64)
    )
    return vrnn.roll(drive, z, said, model.config.update == "text").states[:-1]  # N(0, 1) at z


@pytest.mark.parametrize("update", UPDATES)
def test_a_prompt_is_the_past(update: str) -> None:
    """Going on after a prompt is what going on after the same frames one by one would be: one step by hand."""
    model, x = build(update=update), x_of(1, 5, 4)
    drawn = model.generate(1, 1, generator(3), prompt=x)
    g = generator(3)
    path = model.follow(x, g)
    z = model.transition(path.after[-1]).sample(g)
    torch.testing.assert_close(drawn[:, 0], model.emitted(path.after[-1], z).sample(g))


def test_free_running_has_the_moments_of_the_model() -> None:
    """The state space's stationary variance, from frames fed back."""
    with torch.no_grad():
        x = linear_gaussian().generate(20_000, 12, generator())[:, :, 0]
    for t in (0, 1, 11):
        variance = C**2 * Q * sum(A ** (2 * k) for k in range(t + 1)) + R
        assert x[:, t].var().item() == pytest.approx(variance, rel=0.04)


def test_summaries() -> None:
    x = x_of(2, 6, 4)
    size = {"state": 5, "latent": 2, "both": 7}
    for summary, expected in size.items():
        static, dynamic = build(summary=summary).embed(x)
        assert static.shape == (2, expected)
        if summary == "latent":
            torch.testing.assert_close(static, dynamic.mean(1))


def test_a_mixture_is_an_emission() -> None:
    model, x = build(components=3), x_of(2, 6, 4)
    path = model.follow(x)
    assert isinstance(model.emitted(path.states, path.sample), Mixture)
    assert model.validation_terms(Batch(x), generator())["iwae"].isfinite()
