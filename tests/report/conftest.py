"""A small corpus of tones with its stores, and experiments on it that were never trained."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from speechdis import models
from speechdis.cli import main
from speechdis.data.audio import write_audio
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Interval, Utterance
from speechdis.features import extract, settings_of
from speechdis.features.store import write_store
from speechdis.metrics.verification import verify
from speechdis.training.checkpoint import Checkpoint, save

RATE = 16000
SETTINGS = settings_of("fbank")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/test and features/test: 3 utterances of each of 4 speakers, phones timed."""
    root = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    utterances, rows = [], []
    for s in range(4):
        for k in range(3):
            time = np.arange(int(RATE * (0.5 + 0.1 * k))) / RATE
            wave = 0.2 * np.sin(2 * np.pi * (110 + 40 * s) * time * (1 + 0.1 * np.sin(6 * time)))
            wave = (wave + 0.02 * rng.normal(size=len(wave))).astype(np.float32)
            file = root / "wav" / f"spk{s}-{k}.wav"
            file.parent.mkdir(exist_ok=True)
            write_audio(file, wave, RATE)
            phones = (Interval(0.0, 0.2, "aa"), Interval(0.2, 0.5, "s"))
            text = f"words <{k}> & {'more' * s}"  # markup that must not become markup
            utterances.append(
                Utterance(f"spk{s}-{k}", f"spk{s}", file, gender="mf"[s % 2], text=text, phones=phones)
            )
            rows.append((f"spk{s}-{k}", f"spk{s}", extract(wave, SETTINGS)))
    write_directory(root / "data" / "test", utterances)
    write_store(root / "features" / "test", rows, SETTINGS)
    return root


def make(path: Path, model: str, logged: bool = True, measured: bool = True) -> Path:
    """An experiment as `speechdis train` and `evaluate` leave it, of a model with random weights."""
    torch.manual_seed(0)
    sizes = ("semantic_size", "style_size") if model == "pvae" else ("static_size", "dynamic_size")
    config = models.load(model).Config(**{sizes[0]: 4, sizes[1]: 3, "hidden_size": 8})
    built = models.build(model, 80, config).eval()
    ones = np.ones(80, np.float32)
    save(
        path / "checkpoints" / "best.safetensors",
        Checkpoint(built, model, SETTINGS, 20, -8 * ones, 3 * ones, 40),
    )
    told = {
        "model": {"name": model, "size": 4},
        "training": {"seed": len(path.name)},
        "data": {"train": "ab" * 32},
    }
    (path / "config.yaml").write_text(yaml.safe_dump(told))
    terms = {"reconstruction": 9.0, "loss": 10.0} | ({"mutual_information": 1.5} if model == "cdsvae" else {})
    lines = [
        {
            "step": step,
            "train": {t: v / step for t, v in terms.items()},
            "valid": {t: v / step for t, v in terms.items()},
        }
        for step in (20, 40)
    ]
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines if logged))
    if measured:
        rng = np.random.default_rng(1)
        target, spk = np.arange(60) % 3 == 0, np.arange(60) % 4
        figures = asdict(
            verify(rng.normal(size=60) + target, target, spk, np.where(target, spk, (spk + 1) % 4), 20)
        )
        rates = {condition: {"raw": figures} for condition in ("clean", "channel")}
        row = {"system": "x", "static": rates, "dynamic": rates, "probes": {"energy_dynamic": 0.5}}
        row |= {"outside": {"systems": judged(len(path.name))}}
        references = [{"system": "random vectors", "static": rates}]
        (path / "results.json").write_text(
            json.dumps({"row": row, "references": references, "made": {"commit": "abc"}})
        )
        (path / "run.json").write_text(json.dumps({"step": 40, "commit": "abc", "torch": "2"}))
    return path


def judged(voices: int) -> dict[str, dict[str, dict[str, float]]]:
    """Swaps and copies as if heard from outside: `voices` % of the swaps as A, twice as many of plain ones."""
    told = {"swap": (voices, 25), "swap, plain": (2 * voices, 60), "copy-synthesis of B": (0, 9)}
    names = ("heard as A %", "phonemes wrong, of B's recording %")
    return {
        row: {name: {"mean": mean} for name, mean in zip(names, means, strict=True)}
        for row, means in told.items()
    }


@pytest.fixture(scope="session")
def experiments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("exp")
    return {
        "whole": make(root / "whole", "cdsvae"),
        "other": make(root / "other one", "dsvae"),
        "begun": make(root / "begun", "fhvae", logged=False, measured=False),
        "paired": make(root / "paired", "pvae", measured=False),
    }


@pytest.fixture(scope="session")
def words(corpus: Path, experiments: dict[str, Path]) -> list[str]:
    """The command that shows them all, but for its --out."""
    shown = [word for path in experiments.values() for word in ("--exp", str(path))]
    speech = ["--data", str(corpus / "data"), "--features", str(corpus / "features")]
    return ["report", *shown, *speech, "--voices", "3"]


@pytest.fixture(scope="session")
def page(words: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of all of them."""
    out = tmp_path_factory.mktemp("report") / "page"
    assert main([*words, "--out", str(out)]) == 0
    return out
