"""A model that reads its words from content frames: trained on stores that have them, used, and marked."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import SETTINGS, utterances
from runs import trains

import speechdis
from speechdis import models
from speechdis.cli import main
from speechdis.data.audio import write_audio
from speechdis.errors import InputError
from speechdis.features import settings_of
from speechdis.features.store import write_store
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

SMALL = {"static_size": 4, "dynamic_size": 3, "content_channels": 8, "voice_channels": 8, "layers": 2}
COLUMNS = 3


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """feats, both (with content) and twins of both, of {train,dev}."""
    root, rng = tmp_path_factory.mktemp("content"), np.random.default_rng(0)
    for part, speakers in (("train", ["s0", "s1", "s2"]), ("dev", ["d0", "d1"])):
        rows = utterances(rng, speakers)
        write_store(root / "feats" / part, rows, SETTINGS)
        write_store(root / "twins" / part, [(f"{u}#0", s, x + 1) for u, s, x in rows], SETTINGS)
        joined = [(u, s, np.concatenate([x, rng.normal(size=(len(x), COLUMNS))], 1)) for u, s, x in rows]
        write_store(root / "both" / part, joined, {**SETTINGS, "content": COLUMNS})
    return root


def train(stores: Path, out: Path, name: str = "revoice", twins: bool = False, **model: object) -> int:
    settings = {**SMALL, **model} if name == "revoice" else {"hidden_size": 8}
    told = {
        "steps": 4,
        "batch": 8,
        "segment": 6,
        "validate_every": 2,
        "static_view": "other",
        "static_mask_bins": 3,
    }
    beside = ("--augmented", stores / "twins") if twins else ()
    recipe = {"model": {"name": name, **settings}, "training": told}
    return main(trains(recipe, out.with_suffix(".yaml"), "--features", stores / "both", *beside)(out))


@pytest.mark.parametrize("words_from", ["content", "both"])
def test_z_is_of_the_content_and_frames_are_not(stores: Path, tmp_path: Path, words_from: str) -> None:
    both = words_from == "both"
    assert train(stores, tmp_path / "exp", words_from=words_from, twins=both) == 0
    assert json.loads((tmp_path / "exp/run.json").read_text())["label"] == "content frames"
    trained = checkpoint.load(tmp_path / "exp").model
    x = torch.randn(2, 6, 10 + COLUMNS)
    other, content = x.clone(), x.clone()
    other[..., :10] += torch.randn(2, 6, 10)
    content[..., 10:] += torch.randn(2, 6, COLUMNS)
    (s, z), (s1, z1), (s2, z2) = map(trained.embed, (x, other, content))
    assert torch.equal(z, z1) != both
    assert not torch.equal(z, z2)
    assert torch.equal(s, s2)
    assert not torch.equal(s, s1)
    assert trained.decode(s, z).mean.shape == (2, 6, 10)
    embed = ("--checkpoint", tmp_path / "exp", "--out", tmp_path / "vectors", "--features")
    assert main(["embed", *map(str, embed), str(stores / "both/dev")]) == 0


def test_stores_and_models_that_do_not_go_together(
    stores: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert train(stores, tmp_path / "dsvae", "dsvae") == 2
    assert "dsvae: this model reads no content frames" in capsys.readouterr().err.splitlines()[-1]
    assert train(stores, tmp_path / "exp") == 0
    told = (
        "--checkpoint",
        tmp_path / "exp",
        "--out",
        tmp_path / "vectors",
        "--features",
        stores / "feats/dev",
    )
    assert main(["embed", *map(str, told)]) == 2
    assert "has 0 content columns a frame, but the model reads 3" in capsys.readouterr().err.splitlines()[-1]


def test_a_swap_takes_them_beside_a_recording(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    torch.manual_seed(0)
    network = models.build("revoice", 80 + COLUMNS, models.load("revoice").Config(**SMALL, content=COLUMNS))
    mean, std = np.full(80 + COLUMNS, 8, np.float32), np.full(80 + COLUMNS, 3, np.float32)
    settings = {**settings_of("fbank"), "content": COLUMNS}
    file = tmp_path / "checkpoints/best.safetensors"
    checkpoint.save(file, Checkpoint(network, "revoice", settings, 20, mean, std, 0))
    rng = np.random.default_rng(0)
    for name in "ab":
        write_audio(tmp_path / f"{name}.wav", 0.1 * rng.standard_normal(16000).astype(np.float32), 16000)
    array, model = rng.normal(size=(49, COLUMNS)), speechdis.load(tmp_path)
    a, b = (tmp_path / f"{name}.wav" for name in "ab")
    with pytest.raises(InputError, match="3 content columns a frame"):
        model.swap(voice=a, content=b)
    with pytest.raises(InputError, match="3 content columns a frame"):
        model.embed(a)
    made = model.swap(voice=a, content=b, content_frames=array)
    np.save(tmp_path / "b.npy", array)
    told = ("--voice", a, "--content", b, "--content-frames", tmp_path / "b.npy", "--out", tmp_path / "c.wav")
    assert main(["swap", "--checkpoint", str(tmp_path), *map(str, told)]) == 0
    assert len(speechdis.load().swap(a, b).wave) == len(made.wave)
    other = model.swap(voice=a, content=b, content_frames=array[::-1])
    assert not np.array_equal(made.wave, other.wave)
    without = (*told[:4], "--out", tmp_path / "d.wav")
    assert main(["swap", "--checkpoint", str(tmp_path), *map(str, without)]) == 2
    assert "content columns" in capsys.readouterr().err.splitlines()[-1]
    assert model.encode(np.zeros((30, 80 + COLUMNS))).dynamic.shape == (30, 3)
