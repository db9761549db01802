"""One contract for every vocoder: shapes, gradients, learning, and checkpoints that hold what speaks alone."""

from pathlib import Path
from typing import Any

import laws
import numpy as np
import pytest
import torch
from laws import generator

from speechdis.models.base import Sound
from speechdis.training import checkpoint

BINS, FRAMES, SMALL = 12, 16, {"hidden_size": 16, "block_size": 24, "layers": 2}
CASES: list[tuple[str, dict[str, Any]]] = [("vocos", {"adversarial": weight}) for weight in (0.0, 0.02)]


def build(name: str, settings: dict[str, Any]) -> Any:
    return laws.build(name, BINS, SMALL, settings)


def batch(model: Any, size: int = 2) -> Sound:
    g = torch.Generator().manual_seed(0)
    _, window, hop = model.framing
    wave = 0.1 * torch.randn(size, (FRAMES - 1) * hop + window, generator=g)
    return Sound(torch.randn(size, FRAMES, BINS, generator=g), wave)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
class TestVocoder:
    def test_as_many_samples_as_the_frames_cover(self, name: str, settings: dict[str, Any]) -> None:
        model = build(name, settings)
        for frames in (1, 2, 7):
            made = model.speak(torch.randn(3, frames, BINS))
            _, window, hop = model.framing
            assert made.shape == (3, (frames - 1) * hop + window)
            assert made.isfinite().all()

    def test_gradient_reaches_every_parameter_of_each_phase(
        self, name: str, settings: dict[str, Any]
    ) -> None:
        model = build(name, settings)
        phases = model.phases()
        assert len(phases) == 1 + bool(settings["adversarial"])
        for phase in phases:
            terms = phase.terms(batch(model), generator())
            terms[phase.minimised].backward(inputs=phase.parameters)
            assert all(p.grad is not None and p.grad.any() for p in phase.parameters)

    def test_the_loss_is_the_weighted_sum_of_its_terms(self, name: str, settings: dict[str, Any]) -> None:
        model = build(name, settings)
        model.phases()
        laws.loss_is_the_weighted_sum_of_its_terms(model, batch(model), {"convergence": 0.3, "matching": 2.0})

    def test_the_loss_falls(self, name: str, settings: dict[str, Any]) -> None:
        model = build(name, settings)
        laws.term_falls(model, batch(model), "reconstruction", share=0.7, steps=30)

    def test_a_checkpoint_holds_no_discriminator_and_speaks_the_same(
        self, name: str, settings: dict[str, Any], tmp_path: Path
    ) -> None:
        model = build(name, settings)
        model.phases()
        mean, std = np.zeros(BINS, np.float32), np.ones(BINS, np.float32)
        file, features = tmp_path / "best.safetensors", {"type": "fbank", "config": {}}
        checkpoint.save(file, checkpoint.Checkpoint(model, name, features, FRAMES, mean, std, step=1))
        loaded, x = checkpoint.load(file).model, batch(model).x
        assert loaded.state_dict().keys() == model.kept().keys()
        torch.testing.assert_close(loaded.speak(x), model.speak(x), rtol=0, atol=0)
