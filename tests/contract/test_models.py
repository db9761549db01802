"""One contract for every model: shapes, gradients, learning, checkpoints, independence of the batch, swapping."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import laws
import numpy as np
import pytest
import torch
from gradients import assert_gradient
from laws import generator

from speechdis.models.base import Batch
from speechdis.training import checkpoint
from speechdis.training.precision import bfloat16_on_cpu

BINS, FRAMES = 12, 8
SMALL = {"static_size": 5, "dynamic_size": 3, "hidden_size": 16, "frame_size": 10}
SMALL |= {"content_channels": 16, "voice_channels": 10}  # of Revoice
POSTERIORS = ["factorised", "full", "nested", "causal", "smooth"]
CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {"posterior": posterior}) for name in ("dsvae", "cdsvae") for posterior in POSTERIORS),
    *(("fhvae", {"layers": layers, "rows": 8}) for layers in (1, 2)),
    *((name, {"posterior": posterior}) for name in ("s3vae", "spyl") for posterior in ("factorised", "full")),
    *(
        ("rwae", {"divergence": d, "divergence_static": 1.0, "divergence_dynamic": 1.0})
        for d in ("mmd", "gan")
    ),
    ("dbse", {"static_reconstruction": 0.5}),
    *(
        (
            "revoice",
            {"layers": 2, "prior": prior, "instance_norm": part, "modulate": part, "consistency": weight},
        )
        for prior, part, weight in (("normal", True, 0.0), ("learnt", False, 1.0))
    ),
    ("revoice", {"layers": 1, "dynamic_stride": 3}),
    *(("revoice", {"layers": 1, "prior": prior, "quantise": 6}) for prior in ("normal", "learnt")),
]


def build(name: str, settings: dict[str, Any]) -> Any:
    return laws.build(name, BINS, SMALL, settings)


def batch(size: int = 8) -> Batch:
    """Segments of a voice and a trajectory, each of which moves the bins in its own direction."""
    g = torch.Generator().manual_seed(0)
    directions = torch.randn(2, BINS, generator=g)
    voices, words = torch.randn(2, size, 1, 1, generator=g), torch.randn(1, size, FRAMES, 1, generator=g)
    x, twin = (2 * v * directions[0] + 2 * words[0] * directions[1] for v in voices)
    utterance, segments = torch.arange(size), torch.full((size,), 3)
    return Batch(x, None, twin, x.flip(1), population=100, utterance=utterance, segments=segments)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
class TestModel(laws.SegmentLaws):
    build, batch = staticmethod(build), staticmethod(batch)

    def test_shapes(self, name: str, settings: dict[str, Any]) -> None:
        model, x = build(name, settings), batch().x
        q = model.encode(x, None, generator())
        assert q.static.mean.shape == q.static.logvar.shape == q.static_sample.shape == (8, 5)
        assert q.dynamic.mean.shape == q.dynamic.logvar.shape == q.dynamic_sample.shape == (8, FRAMES, 3)
        assert model.decode(q.static_sample, q.dynamic_sample).mean.shape == x.shape
        static, dynamic = model.embed(x)
        assert static.shape == (8, 5)
        assert dynamic.shape == (8, FRAMES, 3)
        static, dynamic = model.sample_prior(4, 6, generator())
        assert (static.shape, dynamic.shape) == ((4, 5), (4, 6, 3))

    def test_gradient_reaches_every_parameter(self, name: str, settings: dict[str, Any]) -> None:
        laws.gradient_reaches_every_parameter(build(name, settings), batch())

    def test_the_loss_is_the_weighted_sum_of_its_terms(self, name: str, settings: dict[str, Any]) -> None:
        weights = {"kl_static": 0.3, "kl_dynamic": 2.0}
        laws.loss_is_the_weighted_sum_of_its_terms(build(name, settings), batch(), weights)

    @pytest.mark.skipif(not bfloat16_on_cpu(), reason="this CPU has no AVX-512")
    def test_mixed_precision_gives_the_same_terms(self, name: str, settings: dict[str, Any]) -> None:
        """To the digits that bfloat16 keeps of frames and weights."""
        laws.terms_agree_in_mixed_precision(build(name, settings), batch())

    def test_swapping_the_voice_leaves_the_words(self, name: str, settings: dict[str, Any]) -> None:
        model, x = build(name, settings).eval(), batch(2).x
        static, dynamic = model.embed(x)
        kept, swapped = model.decode(static, dynamic).mean, model.decode(static.flip(0), dynamic).mean
        assert not torch.allclose(kept, swapped)
        torch.testing.assert_close(model.decode(static.flip(0).flip(0), dynamic).mean, kept)

    def test_checkpoint_round_trip(self, name: str, settings: dict[str, Any], tmp_path: Path) -> None:
        model = build(name, settings).eval()
        mean, std = np.arange(BINS, dtype=np.float32), np.full(BINS, 2, np.float32)
        file = tmp_path / "exp" / "checkpoints" / "best.safetensors"
        checkpoint.save(
            file,
            checkpoint.Checkpoint(model, name, {"type": "fbank", "config": {}}, FRAMES, mean, std, step=7),
        )
        for path in (file, tmp_path / "exp", tmp_path / "exp" / "best"):
            loaded = checkpoint.load(path)
            assert (loaded.name, loaded.features, loaded.segment, loaded.step) == (
                name,
                {"type": "fbank", "config": {}},
                FRAMES,
                7,
            )
            assert loaded.model.config == model.config
            np.testing.assert_array_equal(loaded.mean, mean)
            torch.testing.assert_close(loaded.model.embed(batch().x), model.embed(batch().x), rtol=0, atol=0)


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_cdsvae_views_are_encoded_as_they_would_be_alone(posterior: str) -> None:
    """One encoder pass over segment, twin and static view gives what three passes give."""
    model, data = build("cdsvae", {"posterior": posterior}), batch()
    own, view_static, means = model.encode_views(data, data.static_view, data.twin, generator())
    torch.testing.assert_close(own.static.mean, model.embed(data.x)[0])
    torch.testing.assert_close(view_static, model.embed(data.static_view)[0])
    if posterior != "full":  # reads a sample of s on the way
        for made, view in zip(means, (data.x, data.twin), strict=True):
            torch.testing.assert_close(made, model.embed(view)[1])
    if posterior == "nested":  # while what is decoded follows its own samples
        assert not torch.allclose(own.dynamic.mean, means[0])


def test_dsvae_bound_by_hand() -> None:
    """With all weights zero: x_hat = 0, q = p = N(0, I), so the bound is log N(x; 0, I)."""
    model, data = build("dsvae", {"posterior": "full"}), batch()
    for parameter in model.parameters():
        parameter.data.zero_()
    terms = model.loss(data, generator())
    by_hand = 0.5 * (data.x.square() + np.log(2 * np.pi)).sum((1, 2)).mean()
    torch.testing.assert_close(terms["reconstruction"], by_hand)
    assert terms["kl_static"] == terms["kl_dynamic"] == 0


def test_loss_gradient_agrees_with_finite_differences() -> None:
    model, data = build("cdsvae", {"posterior": "nested"}).double(), batch(3)
    data = Batch(*(v.double() if isinstance(v, torch.Tensor) else v for v in vars(data).values()))
    assert_gradient(lambda: model.loss(data, generator())["loss"], model.decode_static.weight)


@pytest.mark.parametrize(
    ("setting", "missing"),
    [({"contrast_static": 0.0}, "contrast_static"), ({"contrast_dynamic": 0.0}, "contrast_dynamic"),
     ({"mutual_information": 0.0}, "mutual_information")],
)  # fmt: skip
def test_ablations_are_settings(setting: dict[str, float], missing: str) -> None:
    model = build("cdsvae", {"posterior": "causal"})
    model.config = replace(model.config, **setting)
    terms = model.loss(batch(), generator())
    assert missing not in terms
    assert len(terms) == 6  # five terms of the six, and the loss
