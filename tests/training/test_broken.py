"""Runs that are stopped, killed, short of disk or damaged: they end as unbroken ones, or say in a line why not."""

import errno
import json
import os
import shutil
import signal
import stat
from pathlib import Path

import numpy as np
import pytest
from runs import Arguments, curve, digests
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from speechdis.cli import main
from speechdis.data.lock import alone
from speechdis.training import loop, memory
from speechdis.training.loop import Trainer

NAMES = ("metrics.jsonl", "checkpoints/best.safetensors", "checkpoints/last.safetensors")


def error(capsys: pytest.CaptureFixture, words: list[str], code: int = 2) -> str:
    """The one line that a command ends with, after the bar."""
    capsys.readouterr()
    assert main(words) == code
    text = capsys.readouterr().err
    assert "Traceback" not in text
    lines = [line for line in text.split("\n") if line]
    assert lines[-1].startswith("speechdis train: ")
    assert sum("speechdis train: " in line for line in lines) == 1
    return lines[-1]


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> object:
    """Have `action` called after step `step` is taken, before the state is kept."""

    def build(step: int, action: object) -> None:
        heed = Trainer._heed

        def hooked(self: Trainer) -> None:
            if self.step == step:
                action()
            heed(self)

        monkeypatch.setattr(Trainer, "_heed", hooked)

    return build


@pytest.mark.parametrize(
    ("number", "code", "step"),
    [(signal.SIGINT, 130, 13), (signal.SIGTERM, 143, 15)],  # between looks, and before the first batch of one
)
def test_a_signal_stops_it_and_it_goes_on_exactly(
    arguments: Arguments, tmp_path: Path, capsys, monkeypatch, at_step, number: int, code: int, step: int
) -> None:
    assert main(arguments(tmp_path / "whole")) == 0
    at_step(step, lambda: os.kill(os.getpid(), number))
    before = signal.getsignal(number)
    words = arguments(tmp_path / "broken")
    assert error(capsys, words, code) == f"speechdis train: interrupted at step {step}; --resume goes on"
    assert signal.getsignal(number) is before
    monkeypatch.undo()
    assert main([*words, "--resume"]) == 0
    assert digests(tmp_path / "broken") == digests(tmp_path / "whole")
    told = (tmp_path / "broken" / "train.log").read_text()
    assert f"interrupted at step {step}" in told
    assert f"resumed at step {step}" in told
    assert "done: 30 steps" in told


def test_a_state_is_kept_between_looks(arguments: Arguments, tmp_path: Path, monkeypatch, at_step) -> None:
    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    monkeypatch.setattr(loop, "KEEP_EVERY", 0.0)
    at_step(8, kill)
    with pytest.raises(Killed):
        main(arguments(tmp_path / "broken"))
    monkeypatch.undo()
    assert main(arguments(tmp_path / "broken", "--resume")) == 0
    assert json.loads((tmp_path / "broken" / "run.json").read_text())["from_step"] == 7
    assert main(arguments(tmp_path / "whole")) == 0
    assert digests(tmp_path / "broken") == digests(tmp_path / "whole")


def test_more_steps_go_on_as_if_there_had_always_been_as_many(
    arguments: Arguments, tmp_path: Path, capsys
) -> None:
    assert main(arguments(tmp_path / "longer", "--set", "training.steps=12")) == 0
    assert main(arguments(tmp_path / "longer", "--resume")) == 0
    assert main(arguments(tmp_path / "whole")) == 0
    assert [line["step"] for line in curve(tmp_path / "longer")] == [5, 10, 12, 15, 20, 25, 30]
    last = "checkpoints/last.safetensors"
    assert (tmp_path / "longer" / last).read_bytes() == (tmp_path / "whole" / last).read_bytes()
    fewer = arguments(tmp_path / "whole", "--resume", "--set", "training.steps=20")
    assert "has taken 30 steps, more than training.steps=20" in error(capsys, fewer)


def test_a_second_run_on_one_experiment_is_refused(arguments: Arguments, tmp_path: Path, capsys) -> None:
    with alone(tmp_path / "exp"):
        assert "in use by another run" in error(capsys, arguments(tmp_path / "exp", "--resume"))
    assert not (tmp_path / "exp").exists()


@pytest.mark.parametrize(
    "name", ["last.state.pt", "best.safetensors", "last.safetensors", "run.json", "config.yaml"]
)
def test_a_full_disk_is_one_line_and_the_run_goes_on(
    arguments: Arguments, tmp_path: Path, capsys, monkeypatch, name: str
) -> None:
    assert main(arguments(tmp_path / "whole")) == 0
    files = {"write_bytes": Path.write_bytes, "write_text": Path.write_text}
    for method, write in files.items():

        def full(self: Path, content, *more, write=write, **kw) -> int:
            if name in self.name:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(self, content, *more, **kw)

        monkeypatch.setattr(Path, method, full)
    said = error(capsys, arguments(tmp_path / "full"))
    assert name in said
    assert "No space left" in said
    monkeypatch.undo()
    assert main(arguments(tmp_path / "full", "--resume")) == 0
    assert digests(tmp_path / "full") == digests(tmp_path / "whole")


@pytest.fixture
def halved(arguments: Arguments, tmp_path: Path, at_step, monkeypatch) -> list[str]:
    """The command line of a run that was stopped at step 18."""
    at_step(18, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert main(arguments(tmp_path / "exp")) == 143
    monkeypatch.undo()
    return arguments(tmp_path / "exp", "--resume")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x80\x02}q\x00.", None], ids=["empty", "cut", "other", "none"]
)
def test_a_damaged_state_falls_back_to_the_one_before(
    halved: list[str], arguments: Arguments, tmp_path: Path, content: bytes | None
) -> None:
    state = tmp_path / "exp" / "checkpoints" / "last.state.pt"
    state.unlink() if content is None else state.write_bytes(content)
    assert main(halved) == 0
    assert json.loads((tmp_path / "exp" / "run.json").read_text())["from_step"] == 15
    assert main(arguments(tmp_path / "whole")) == 0
    for name in NAMES:
        assert (tmp_path / "exp" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_two_damaged_states_are_one_line(halved: list[str], tmp_path: Path, capsys) -> None:
    for file in (tmp_path / "exp" / "checkpoints").glob("*.state.pt"):
        file.write_bytes(b"")
    assert "last.state.pt: cannot resume from it" in error(capsys, halved)


@pytest.mark.parametrize("name", ["best", "last"])
@pytest.mark.parametrize("content", [b"", b"\x08\x00\x00\x00\x00\x00\x00\x00{}", None])
def test_a_damaged_checkpoint_is_written_again(
    halved: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, content: bytes | None
) -> None:
    file = tmp_path / "exp" / "checkpoints" / f"{name}.safetensors"
    file.unlink() if content is None else file.write_bytes(content)
    assert main(halved) == 0
    assert f"{name}.safetensors: " in caplog.text
    features = halved[halved.index("--features") + 1] + "/dev"
    words = ["embed", "--checkpoint", str(file), "--features", features, "--out", str(tmp_path / "e")]
    assert main([*words, "--device", "cpu"]) == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 9999, b"\xff\xfe\x00", b"[]", b"{}", b"3"])
def test_damaged_figures_are_made_again_and_a_damaged_configuration_is_named(
    arguments: Arguments, halved: list[str], tmp_path: Path, capsys, content: bytes
) -> None:
    out = tmp_path / "exp"
    lines = (out / "metrics.jsonl").read_bytes().splitlines(True)
    (out / "metrics.jsonl").write_bytes(lines[0] + lines[1] + content + b"\n" + lines[2][:30])
    (out / "run.json").write_bytes(content)
    assert main(halved) == 0
    assert [line["step"] for line in curve(out)] == [5, 10, 20, 25, 30]
    (out / "run.json").write_bytes(content)
    assert main(halved) == 0
    assert json.loads((out / "run.json").read_text())["step"] == 30
    (out / "config.yaml").write_bytes(content)
    assert "config.yaml" in error(capsys, halved)


def test_beyond_memory_is_one_line(arguments: Arguments, tmp_path: Path, capsys, monkeypatch) -> None:
    huge = arguments(tmp_path / "exp", "--set", "training.batch=1000000", "--set", "training.segment=15")
    monkeypatch.setattr(memory, "total", lambda: 10**9)
    assert "lower training.batch" in error(capsys, huge)
    assert "lower model.hidden_size" in error(
        capsys, arguments(tmp_path / "exp", "--set", "model.hidden_size=8192")
    )
    monkeypatch.undo()

    def short(self: Trainer) -> None:
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried"
        )

    monkeypatch.setattr(Trainer, "_heed", short)
    assert "lower training.batch" in error(capsys, arguments(tmp_path / "exp"))


def test_what_is_in_the_way_is_named_and_stays(arguments: Arguments, tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("mine")
    assert "is no folder" in error(capsys, arguments(tmp_path / "file"))
    assert "is no folder" in error(capsys, arguments(Path("/dev/null")))
    (tmp_path / "own" / "tb").mkdir(parents=True)
    (tmp_path / "own" / "tb" / "notes").write_text("mine")
    (tmp_path / "own" / "config.yaml").write_text("mine: 1")
    assert "add --resume" in error(capsys, arguments(tmp_path / "own"))
    (tmp_path / "own" / "config.yaml").unlink()
    assert main(arguments(tmp_path / "own")) == 0
    assert (tmp_path / "own" / "tb" / "notes").read_text() == "mine"
    assert (tmp_path / "file").read_text() == "mine"


def test_files_have_the_mode_that_the_umask_says(arguments: Arguments, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        assert main(arguments(tmp_path / "exp")) == 0
    finally:
        os.umask(before)
    for file in (tmp_path / "exp" / "checkpoints").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o640, file


def test_tensorboard_shows_loss_norm_and_rate_every_ten_steps(
    arguments: Arguments, tmp_path: Path, halved: list[str]
) -> None:
    """Read by TensorBoard itself: after a resume no step is there twice."""
    assert main(halved) == 0
    events = EventAccumulator(str(tmp_path / "exp" / "tb")).Reload()
    for tag in ("loss/step", "gradient_norm/loss", "learning_rate/loss"):
        shown = events.Scalars(tag)
        assert [point.step for point in shown] == [10, 20, 30]
        assert np.isfinite([point.value for point in shown]).all()
    looks = events.Scalars("loss/valid")
    assert [point.step for point in looks] == [5, 10, 15, 20, 25, 30]
    expected = [line["valid"]["loss"] for line in curve(tmp_path / "exp")]
    assert [point.value for point in looks] == pytest.approx(expected)


def test_a_kill_at_any_access_to_a_file_changes_nothing(arguments: Arguments, tmp_path: Path) -> None:
    """Killed processes cannot clean up: what matters is the order in which files are written and renamed."""
    words = arguments(tmp_path / "killed", "--resume", "--set", "training.steps=15")
    assert main(arguments(tmp_path / "whole", "--set", "training.steps=15")) == 0
    expected = digests(tmp_path / "whole")
    for nth in (3, 9, 14, 19, 26, 33, 38, 44):
        shutil.rmtree(tmp_path / "killed", ignore_errors=True)
        assert killed_at(nth, tmp_path / "killed", words)
        assert main(words) == 0
        assert digests(tmp_path / "killed") == expected, nth


def killed_at(nth: int, out: Path, words: list[str]) -> bool:
    """Run a command in a fork that is killed at its nth opening, renaming or removing of a file in `out`."""
    child = os.fork()
    if child == 0:
        import sys

        seen = []

        def hook(event: str, args: tuple) -> None:
            if event in ("open", "os.rename", "os.remove", "os.mkdir") and str(args[0]).startswith(str(out)):
                seen.append(event)
                if len(seen) == nth:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            main(words)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
