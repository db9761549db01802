"""Freed memory is used again without asking the system."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, torch
from speechdis.training import memory
if {keep}:
    memory.keep_freed()
for step in range(10):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(10 << 20)  # 40 MB: 10,240 pages
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_a_later_step_takes_no_new_pages() -> None:
    """Page faults of a process that allocates the same 40 MB for the tenth time."""

    def faults(keep: bool) -> int:
        command = [sys.executable, "-c", FAULTS.format(keep=keep)]
        return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    assert faults(keep=True) < 100 < 10_000 < faults(keep=False)
