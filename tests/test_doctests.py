"""Examples in docstrings and on the documentation's pages give what they show."""

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

from speechdis import models
from speechdis.data.audio import write_audio
from speechdis.features import settings_of
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

ROOT = Path(__file__).parents[1]
RATE = 16000


def _with_examples(folder: str, pattern: str) -> list[Path]:
    files = (ROOT / folder).rglob(pattern)
    return sorted(file for file in files if ">>> " in file.read_text(encoding="utf-8"))


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder as a page's reader has it: two recordings, and a model that has not learnt anything."""
    torch.manual_seed(0)
    network = models.build("revoice", 80, models.load("revoice").Config())
    mean, std = np.full(80, 8, np.float32), np.full(80, 3, np.float32)
    path = tmp_path / "exp" / "mine" / "checkpoints" / "best.safetensors"
    checkpoint.save(path, Checkpoint(network, "revoice", settings_of("fbank"), 20, mean, std, 0))
    for name, hertz, seconds in (("a.wav", 110, 0.9), ("b.wav", 220, 1.31)):
        t = np.arange(round(seconds * RATE)) / RATE
        buzz = sum(np.sin(2 * np.pi * k * hertz * t) / k for k in range(1, 12))
        write_audio(tmp_path / name, np.asarray(0.1 * buzz, np.float32), RATE)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("file", _with_examples("speechdis", "*.py"), ids=_name)
def test_a_docstring_tells_the_truth(file: Path) -> None:
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried and not failed


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("file", _with_examples("docs/pages", "*.md"), ids=_name)
def test_a_page_tells_the_truth(file: Path) -> None:
    failed, tried = doctest.testfile(str(file), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried and not failed
