"""ONNX graphs give what their models give, at any number and length of segments, on real speech, too."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import speechdis
from speechdis import models, weights
from speechdis.cli import main
from speechdis.errors import InputError
from speechdis.features import extract, settings_of
from speechdis.models.base import StaticDynamicModel
from speechdis.pipeline.export import export
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

onnxruntime = pytest.importorskip("onnxruntime")
SEGMENT = 20
SMALL = {"static_size": 5, "dynamic_size": 3, "hidden_size": 32}
CASES: list[tuple[str, dict[str, Any]]] = [
    *(("dsvae", {"posterior": posterior}) for posterior in ("factorised", "full", "causal", "smooth")),
    *((name, {"posterior": "full"}) for name in ("cdsvae", "s3vae", "spyl")),
    ("rwae", {"divergence": "gan"}),
    ("dbse", {}),
    *(("fhvae", {"layers": layers}) for layers in (1, 2)),
    ("revoice", {}),
    ("revoice", {"dynamic_stride": 2, "rate_dynamic": 1.0}),
    ("revoice", {"dynamic_stride": 3, "quantise": 16}),
    ("revoice", {"instance_norm": False, "modulate": False, "all_layers": False, "prior": "normal"}),
]


def saved(folder: Path, name: str, settings: dict[str, Any]) -> Path:
    """A model that has not learnt anything."""
    torch.manual_seed(0)
    config = models.load(name).Config
    known = {one.name for one in fields(config)}
    network = models.build(name, 80, config(**{k: v for k, v in settings.items() if k in known}))
    mean, std = np.linspace(8, 12, 80, dtype=np.float32), np.linspace(2, 4, 80, dtype=np.float32)
    file = folder / "model.safetensors"
    checkpoint.save(file, Checkpoint(network, name, settings_of("fbank"), SEGMENT, mean, std, 0))
    return file


def graph(file: Path) -> Callable[..., list[np.ndarray]]:
    """A graph as a function of its inputs, in their order."""
    session = onnxruntime.InferenceSession(file)
    names = [one.name for one in session.get_inputs()]
    return lambda *inputs: session.run(None, dict(zip(names, inputs, strict=True)))


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_graphs_give_what_the_model_gives(name: str, settings: dict[str, Any], tmp_path: Path) -> None:
    file = saved(tmp_path, name, SMALL | settings)
    about = export(file, tmp_path / "onnx")
    encode, decode = (graph(tmp_path / "onnx" / f"{part}.onnx") for part in ("encoder", "decoder"))
    trained = checkpoint.load(file)
    model = trained.model_of(StaticDynamicModel, "")
    for batch, frames in ((1, 1), (3, 2), (2, SEGMENT), (1, 1003)):
        x = np.random.default_rng(frames).normal(10, 3, (batch, frames, 80)).astype(np.float32)
        static, dynamic = encode(x)
        (again,) = decode(static, dynamic)
        with torch.no_grad():
            codes = model.embed(torch.from_numpy((x - trained.mean) / trained.std))
            mean = model.decode(*map(torch.from_numpy, (static, dynamic))).mean.numpy()
        np.testing.assert_allclose(static, codes[0], atol=1e-4)
        np.testing.assert_allclose(dynamic, codes[1], atol=1e-4)
        np.testing.assert_allclose(again, mean * trained.std + trained.mean, atol=1e-4)
    assert about["encoder.onnx"]["outputs"] == {"static": ["batch", 5], "dynamic": ["batch", "time", 3]}
    assert (
        about["encoder.onnx"]["inputs"]
        == about["decoder.onnx"]["outputs"]
        == {"frames": ["batch", "time", 80]}
    )


def of_recording(folder: Path, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A recording's static vector and its mean dynamic one, as the page of the documentation has them."""
    about, encode = json.loads((folder / "model.json").read_text()), graph(folder / "encoder.onnx")

    def cut(size: int) -> list[list[np.ndarray]]:
        return [encode(frames[None, k : k + size]) for k in range(0, len(frames), size)]

    static = [s[0] for s, _ in cut(about["static_segment"])]
    dynamic = [z[0].mean(0) for _, z in cut(about["segment"])]
    return np.sum(static, 0) / (len(static) + about["shrinkage"]), np.mean(dynamic, 0)


@pytest.mark.parametrize("name", ["shipped", "fhvae", "cdsvae"])
def test_vectors_of_real_recordings_are_those_of_embed(name: str, shared: Path, tmp_path: Path) -> None:
    settings = {"posterior": "smooth"} if name == "cdsvae" else {}
    file = weights.DEFAULT if name == "shipped" else saved(tmp_path, name, SMALL | settings)
    export(file, tmp_path / "onnx")
    model = speechdis.load(file)
    spoken = sorted((shared / "speechocean762").rglob("*.flac"))[:60:20]
    spoken += sorted((shared / "fsdd").rglob("*.wav"))[:1]
    waves = [codes.wave for codes in model.embed(spoken)]
    for wave in [*waves, np.concatenate([*waves, *waves, *waves])]:
        frames = extract(wave, model.features)
        static, dynamic = of_recording(tmp_path / "onnx", frames)
        codes = model.encode(frames)
        np.testing.assert_allclose(static, codes.static, atol=1e-4)
        np.testing.assert_allclose(dynamic, codes.dynamic_mean, atol=1e-4)
    assert (
        len(waves) == 4 and len(frames) > 1000
    )  # more than one of the segments that Revoice reads a voice from


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "onnx"
    words = ["export", "--onnx", "--checkpoint", str(saved(tmp_path, "revoice", SMALL)), "--out", str(out)]
    assert main([*words, "--json", "-"]) == 0
    about = json.loads((out / "model.json").read_text())
    assert json.loads(capsys.readouterr().out) == about
    assert about["features"] == settings_of("fbank")
    for name in ("encoder.onnx", "decoder.onnx"):
        assert about[name]["sha256"] == hashlib.sha256((out / name).read_bytes()).hexdigest()
    assert main(words) == 0 and json.loads((out / "model.json").read_text()) == about  # to the same bytes
    (out / "mine.txt").write_text("mine")
    assert main(words) == 2 and (out / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "settings", "why"),
    [("cdsvae", {"posterior": "nested"}, "posterior=nested"), ("vrnn", {}, "no static and dynamic factors")],
)
def test_what_has_no_graph_is_refused(name: str, settings: dict[str, Any], why: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=why):
        export(saved(tmp_path, name, settings), tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


def test_without_onnx_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"pip install 'speechdis\[onnx\]'"):
        export(weights.DEFAULT, tmp_path / "onnx")
