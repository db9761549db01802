"""Where the files of an experiment lie, and whose a folder is."""

from pathlib import Path

import pytest

from speechdis.errors import InputError
from speechdis.training.run_directory import RunDirectory


def test_a_checkpoint_is_of_the_run_around_it() -> None:
    inside, elsewhere = Path("exp/a/checkpoints/best.safetensors"), Path("models/b.safetensors")
    assert RunDirectory.around(inside).path == Path("exp/a")
    assert RunDirectory.around(inside).checkpoint("best") == inside
    assert RunDirectory.around(elsewhere).new_results == Path("models/results.json")


def test_a_strangers_folder_is_not_gone_on_with(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    assert run.ours and run.found == []
    run.metrics.touch()
    assert not run.ours and run.found == ["metrics.jsonl"]
    with pytest.raises(InputError, match="not an experiment"):
        run.require()
    run.config.touch()
    run.require()
    assert run.ours


def test_the_first_results_that_are_there(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    assert run.results == run.new_results
    (tmp_path / "results-dev.json").touch()
    assert run.results.name == "results-dev.json"
    (tmp_path / "results-test.json").touch()
    assert run.results.name == "results-test.json"
