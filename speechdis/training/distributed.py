"""`torchrun` in, one device out: the same command trains alone, on several GPUs or on several machines."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
import torch.distributed.nn.functional  # its default arguments would hold a group that is there before it

from speechdis.errors import InputError
from speechdis.training import memory


@contextmanager
def processes(device: str) -> Iterator[torch.device]:
    """Join the group that `torchrun` started, if it did, and yield this process's device.

    From then on it keeps freed memory.

    Args:
        device: "cpu", "cuda", or "auto" for a GPU where there is one.

    Raises:
        InputError: "cuda" where there is none; another process has ended.
    """
    device = place(device)
    memory.keep_freed()
    if "RANK" not in os.environ:
        yield torch.device(device)
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        with reached():
            yield (
                torch.device(device, torch.cuda.current_device())
                if device == "cuda"
                else torch.device(device)
            )
    finally:
        dist.destroy_process_group()


@contextmanager
def reached() -> Iterator[None]:
    """Raise InputError where another process of the group cannot be reached within."""
    try:
        yield
    except RuntimeError as error:  # gloo's errors have no type of their own
        if not (isinstance(error, dist.DistError) or "gloo" in str(error) or "by peer" in str(error)):
            raise
        raise InputError(
            f"process {os.environ.get('RANK', 0)}: another process has ended or is out of reach; its own last line, or "
            "the system's log, says why; --resume goes on from the last state"
        ) from None


def place(device: str) -> str:
    """`device`, or the best there is for "auto": a GPU before the CPU.

    Raises:
        InputError: torch does not know it, or cannot use it here.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise InputError(f"no device '{device}'; there are cpu, cuda and mps") from None
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(kind, False):
        raise InputError(f"device '{device}': torch finds none that it can use here; use cpu")
    return device
