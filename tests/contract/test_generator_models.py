"""One contract for every model that draws sequences and reads none: shapes, gradients, and checkpoints that draw."""

from pathlib import Path
from typing import Any

import laws
import numpy as np
import pytest
import torch
from laws import generator

from speechdis.models.base import Batch
from speechdis.training import checkpoint

PIXELS, FRAMES = 64 * 64, 3
SMALL = {"static_size": 5, "dynamic_size": 3, "hidden_size": 2}
CASES: list[tuple[str, dict[str, Any]]] = [("mocogan", {"noise": noise}) for noise in (0.0, 0.1)]


def build(name: str, settings: dict[str, Any]) -> Any:
    return laws.build(name, PIXELS, SMALL, settings)


def batch(size: int = 4) -> Batch:
    return Batch(torch.rand(size, FRAMES, PIXELS, generator=torch.Generator().manual_seed(0)))


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
class TestGeneratorModel:
    def test_shapes(self, name: str, settings: dict[str, Any]) -> None:
        model = build(name, settings)
        static, dynamic = model.sample_prior(4, 6, generator())
        assert (static.shape, dynamic.shape) == ((4, 5), (4, 6, 3))
        assert model.decode(static, dynamic).mean.shape == (4, 6, PIXELS)

    def test_gradient_reaches_every_parameter_of_each_phase(
        self, name: str, settings: dict[str, Any]
    ) -> None:
        model = build(name, settings)
        for phase in model.phases():
            terms = phase.terms(batch(), generator())
            terms[phase.minimised].backward(inputs=phase.parameters)
            assert all(p.grad is not None and p.grad.any() for p in phase.parameters)

    def test_phases_share_no_parameter_and_move_all(self, name: str, settings: dict[str, Any]) -> None:
        model = build(name, settings)
        moved = [p for phase in model.phases() for p in phase.parameters]
        assert len({id(p) for p in moved}) == len(moved) == len(list(model.parameters()))

    def test_a_sequence_alone_is_as_among_others(self, name: str, settings: dict[str, Any]) -> None:
        model = build(name, settings).eval()
        static, dynamic = model.sample_prior(3, 5, generator())
        alone = model.decode(static[1:2], dynamic[1:2, :2]).mean
        torch.testing.assert_close(alone[0], model.decode(static, dynamic).mean[1, :2])

    def test_a_checkpoint_holds_no_discriminator_and_draws_the_same(
        self, name: str, settings: dict[str, Any], tmp_path: Path
    ) -> None:
        model = build(name, settings)
        model.phases()
        model.loss(batch(), generator())  # moves the means of its normalisation
        mean, std = np.zeros(PIXELS, np.float32), np.full(PIXELS, 256, np.float32)
        file, features = tmp_path / "best.safetensors", {"type": "video", "config": {"channels": 1}}
        checkpoint.save(file, checkpoint.Checkpoint(model.eval(), name, features, FRAMES, mean, std, step=1))
        loaded = checkpoint.load(file).model
        assert loaded.state_dict().keys() == model.kept().keys()
        drawn = [m.decode(*m.sample_prior(2, 4, generator())).mean for m in (loaded, model)]
        torch.testing.assert_close(*drawn, rtol=0, atol=0)


def test_mocogan_where_neither_critic_can_tell() -> None:
    """With all their weights zero: log 2 for each of two of the generator's terms, and four of the critics'."""
    model = build("mocogan", {})
    phases = model.phases()
    for parameter in model.critic.parameters():
        parameter.data.zero_()
    terms = {**phases[0].terms(batch(), generator()), **phases[1].terms(batch(), generator())}
    assert terms["loss"].item() == pytest.approx(2 * np.log(2))
    assert terms["critic"].item() == pytest.approx(4 * np.log(2))


def test_mocogans_critics_may_learn_at_a_rate_of_their_own() -> None:
    rates = [
        [phase.learning_rate for phase in build("mocogan", {"critic_learning_rate": rate}).phases()]
        for rate in (0.0, 2e-4)
    ]
    assert rates == [[None, None], [None, 2e-4]]
