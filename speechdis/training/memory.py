"""How much memory there is, what training needs at least, and what the C library does with freed memory."""

import ctypes
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from speechdis import models
from speechdis.errors import InputError
from speechdis.training.config import Recipe, Training

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # of mallopt, in malloc.h
_LIMIT_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container


def keep_freed() -> None:
    """Keep freed blocks for the next step, for the rest of the process; nothing but glibc is touched.

    By default glibc hands blocks of megabytes back to the system when a tensor dies, and the next step's tensors
    get them page by page, cleared: some 19,000 page faults and an eighth or more of a DSVAE step on a CPU.
    Results are the same to the bit.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(MMAP_MAX, 0)  # every block from the heap,
        library.mallopt(TRIM_THRESHOLD, -1)  # and the heap never shrinks


def total() -> int:
    """Bytes of memory that this process may have: the machine's, or fewer in a container."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for file in _LIMIT_FILES:
        try:
            sizes.append(int(Path(file).read_text()))
        except (OSError, ValueError):  # not there, or "max"
            continue
    return min(sizes)


def free(device: torch.device) -> int:
    """Bytes that frames may take on a device: of a GPU what is free on it, else what this process may have."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return total() // int(os.environ.get("LOCAL_WORLD_SIZE", 1))  # which torchrun sets


def require(recipe: Recipe, bins: int) -> None:
    """Refuse what cannot fit: the system promises more memory than there is, and kills who then uses it.

    What is counted is a lower bound: weights, gradients and Adam's two moments; and of a batch the frames with their
    views, their reconstruction and one hidden layer, with gradients.

    Args:
        recipe: what shall be trained.
        bins: dimensions of a frame.

    Raises:
        InputError: it does not fit.
    """
    training, there = recipe.training, total()
    sizes = models.shapes(recipe.name, bins, recipe.model).values()
    weights = 4 * 4 * sum(size.numel() for size in sizes)
    frames = training.batch * training.segment
    batch = 4 * frames * (6 * bins + 2 * recipe.model.hidden_size)
    if weights > there:
        raise InputError(
            f"a '{recipe.name}' of these sizes needs {_gigabytes(weights)} of memory to train, there are "
            f"{_gigabytes(there)}; lower model.hidden_size or other sizes of the model"
        )
    if weights + batch > there:
        raise InputError(
            f"{_too_large(training)}: {_gigabytes(batch)} or more, there are {_gigabytes(there)}"
        )


def short(error: BaseException) -> bool:
    """Whether it says that memory has run out, of the host or of a device."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


@contextmanager
def enough(training: Training) -> Iterator[None]:
    """Raise InputError where memory runs out within."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not short(error):
            raise
        raise InputError(_too_large(training)) from None


def _too_large(training: Training) -> str:
    return (
        f"training.batch={training.batch} segments of training.segment={training.segment} frames need more memory "
        "than there is; lower training.batch"
    )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"
