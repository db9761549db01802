"""Killed anywhere, run again, same bytes. `python tests/fuzz --kills 100` kills more often."""

from pathlib import Path

import pytest
from kills import COMMANDS, failure, make_stores, moments
from readers import make_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kill") / "in"
    make_inputs(folder)
    make_stores(folder)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_and_run_again(command: str, inputs: Path, tmp_path: Path) -> None:
    assert not failure(command, inputs, tmp_path, moments(0, 3))
