"""A lock holds others off, and goes with its holder however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from speechdis.data.lock import alone
from speechdis.errors import InputError

HOLD = """
import sys, time
from speechdis.data.lock import alone
with alone(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    with alone(tmp_path / "exp"):
        with (
            pytest.raises(InputError, match=f"by another run .process {os.getpid()}"),
            alone(tmp_path / "exp"),
        ):
            raise AssertionError
        with alone(tmp_path / "other"):
            pass
    with alone(tmp_path / "exp"):
        pass
    assert not list(tmp_path.iterdir())


def test_one_folder_under_two_names_is_one(tmp_path: Path) -> None:
    (tmp_path / "exp").mkdir()
    (tmp_path / "link").symlink_to("exp")
    with alone(tmp_path / "exp"), pytest.raises(InputError), alone(tmp_path / "link"):
        raise AssertionError


def test_a_killed_holder_holds_no_more(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "exp")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(InputError, match=f"process {process.pid}"), alone(tmp_path / "exp"):
        raise AssertionError
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with alone(tmp_path / "exp"):
        pass
    assert not list(tmp_path.iterdir())
