"""The command, run as a person runs it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path


class Served:
    """A running `speechdis app`."""

    def __init__(self, temporary: Path, *words: str) -> None:
        self.temporary = temporary  # its folder for temporary files
        self.process = subprocess.Popen(
            [sys.executable, "-m", "speechdis", "app", "--no-browser", "--port", "0", *words],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        assert self.process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/", self.process.stderr.readline())
        assert found
        self.address = found[0]

    def end(self, number: int = signal.SIGINT) -> str:
        """What it still says, and exit code 0."""
        self.process.send_signal(number)
        said = self.process.communicate(timeout=10)[1]
        assert self.process.returncode == 0
        return said
