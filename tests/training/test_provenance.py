"""What a number was made with, on machines with and without git."""

import shutil
from pathlib import Path

import pytest
import torch

import speechdis
from speechdis.training.provenance import provenance

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not (ROOT / ".git").exists() or shutil.which("git") is None, reason="no git checkout")
def test_the_commit_is_that_of_this_checkout() -> None:
    assert provenance(torch.device("cpu"))["commit"]


def test_without_git_there_is_no_commit_and_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance(torch.device("cpu"))["commit"] == ""


def test_installed_inside_another_checkout_it_is_not_that_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "site" / "speechdis").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(speechdis, "__file__", str(tmp_path / "site" / "speechdis" / "__init__.py"))
    assert provenance(torch.device("cpu"))["commit"] == ""
