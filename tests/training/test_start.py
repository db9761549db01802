"""Fine-tuning: it begins at the checkpoint's weights and statistics, goes on without it, and says what does not fit."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import runs
import torch
import yaml
from conftest import SETTINGS, utterances
from runs import Arguments, curve, digests
from test_broken import killed_at

import speechdis
from speechdis import models
from speechdis.cli import main
from speechdis.data.audio import write_audio
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.features.store import write_store
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.config import Recipe, Training
from speechdis.training.start import start


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, corpus: Path, recipe: Path) -> Path:
    """A trained experiment."""
    out = tmp_path_factory.mktemp("base") / "exp"
    feats, twins = str(corpus / "features"), str(corpus / "twins")
    words = ["--config", str(recipe), "--features", feats, "--augmented", twins, "--device", "cpu"]
    assert main(["train", *words, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of other speakers, whose frames have other statistics."""
    root, rng = tmp_path_factory.mktemp("others"), np.random.default_rng(1)
    for name, speakers in {"train": ["t0", "t1"], "dev": ["u0"]}.items():
        rows = [(utt, spk, 2 * x + 3) for utt, spk, x in utterances(rng, speakers)]
        write_store(root / "features" / name, rows, SETTINGS)
        write_store(root / "twins" / name, [(f"{utt}#0", spk, x + 0.1) for utt, spk, x in rows], SETTINGS)
    return root


@pytest.fixture
def tuning(arguments: Arguments, others: Path, base: Path) -> Arguments:
    """The command line that fine-tunes `base` on `others`."""

    def build(out: Path, *more: str, init: Path | str = base) -> list[str]:
        words = arguments(out, "--init", str(init), *more)
        words[words.index("--features") + 1] = str(others / "features")
        words[words.index("--augmented") + 1] = str(others / "twins")
        return words

    return build


@pytest.fixture
def line(capsys: pytest.CaptureFixture) -> Callable[[list[str]], str]:
    """The one line that a refused command says."""

    def run(words: list[str]) -> str:
        assert main(words) == 2
        (found,) = [text for text in capsys.readouterr().err.splitlines() if text.startswith("speechdis")]
        return found

    return run


def same(one: Path, other: Path) -> bool:
    """Whether two checkpoints are one model: in what they read frames by, and in what they make of them."""
    a, b = checkpoint.load(one), checkpoint.load(other)
    x = torch.randn(2, 12, len(a.mean), generator=torch.Generator().manual_seed(0))
    alike = all(torch.equal(p, q) for p, q in zip(a.model.embed(x), b.model.embed(x), strict=True))
    return alike and np.array_equal(a.mean, b.mean) and np.array_equal(a.std, b.std)


def test_it_begins_at_the_checkpoint_and_is_never_worse(
    tuning: Arguments, base: Path, tmp_path: Path
) -> None:
    out = tmp_path / "exp"
    assert main(tuning(out, "--set", "training.learning_rate=1", "--set", "training.steps=5")) == 0
    first, last = curve(out)
    assert (first["step"], first["train"], last["step"]) == (0, {}, 5)
    assert last["valid"]["loss"] > first["valid"]["loss"]  # at that rate it forgets
    best = checkpoint.load(out)
    assert (best.step, best.validation) == (0, first["valid"])
    assert same(out, base)
    assert not same(out / "last", base)


def test_it_learns_and_keeps_the_statistics(tuning: Arguments, base: Path, tmp_path: Path) -> None:
    out = tmp_path / "exp"
    assert main(tuning(out)) == 0
    first, *_, last = curve(out)
    assert last["valid"]["loss"] < first["valid"]["loss"]
    assert np.array_equal(checkpoint.load(out).mean, checkpoint.load(base).mean)


def test_it_says_what_it_began_with(tuning: Arguments, base: Path, tmp_path: Path) -> None:
    out = tmp_path / "exp"
    assert main(tuning(out)) == 0
    file = base / "checkpoints" / "best.safetensors"
    said = {"checkpoint": str(base), "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    assert json.loads((out / "run.json").read_text())["init"] == said
    assert yaml.safe_load((out / "config.yaml").read_text())["init"] == said
    assert (out / "checkpoints" / "init.safetensors").read_bytes() == file.read_bytes()


def test_a_killed_run_ends_as_an_unbroken_one(tuning: Arguments, tmp_path: Path) -> None:
    runs.killed_run_ends_as_an_unbroken_one(tuning, tmp_path, steps=150)


@pytest.mark.parametrize("step", [0, 10])
@pytest.mark.parametrize("told", [True, False])
def test_a_run_goes_on_without_the_file(
    tuning: Arguments, base: Path, tmp_path: Path, broken_at, step: int, told: bool
) -> None:
    lent, whole, broken = tmp_path / "lent", tmp_path / "whole", tmp_path / "broken"
    shutil.copytree(base, lent)
    assert main(tuning(whole, init=lent)) == 0
    words = tuning(broken, init=lent)
    with broken_at(step):
        assert main(words) == 130
    shutil.rmtree(lent)
    at = words.index("--init")
    assert main([*(words if told else words[:at] + words[at + 2 :]), "--resume"]) == 0
    assert digests(broken) == digests(whole)


def test_a_kill_at_any_access_to_a_file_changes_nothing(tuning: Arguments, tmp_path: Path) -> None:
    words = tuning(tmp_path / "killed", "--resume", "--set", "training.steps=5")
    assert main(tuning(tmp_path / "whole", "--set", "training.steps=5")) == 0
    expected = digests(tmp_path / "whole")
    for nth in (2, 4, 5, 6, 11, 23):
        shutil.rmtree(tmp_path / "killed", ignore_errors=True)
        assert killed_at(nth, tmp_path / "killed", words)
        assert main(words) == 0
        assert digests(tmp_path / "killed") == expected, nth


def test_a_run_does_not_go_on_from_another_start(
    tuning: Arguments, arguments: Arguments, base: Path, tmp_path: Path, line, broken_at, capsys
) -> None:
    tuned, plain = tmp_path / "tuned", tmp_path / "plain"
    with broken_at(5):
        assert main(tuning(tuned)) == 130
        assert main(arguments(plain)) == 130
    capsys.readouterr()
    says = line(tuning(tuned, "--resume", init=base / "last"))
    assert f"init.checkpoint was '{base}', now '{base / 'last'}'" in says
    says = line(arguments(plain, "--resume", "--init", str(base)))
    assert f"init.checkpoint was None, now '{base}'" in says


def test_two_processes_are_one_with_the_whole_batch(tuning: Arguments, tmp_path: Path) -> None:
    runs.two_processes_are_one_with_the_whole_batch(tuning, tmp_path, "--set", "training.steps=10")


@pytest.mark.parametrize("rows", [5, 6])
def test_a_table_of_utterances_begins_anew(tmp_path: Path, rows: int) -> None:
    kind, config = models.load("fhvae").Model, models.load("fhvae").Config(hidden_size=8)
    base, tuned = kind(10, kind.for_utterances(config, 5)), kind(10, kind.for_utterances(config, rows))
    table = tuned.table.clone()
    file, one, nought = tmp_path / "base.safetensors", np.ones(10, np.float32), np.zeros(10, np.float32)
    checkpoint.save(file, Checkpoint(base, "fhvae", {"type": "mine"}, 6, nought, one, 0))
    began = start(file, tmp_path / "exp")
    began.check(Recipe("fhvae", config, Training()))
    began.give(tuned)
    weights = base.state_dict()
    assert all(torch.equal(w, weights[k]) for k, w in tuned.state_dict().items() if k != "table")
    assert torch.equal(tuned.table, table)


class TestWhatDoesNotFit:
    """One line, exit code 2, no experiment."""

    @pytest.mark.parametrize(
        ("told", "says"),
        [
            (["model.static_size=5"], "static_size is 4 (recipe: 5); give --set model.static_size=4"),
            (["model.name=dsvae"], "a 'cdsvae', but the recipe is of a 'dsvae'"),
        ],
    )
    def test_the_recipe(self, tuning: Arguments, tmp_path: Path, line, told: list[str], says: str) -> None:
        words = [word for setting in told for word in ("--set", setting)]
        assert says in line(tuning(tmp_path / "exp", *words))
        assert not (tmp_path / "exp").exists()

    def test_weights_of_terms_may_differ(self, tuning: Arguments, tmp_path: Path) -> None:
        told = ("--set", "model.contrast_static=2", "--set", "training.steps=1")
        assert main(tuning(tmp_path / "exp", *told)) == 0

    def test_the_frames(self, tuning: Arguments, others: Path, tmp_path: Path, line) -> None:
        wide = utterances(np.random.default_rng(2), ["t0", "t1"])
        for name in ("train", "dev"):
            rate = {"type": "fbank", "config": {"rate": 8000}}
            write_store(tmp_path / "rate" / name, wide, rate)
            rows = [(utt, spk, np.hstack([x, x])) for utt, spk, x in wide]
            write_store(tmp_path / "wide" / name, rows, SETTINGS)
        words = tuning(tmp_path / "exp")
        at = words.index("--features") + 1
        words[at] = str(tmp_path / "rate")
        assert "the model was trained on {'rate': 16000}" in line(words)
        words[at] = str(tmp_path / "wide")
        assert "frames of 20, but" in line(words)
        assert not (tmp_path / "exp").exists()

    def test_no_checkpoint(self, tuning: Arguments, tmp_path: Path, line) -> None:
        assert "no checkpoint there" in line(tuning(tmp_path / "exp", init="nowhere"))
        assert not (tmp_path / "exp").exists()


def test_from_python_on_recordings(tmp_path: Path) -> None:
    """The model that comes with the package, on a directory of tones."""
    rng = np.random.default_rng(0)
    for split, speakers in {"train": ("a", "b"), "dev": ("c",)}.items():
        told = []
        for speaker in speakers:
            file = tmp_path / f"{speaker}.wav"
            write_audio(file, (0.1 * rng.standard_normal(32000)).astype(np.float32), 16000)
            told.append(Utterance(speaker, speaker, file))
        write_directory(tmp_path / "data" / split, told)
    short = ["training.steps=1", "training.batch=2"]
    with pytest.raises(InputError, match="give feature_type='fbank'"):
        speechdis.train(
            "revoice", tmp_path / "data", tmp_path / "exp", feature_type="spectrogram", init="revoice"
        )
    assert not (tmp_path / "exp").exists()
    model = speechdis.train(
        "revoice/finetune", tmp_path / "data", tmp_path / "exp", short, device="cpu", init="revoice"
    )
    made = json.loads((tmp_path / "exp" / "run.json").read_text())["init"]
    assert made["checkpoint"] == "revoice"
    assert same(tmp_path / "exp" / "init", Path("revoice"))
    assert np.array_equal(model.mean, speechdis.load().mean)
