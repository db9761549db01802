"""`torchrun` in, one device out: the same command trains alone, on several GPUs or on several machines."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
import torch.distributed.nn.functional  # its default arguments would hold a group that is there before it

from speechdis.errors import InputError


@contextmanager
def processes(device: str) -> Iterator[torch.device]:
    """Join the group that `torchrun` started, if it did, and yield this process's device.

    Args:
        device: "cpu", "cuda", or "auto" for a GPU where there is one.

    Raises:
        InputError: "cuda" where there is none.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    elif device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: torch finds no GPU it can use here; use --device cpu")
    if "RANK" not in os.environ:
        yield torch.device(device)
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield torch.device(device, torch.cuda.current_device()) if device == "cuda" else torch.device(device)
    finally:
        dist.destroy_process_group()
