"""One contract for every model of paired modalities: terms, gradients, learning, padding, checkpoints."""

from pathlib import Path
from typing import Any

import laws
import numpy as np
import pytest
import torch
from laws import generator

from speechdis.models.base import Pairs
from speechdis.nn.modality import View, kind
from speechdis.training import checkpoint

BINS, FRAMES = 6, 9
SMALL = {"semantic_size": 4, "style_size": 3, "latent_size": 5, "hidden_size": 16}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("pvae", {}),
    ("pvae", {"contrast": 0.0}),
    ("pvae", {"modalities": "speech image speech2"}),
    ("jmvae", {}),
    ("jmvae", {"modalities": "image speech image2"}),
    ("vae", {"modality": "speech"}),
    ("vae", {"modality": "image"}),
]


def build(name: str, settings: dict[str, Any]) -> Any:
    return laws.build(name, BINS, SMALL, settings)


def batch(size: int = 8) -> Pairs:
    """Samples of few kinds, each with a tilt of its own in every modality."""
    g = torch.Generator().manual_seed(0)
    digit = torch.arange(size) % 2
    lengths = torch.randint(2, FRAMES + 1, (size,), generator=g)
    lengths[0] = FRAMES
    inside = (torch.arange(FRAMES) < lengths[:, None]).float()[..., None]
    views = {}
    for name in ("speech", "speech2", "image", "image2"):
        shape = (FRAMES, BINS) if kind(name) == "speech" else (28, 28)
        x = torch.randn(2, *shape, generator=g)[digit] + 0.3 * torch.randn(size, 1, 1, generator=g)
        views[name] = View(x * inside, lengths) if kind(name) == "speech" else View(x)
    return Pairs(views)


def one(data: Pairs, i: int) -> Pairs:
    """Sample `i` alone, without padding."""
    views = {
        name: View(x[i : i + 1] if lengths is None else x[i : i + 1, : lengths[i]])
        for name, (x, lengths) in data.views.items()
    }
    return Pairs(views)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
class TestModel:
    def test_shapes(self, name: str, settings: dict[str, Any]) -> None:
        model, data = build(name, settings), batch()
        for modality in model.names:
            codes = model.infer(modality, data.views[modality])
            means = {code: q.mean for code, q in codes.items()}
            assert {len(m) for m in means.values()} == {8}
            if kind(modality) == "speech":
                lengths = model.frames(modality, means)
                assert lengths.shape == (8,) and lengths.min() >= 1
                made = model.generate(modality, means, lengths)
                assert made.shape == (8, lengths.max(), BINS)
            else:
                assert model.generate(modality, means).shape == (8, 28, 28)

    def test_gradient_reaches_every_parameter(self, name: str, settings: dict[str, Any]) -> None:
        laws.gradient_reaches_every_parameter(build(name, settings), batch())

    def test_the_loss_is_the_weighted_sum_of_its_terms(self, name: str, settings: dict[str, Any]) -> None:
        weights = {"kl_semantic": 0.3, "kl_style": 2.0, "kl_latent": 0.7, "coherence": 5.0}
        laws.loss_is_the_weighted_sum_of_its_terms(build(name, settings), batch(), weights)

    def test_the_loss_falls_on_eight_samples(self, name: str, settings: dict[str, Any]) -> None:
        laws.term_falls(build(name, settings), batch(), "loss", share=0.9, steps=60)

    def test_padding_changes_nothing(self, name: str, settings: dict[str, Any]) -> None:
        """Codes and likelihoods of a sample are those it has alone, whatever stands past its end."""
        model, data = build(name, settings).eval(), batch(4)
        for modality in model.names:
            x, lengths = data.views[modality]
            inferred = model.infer(modality, View(x, lengths))
            for i in range(4):
                alone = model.infer(modality, one(data, i).views[modality])
                for code, q in inferred.items():
                    torch.testing.assert_close(q.mean[i], alone[code].mean[0])
                    torch.testing.assert_close(q.logvar[i], alone[code].logvar[0])
            decoder = model.decoder if name == "vae" else model.decoders[modality]
            code = torch.randn(4, next(decoder.parameters()).shape[1], generator=generator())
            together = decoder.log_prob(View(x, lengths), code)
            apart = [decoder.log_prob(one(data, i).views[modality], code[i : i + 1]) for i in range(4)]
            torch.testing.assert_close(together, torch.cat(apart))
            if lengths is not None:
                past = torch.arange(FRAMES) >= lengths[:, None]
                other = x.masked_fill(past[..., None], 7.0)
                torch.testing.assert_close(decoder.log_prob(View(other, lengths), code), together)

    def test_checkpoint_round_trip(self, name: str, settings: dict[str, Any], tmp_path: Path) -> None:
        model, data = build(name, settings).eval(), batch()
        mean, std = np.zeros(BINS, np.float32), np.ones(BINS, np.float32)
        file = tmp_path / "exp" / "checkpoints" / "best.safetensors"
        checkpoint.save(
            file, checkpoint.Checkpoint(model, name, {"type": "fbank", "config": {}}, 20, mean, std, step=7)
        )
        loaded = checkpoint.load(tmp_path / "exp").model
        assert loaded.config == model.config
        for modality in model.names:
            for code, q in model.infer(modality, data.views[modality]).items():
                again = loaded.infer(modality, data.views[modality])[code]
                torch.testing.assert_close(again.mean, q.mean, rtol=0, atol=0)
