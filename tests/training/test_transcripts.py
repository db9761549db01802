"""Transcripts in training: whole utterances beside the segments, and a model that says it was supervised."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from conftest import SETTINGS
from runs import Arguments, curve, trains

from speechdis.cli import main
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.features.store import Store, write_store
from speechdis.training import checkpoint
from speechdis.training.batches import Batches
from speechdis.training.config import Training
from speechdis.training.transcripts import Transcripts

PHONES = "abc"
SMALL = {"static_size": 4, "dynamic_size": 3, "content_channels": 8, "voice_channels": 8, "layers": 2}
RECIPE = {
    "model": {"name": "revoice", **SMALL, "twin": False, "ctc": 50.0},
    "training": {
        "steps": 20,
        "batch": 8,
        "segment": 6,
        "validate_every": 10,
        "learning_rate": 0.01,
        "clip": 1000.0,
    },
}


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """feats and data of {train,dev}: a phone is a loud bin for four frames, and utterances are strings of them."""
    root, rng = tmp_path_factory.mktemp("spoken"), np.random.default_rng(0)
    for part, speakers in (("train", "pqr"), ("dev", "xy")):
        rows, known = [], []
        for utt in (f"{spk}-{k}" for spk in speakers for k in range(6)):
            said = rng.integers(len(PHONES), size=rng.integers(3, 6))
            frames = np.repeat(4.0 * np.eye(10)[said], 4, axis=0) + rng.normal(size=(4 * len(said), 10))
            rows.append((utt, utt[0], frames.astype(np.float32)))
            phones = " ".join(PHONES[k] for k in said)
            known.append(Utterance(utt, utt[0], root / "none.wav", text=phones.upper(), text_phone=phones))
        write_store(root / "feats" / part, rows, SETTINGS)
        write_directory(root / "data" / part, known)
    return root


@pytest.fixture
def arguments(spoken: Path, tmp_path: Path) -> Arguments:
    return trains(RECIPE, tmp_path / "ctc.yaml", "--features", spoken / "feats", "--data", spoken / "data")


def test_a_run_learns_what_is_said_and_says_so(arguments: Arguments, tmp_path: Path) -> None:
    assert main(arguments(tmp_path / "exp")) == 0
    first, last = (line["valid"]["ctc"] for line in curve(tmp_path / "exp"))
    assert last < 0.95 * first
    assert json.loads((tmp_path / "exp/run.json").read_text())["label"] == "supervised"
    config = yaml.safe_load((tmp_path / "exp/config.yaml").read_text())
    assert {"transcripts_train", "transcripts_dev"} < config["data"].keys()
    trained = checkpoint.load(tmp_path / "exp").model
    assert trained.label == "supervised"
    assert not any("units" in name for name in trained.state_dict())
    assert main(arguments(tmp_path / "exp", "--resume", "--set", "training.steps=21")) == 0


@pytest.mark.parametrize("twin", [False, True])
def test_utterances_are_whole_and_what_is_said_is_theirs(spoken: Path, twin: bool) -> None:
    store, training = Store.read(spoken / "feats/train"), Training(batch=16, segment=6)
    transcripts = Transcripts.read(spoken / "data/train", store)
    twins = None
    if twin:
        rows = [(f"{utt}#0", "s", np.asarray(store[k]) + 100) for k, utt in enumerate(store.utts)]
        twins = write_store(spoken / "twins", rows, SETTINGS, overwrite=True)
    zero, one = np.zeros(10, np.float32), np.ones(10, np.float32)
    made = Batches(store, twins, training, zero, one, torch.device("cpu"), transcripts)
    drawn = made.draw(torch.Generator().manual_seed(0)).spoken
    assert drawn is not None
    assert len(drawn.x) == 4
    for x, length, said, size in zip(drawn.x, drawn.lengths, drawn.said, drawn.sizes, strict=True):
        frames = x[:length].numpy() - (100 if twin else 0)
        (k,) = [k for k in range(len(store)) if np.array_equal(np.round(store[k], 3), np.round(frames, 3))]
        assert not x[length:].any()
        assert [transcripts.units.names[n - 1] for n in said[:size]] == list(transcripts.said[k])


def test_without_phones_characters_are_said(spoken: Path, tmp_path: Path) -> None:
    store = Store.read(spoken / "feats/dev")
    write_directory(
        tmp_path / "data", [Utterance(u, u[0], tmp_path / "none.wav", text="A  b") for u in store.utts]
    )
    found = Transcripts.read(tmp_path / "data", store)
    assert (found.kind, found.said[0]) == ("characters", ("a", " ", "b"))


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda words: [w for w in words if not w.startswith("model.ctc")], "no transcripts, neither"),
        (lambda words: words[: words.index("--data")] + words[words.index("--data") + 2 :], "give --data"),
        (lambda words: [*words, "--set", "model.ctc=0"], "alone, --data is for"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    arguments: Arguments,
    spoken: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    change: Callable[[list[str]], list[str]],
    wrong: str,
) -> None:
    words = arguments(tmp_path / "exp")
    if "transcripts" in wrong:
        for part in ("train", "dev"):
            utts = Store.read(spoken / "feats" / part).utts
            write_directory(
                tmp_path / "data" / part, [Utterance(u, u[0], tmp_path / "none.wav") for u in utts]
            )
        words[words.index("--data") + 1] = str(tmp_path / "data")
    assert main(change(words)) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert wrong in error
