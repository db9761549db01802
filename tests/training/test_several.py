"""Several processes, one of which dies: the others say so in a line, and the state is there."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from runs import Arguments

from speechdis.errors import InputError
from speechdis.training.distributed import reached

LAUNCH = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "speechdis"]


def second_of(launcher: int) -> int:
    """The process of rank 1 that a launcher has started."""
    children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
    (found,) = [int(c) for c in children if b"\0RANK=1\0" in b"\0" + Path(f"/proc/{c}/environ").read_bytes()]
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the process in Linux's /proc")
def test_a_killed_process_ends_the_others_with_a_line(arguments: Arguments, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    words = [sys.executable, *LAUNCH, *arguments(out, "--set", "training.steps=100000")]
    told = {"text": True, "stderr": subprocess.PIPE, "env": os.environ | {"OMP_NUM_THREADS": "1"}}
    with subprocess.Popen(words, **told) as launcher:  # type: ignore[call-overload]
        while not (out / "checkpoints" / "last.state.pt").exists() and launcher.poll() is None:
            time.sleep(0.05)
        os.kill(second_of(launcher.pid), signal.SIGKILL)
        said = launcher.communicate()[1]
    assert launcher.returncode == 1  # torchrun's
    assert "process 0: another process has ended or is out of reach" in said
    assert "[rank0]" not in said  # as torch marks tracebacks
    assert "another process has ended" in (out / "train.log").read_text()


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shape"), reached():
        raise RuntimeError("shape")
    with pytest.raises(InputError, match="another process has ended"), reached():
        raise RuntimeError("[gloo/transport/tcp/pair.cc:545] Read error: Connection reset by peer")
