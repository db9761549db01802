"""DBSE: what the subtraction removes, and the second reconstruction."""

from dataclasses import replace

import torch
from gradients import assert_gradient

from speechdis.models import dbse
from speechdis.models.base import Batch

CONFIG = dbse.Config(static_size=3, dynamic_size=2, hidden_size=6, frame_size=5)
X = torch.randn(4, 5, 4, generator=torch.Generator().manual_seed(0))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def build() -> dbse.Model:
    torch.manual_seed(0)
    return dbse.Model(4, CONFIG)


def test_what_all_frames_share_does_not_reach_the_dynamic_code() -> None:
    model = build()
    static, dynamic = model.embed(X)
    offset = torch.randn(4, 1, 12, generator=generator())
    model.static_rnn.register_forward_hook(lambda _module, _input, output: (output[0] + offset, output[1]))
    shifted_static, shifted_dynamic = model.embed(X)
    torch.testing.assert_close(shifted_dynamic, dynamic)
    assert not torch.allclose(shifted_static, static)


def test_codes_are_the_same_each_time_though_training_draws_the_anchors_difference() -> None:
    model = build()
    torch.testing.assert_close(model.embed(X), model.embed(X), rtol=0, atol=0)
    g = generator()
    one, two = (model.encode(X, None, g).dynamic.mean for _ in range(2))
    assert not torch.allclose(one, two)


def test_both_reconstructions_by_hand() -> None:
    model = build()
    terms = model.loss(Batch(X), generator())
    posterior = model.encode(X, None, generator())
    for name, z in [
        ("reconstruction", posterior.dynamic_sample),
        ("static_reconstruction", torch.zeros(4, 5, 2)),
    ]:
        decoded = torch.distributions.Normal(model.decode(posterior.static_sample, z).mean, 1.0)
        torch.testing.assert_close(terms[name], -decoded.log_prob(X).sum() / 4)


def test_released_weights_are_those_of_squared_errors() -> None:
    """20 SSE + 100 SSE' + KL + KL' is 40 times the loss at (5, 0.025, 0.025), and a constant."""
    model = build()
    model.config = replace(CONFIG, static_reconstruction=5.0, kl_static=0.025, kl_dynamic=0.025)
    constant = 0.5 * 5 * 4 * torch.log(torch.tensor(2 * torch.pi))
    terms = model.loss(Batch(X), generator())
    squares, alone = (2 * (terms[n] - constant) for n in ("reconstruction", "static_reconstruction"))
    released = 20 * squares + 100 * alone + terms["kl_static"] + terms["kl_dynamic"]
    torch.testing.assert_close(40 * terms["loss"], released + 40 * 6 * constant)


def test_loss_gradient_agrees_with_finite_differences() -> None:
    model, data = build().double(), Batch(X.double())
    assert_gradient(lambda: model.loss(data, generator())["loss"], model.anchor[0].weight)
