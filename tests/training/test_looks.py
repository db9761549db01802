"""Validation reads twins where there are some, so that `best` is chosen by what training lowers."""

import logging
import shutil
from pathlib import Path

import pytest
import torch
from runs import Arguments, curve

from speechdis.cli import main
from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.training import config, experiment
from speechdis.training.twins import twin_stores

CPU = torch.device("cpu")
# The fixture shifts twins by a constant, which normalisation over time takes out.
REVOICE = ["--set", "model.name=revoice", "--set", "model.instance_norm=false"]


def told(arguments: Arguments, twins: Path, out: Path, *more: str) -> list[str]:
    words = arguments(out, *more)
    words[words.index("--augmented") + 1] = str(twins)
    return words


@pytest.mark.parametrize("settings", [[], REVOICE], ids=["cdsvae", "revoice"])
def test_a_look_has_every_term_of_training(
    arguments: Arguments, corpus: Path, tmp_path: Path, settings: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """With dev twins; without them training is the same, byte for byte, and a line says what looks lack."""
    with caplog.at_level(logging.WARNING):
        assert main(arguments(tmp_path / "both", *settings)) == 0
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        assert main(told(arguments, corpus / "twins" / "train", tmp_path / "old", *settings)) == 0
    assert [r.message for r in caplog.records if "no twins of the validation speakers" in r.message]
    both, old = (curve(tmp_path / name) for name in ("both", "old"))
    assert [line["train"] for line in both] == [line["train"] for line in old]
    last = "checkpoints/last.state.pt"
    states = [torch.load(tmp_path / n / last, weights_only=True)["model"] for n in ("both", "old")]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert set(both[-1]["valid"]) >= set(both[-1]["train"])
    if settings:
        assert all(line["valid"]["consistency"] > 0 for line in both)
        assert all(line["valid"]["consistency"] == 0 for line in old)
    else:
        assert "contrast_dynamic" in both[-1]["valid"] and "contrast_dynamic" not in old[-1]["valid"]


def test_the_twins_of_a_look_are_those_of_its_frames(corpus: Path, recipe: Path, tmp_path: Path) -> None:
    """Of version v, the fixture's twins are 0.1 + 0.1 v above them."""
    read = config.read(recipe)
    trainer = experiment._trainer(read, corpus / "features", corpus / "twins", None, tmp_path, CPU)
    std = torch.from_numpy(Store.read(corpus / "features" / "train").std)
    (batch, *_) = trainer.validation.tile(torch.Generator().manual_seed(0))
    above = ((batch.twin - batch.x) * std).mean((1, 2))
    assert {round(float(a), 3) for a in above} == {0.1, 0.2}


def test_a_look_has_the_n_of_training(corpus: Path, recipe: Path, tmp_path: Path) -> None:
    """Minibatch-weighted estimates of the two splits are drawn on one axis."""
    trainer = experiment._trainer(
        config.read(recipe), corpus / "features", corpus / "twins", None, tmp_path, CPU
    )
    (batch, *_) = trainer.validation.tile(torch.Generator().manual_seed(0))
    counts = Store.read(corpus / "features" / "train").counts
    assert batch.population == trainer.batches.draw(trainer.generator).population == (counts // 6).sum()


def test_a_run_does_not_go_on_with_other_looks(
    arguments: Arguments, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(told(arguments, corpus / "twins" / "train", tmp_path / "exp")) == 0
    assert main(arguments(tmp_path / "exp", "--resume")) == 2
    assert "data.augmented_dev was None" in capsys.readouterr().err


def test_dev_twins_of_other_frames_are_refused(corpus: Path, recipe: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus / "twins" / "train", tmp_path / "train")
    shutil.copytree(corpus / "twins" / "train", tmp_path / "dev")
    with pytest.raises(InputError, match=r"not the twins of .*dev"):
        experiment._trainer(config.read(recipe), corpus / "features", tmp_path, None, tmp_path, CPU)


def test_where_twins_are(corpus: Path, tmp_path: Path) -> None:
    twins = corpus / "twins"
    assert twin_stores(None) == {}
    assert twin_stores(twins) == {"train": twins / "train", "dev": twins / "dev"}
    assert twin_stores(twins / "train") == {"train": twins / "train"}
    assert twin_stores(tmp_path) == {"train": tmp_path / "train"}
