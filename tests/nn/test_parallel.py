"""Two processes, started as `torchrun` does, against one."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os
import torch
from speechdis.nn import parallel
from speechdis.training.distributed import processes

whole = torch.arange(12.0).reshape(4, 3)
weights = torch.arange(12.0).reshape(3, 4).T  # a transposed gradient, too
threads = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0
with processes("cpu"):
    import torch._dynamo  # as optimisers do at their first step; it imports what must be there before the group
    mine = parallel.mine(whole).requires_grad_()
    rows = parallel.all_rows(mine)  # lives on after the group
    (rows * weights * (parallel.rank() + 1)).sum().backward()
    assert rows.equal(whole)
    assert parallel.mean(mine.mean()) == whole.mean()
    assert mine.grad.equal(parallel.mine(3 * weights))  # what both ranks make of it: 1 + 2
if threads:
    assert len(os.listdir("/proc/self/task")) <= threads, "the group's threads outlive it"
"""


def test_rows_of_all_and_a_group_that_ends(tmp_path: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(SCRIPT)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    subprocess.run([sys.executable, *launch, str(script)], check=True)
