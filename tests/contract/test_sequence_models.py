"""One contract for every model of sequences without a static factor: shapes, gradients, learning, checkpoints."""

from pathlib import Path
from typing import Any

import laws
import numpy as np
import pytest
import torch
from laws import generator

from speechdis.models.base import Batch
from speechdis.training import checkpoint

BINS, FRAMES = 12, 8
SMALL = {"dynamic_size": 3, "state_size": 5, "hidden_size": 16, "critic_size": 6, "critic_layer": 4}
VRNN: list[dict[str, Any]] = [
    *({"update": update, "components": k} for update in ("vrnn", "text", "line") for k in (1, 3)),
]
AVRNN = [{"lipschitz": held, "conditioned": c} for held in ("clip", "penalty") for c in (False, True)]
CASES = [*(("vrnn", settings) for settings in VRNN), *(("avrnn", settings) for settings in VRNN + AVRNN)]


def build(name: str, settings: dict[str, Any]) -> Any:
    return laws.build(name, BINS, SMALL, settings)


def batch(size: int = 8) -> Batch:
    """Segments that walk along one direction of the bins."""
    g = torch.Generator().manual_seed(0)
    return Batch(torch.randn(size, FRAMES, 1, generator=g).cumsum(1) * torch.randn(BINS, generator=g))


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
class TestModel(laws.SegmentLaws):
    build, batch = staticmethod(build), staticmethod(batch)

    def test_shapes(self, name: str, settings: dict[str, Any]) -> None:
        model, x = build(name, settings), batch().x
        static, dynamic = model.embed(x)
        assert (static.shape, dynamic.shape) == ((8, 5), (8, FRAMES, 3))
        assert model.decode(static, dynamic).mean.shape == model.reconstruct(x).shape == x.shape
        assert model.generate(4, 6, generator()).shape == (4, 6, BINS)
        assert model.generate(8, 2, generator(), prompt=x).shape == (8, 2, BINS)
        assert model.log_weights(x, None, 3, generator()).shape == (3, 8)

    def test_each_phase_has_a_gradient_for_each_of_its_parameters(
        self, name: str, settings: dict[str, Any]
    ) -> None:
        model, moved = build(name, settings), set()
        for phase in model.phases():
            terms = phase.terms(batch(), generator())
            terms[phase.minimised].backward(inputs=phase.parameters)
            assert all(p.grad.any() for p in phase.parameters)
            moved |= {*phase.parameters}
            model.zero_grad()
        assert moved == {*model.parameters()}

    def test_the_loss_is_the_weighted_sum_of_its_terms(self, name: str, settings: dict[str, Any]) -> None:
        laws.loss_is_the_weighted_sum_of_its_terms(build(name, settings), batch(), {"kl_dynamic": 2.0})

    def test_checkpoint_round_trip(self, name: str, settings: dict[str, Any], tmp_path: Path) -> None:
        model = build(name, settings).eval()
        mean, std = np.zeros(BINS, np.float32), np.ones(BINS, np.float32)
        file = tmp_path / "exp" / "checkpoints" / "best.safetensors"
        saved = checkpoint.Checkpoint(
            model, name, {"type": "waveform", "config": {}}, FRAMES, mean, std, step=7
        )
        checkpoint.save(file, saved)
        loaded = checkpoint.load(tmp_path / "exp").model
        assert loaded.config == model.config
        torch.testing.assert_close(loaded.embed(batch().x), model.embed(batch().x), rtol=0, atol=0)
