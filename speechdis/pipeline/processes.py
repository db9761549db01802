"""Pieces of long work side by side, each in a process of its own that ends with this one."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(
    function: Callable[[Item], Result], items: Sequence[Item], jobs: int, begin: Callable[[], None]
) -> Iterator[Result]:
    """`function` of each item, in order; of `jobs` of them at a time, each in a process of its own.

    Unlike those of `map_utterances`, the processes end with this one, however it ends: a training that went on
    would write where the next run resumes. Each calls `begin` first.
    """
    if jobs == 1:
        yield from map(function, items)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, fresh, _begin, (threads, begin)) as pool:
        yield from pool.map(function, items)


def _begin(threads: int, begin: Callable[[], None]) -> None:
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))  # read when torch is imported
    begin()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
