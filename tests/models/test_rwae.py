"""R-WAE: its divergences where the answer is known, its adversary, and what each phase may move."""

import math
from dataclasses import replace

import pytest
import torch
from gradients import assert_gradient

from speechdis.models import rwae
from speechdis.models.base import Batch
from speechdis.nn.divergence import WIDTHS

CONFIG = rwae.Config(static_size=3, dynamic_size=2, hidden_size=6, frame_size=5, critic_size=8)


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(**settings: object) -> rwae.Model:
    torch.manual_seed(0)
    return rwae.Model(4, replace(CONFIG, **settings)).double()


def batch(size: int = 4, frames: int = 5) -> Batch:
    return Batch(torch.randn(size, frames, 4, generator=generator(), dtype=torch.float64))


def silent(**settings: object) -> rwae.Model:
    """A model of zeros: every posterior and prior is N(0, I)."""
    model = build(**settings)
    for parameter in model.parameters():
        parameter.data.zero_()
    return model


def closed_form(distance: float, variance: float, dims: int) -> float:
    """MMD^2, exp(-r^2 / c) summed over widths, of N(m, variance I) and N(0, I); |m| = distance; c = 2 dims width."""

    def expected(v: float, d: float, c: float) -> float:
        return (1 + 2 * v / c) ** (-dims / 2) * math.exp(-(d**2) / (c + 2 * v))

    return sum(
        expected(2 * variance, 0, c) + expected(2, 0, c) - 2 * expected(1 + variance, distance, c)
        for c in (2 * dims * w for w in WIDTHS)
    )


@pytest.mark.parametrize(("shift", "logvar"), [(0.0, 0.0), (1.0, 0.0), (0.0, -2.0)])
def test_divergences_of_gaussians(shift: float, logvar: float) -> None:
    """Posteriors N(shift, exp(logvar)) in every dimension, priors N(0, 1): a closed form for s and for each z_t."""
    model, data = silent(kernel="rbf"), batch(128)
    for head, size in ((model.static_head, 3), (model.dynamic_head, 2)):
        head.linear.bias.data[:size], head.linear.bias.data[size:] = shift, logvar
    terms = [model.loss(data, generator(seed)) for seed in range(20)]
    variance = math.exp(logvar)
    static = torch.stack([t["divergence_static"] for t in terms])
    dynamic = torch.stack([t["divergence_dynamic"] for t in terms])
    assert static.mean().item() == pytest.approx(closed_form(shift * 3**0.5, variance, 3), rel=0.06, abs=0.02)
    assert dynamic.mean().item() == pytest.approx(
        5 * closed_form(shift * 2**0.5, variance, 2), rel=0.06, abs=0.05
    )


def test_latents_that_shrink_with_their_prior_gain_nothing() -> None:
    """z_t half as wide as its prior costs as much at a tenth of the scale."""
    data, costs = batch(64), []
    for logvar in (0.0, 2 * math.log(0.1)):
        model = silent()
        model.prior_head.linear.bias.data[2:] = logvar
        model.dynamic_head.linear.bias.data[2:] = logvar + 2 * math.log(0.5)
        costs.append(model.loss(data, generator())["divergence_dynamic"])
    torch.testing.assert_close(costs[0], costs[1])


def test_an_adversary_that_knows_nothing() -> None:
    model, data = silent(divergence="gan"), batch()
    assert model.loss(data, generator())["divergence_static"].item() == pytest.approx(math.log(2))
    assert model.critic_loss(data, generator())["critic"].item() == pytest.approx(2 * math.log(2))


def test_an_adversary_at_its_best_measures_jensen_shannon() -> None:
    """Codes N(3, I): the least critic loss is 2 log 2 - 2 JS, by Monte Carlo with the true densities."""
    model, data = silent(divergence="gan", static_size=1, critic_size=16), batch(512)
    model.static_head.linear.bias.data[:1] = 3.0
    torch.manual_seed(0)
    for layer in model.critic[::2]:
        layer.reset_parameters()
    optimiser = torch.optim.Adam(model.critic.parameters(), lr=1e-2)
    g = generator()
    losses = []
    for _ in range(300):
        loss = model.critic_loss(data, g)["critic"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    p = torch.randn(1_000_000, generator=generator(), dtype=torch.float64)
    odds = 4.5 - 3 * p  # log N(x; 0, 1) - log N(x; 3, 1) at draws of the prior; of the codes by symmetry
    least = 2 * torch.nn.functional.softplus(-odds).mean().item()
    assert sum(losses[-100:]) / 100 == pytest.approx(least, abs=0.02)


@pytest.mark.parametrize("divergence", ["mmd", "gan"])
def test_every_parameter_is_of_one_phase(divergence: str) -> None:
    model = build(divergence=divergence)
    phases = model.phases()
    assert len(phases) == {"mmd": 1, "gan": 2}[divergence]
    moved = [id(p) for phase in phases for p in phase.parameters]
    assert sorted(moved) == sorted(id(p) for p in model.parameters())
    if divergence == "gan":
        critic = {
            name for name, p in model.named_parameters() if id(p) in {id(q) for q in phases[1].parameters}
        }
        assert critic == {name for name, _ in model.named_parameters() if name.startswith("critic.")}


@pytest.mark.parametrize("divergence", ["mmd", "gan"])
def test_loss_gradient_agrees_with_finite_differences(divergence: str) -> None:
    model, data = build(divergence=divergence), batch()

    def value() -> torch.Tensor:
        terms = model.loss(data, generator())
        return terms["divergence_static"] + terms["reconstruction"]

    for parameter in (model.static_head.linear.weight, model.dynamic_head.linear.weight):
        assert_gradient(value, parameter)


def test_no_choice_of_a_checkpoint_rests_on_the_discriminator() -> None:
    """A look's "loss" is the same whatever it says, moves with s, and is the weighted sum with MMD^2 in its place."""
    model, data = build(divergence="gan").eval(), batch(64)
    before = model.validation_terms(data, generator())
    for parameter in model.critic.parameters():
        parameter.data.add_(1.0)
    after = model.validation_terms(data, generator())
    assert before["divergence_static"] != after["divergence_static"]
    assert before["loss"] == after["loss"]
    by_hand = before["reconstruction"] + 100 * (before["static_mmd"] + before["divergence_dynamic"])
    torch.testing.assert_close(before["loss"], by_hand)
    model.static_head.linear.bias.data[:3] += 2.0
    assert model.validation_terms(data, generator())["static_mmd"] > 2 * before["static_mmd"]


def test_the_mmd_of_a_look_is_that_of_the_loss() -> None:
    model, data = build(), batch(8)
    look, loss = model.validation_terms(data, generator()), model.loss(data, generator())
    assert look == loss
