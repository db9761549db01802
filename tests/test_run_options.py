"""Options of every run.sh: checked before stage 0, and never more than values."""

import os
import subprocess
from pathlib import Path

import pytest

EGS = Path(__file__).parents[1] / "egs"
RUNS = sorted(EGS.glob("*/run.sh"))


def run(script: Path, *words: str, folder: Path) -> subprocess.CompletedProcess:
    """What a run.sh says, started in `folder`."""
    env = os.environ | {"CDPATH": f"{EGS}:."}  # with which `cd` prints where it goes
    return subprocess.run(
        ["bash", str(script), *words], capture_output=True, text=True, check=False, env=env, cwd=folder
    )


def refused(done: subprocess.CompletedProcess, says: str, folder: Path) -> None:
    """It ended in one line and 2 before any stage, and left nothing."""
    assert done.returncode == 2 and not done.stdout
    (line,) = done.stderr.splitlines()
    assert says in line
    assert not list(folder.iterdir())


@pytest.mark.parametrize("script", RUNS, ids=lambda p: p.parent.name)
def test_no_number_is_computed_with_before_it_is_one(script: Path, tmp_path: Path) -> None:
    """Every option that is a number, of every recipe; all at once would stop at the first."""
    text = script.read_text() + (EGS / "options.sh").read_text()
    numbers = {"stage", "stop-stage", "jobs", "attacker-steps", "seed"}
    numbers |= set() if "trains=false" in script.read_text() else {"versions", "phone-steps", "swaps"}
    numbers |= {name for name in ("speakers", "strings", "words") if f"  {name}=" in text}
    for name in sorted(numbers):
        for value in ("versions[$(touch pwned)]+9", "1x", "-1", "$(touch pwned)", "08", "1" * 20):
            done = run(script, f"--{name}", value, folder=tmp_path)
            refused(done, f"{script.parent.name}/run.sh: --{name} must be a whole number", tmp_path)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--stage", "6"], "--stage 6 comes after --stop-stage 5"),
        (["--stage", "3", "--stop-stage", "2"], "no stage would run"),
        (["--stop-stage", "7"], "there are stages 0 to 5"),
        (["--jobs", "0"], "--jobs must be a whole number from 1 on"),
        (["--model", "nope"], "no recipe 'nope'; there are: avrnn/"),
        (["--model", "pvae"], "no recipe of 'pvae' for timit or speech; there are: pvae/digits"),
        (["--model", "-x"], "no recipe '-x'"),
        (["--model", "a/b"], "--model and --name must have no '/'"),
        (["--config", "revoice/nope"], "no recipe 'revoice/nope'"),
        (["--config", "-x.yaml"], "./-x.yaml: no such file"),
        (["--set", "training.stepz=3"], "unknown key 'stepz'; did you mean 'steps'?"),
        (["--set", "training.steps=3", "--set", "*"], "--set *: expected section.key=value"),
        (["--device", "tpu"], "--device must be one of: auto cpu cuda"),
        (["--feature-type", "a[$(touch pwned)]"], "--feature-type must be one of: fbank "),
        (["--work"], "--work needs a value"),
        (["--work", "--stage"], "--work needs a value"),
        (["--work", ""], "--work needs a value that is not empty"),
        (["--"], "no option '--'"),
        (["--@"], "no option '--@'"),
        (["--x[$(touch pwned)]", "1"], "no option '--x[$(touch pwned)]'"),
        (["stage"], "no option 'stage'"),
    ],
)
def test_what_cannot_be_run_is_refused_before_stage_0(words: list[str], says: str, tmp_path: Path) -> None:
    refused(run(EGS / "timit" / "run.sh", *words, folder=tmp_path), says, tmp_path)


def test_a_run_without_a_stage_is_no_success(tmp_path: Path) -> None:
    work = ["--work", str(tmp_path)]
    done = run(EGS / "fsdd" / "run.sh", "--stage", "3", *work, folder=tmp_path)
    refused(done, "no stage from 3 to 5 was run: stages 2 to 5 need --mnist DIR", tmp_path)
    done = run(EGS / "fsdd" / "run.sh", "--split", "any", *work, folder=tmp_path)
    refused(done, "--split must be one of: official speakers", tmp_path)


def test_help_is_that_of_the_recipe_wherever_it_is_called_from(tmp_path: Path) -> None:
    for script in RUNS:
        done = run(script, "--help", folder=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"bash egs/{script.parent.name}/run.sh" in done.stdout and "--stop-stage " in done.stdout
