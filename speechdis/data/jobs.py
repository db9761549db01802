"""Maps over utterances: threads or processes on one machine, a Dask cluster beyond it."""

import errno
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, TypeVar

from speechdis.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # which no other item would be spared
_BATCH = 0.2  # seconds that one task of a cluster takes


def map_utterances(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    jobs: int = 1,
    scheduler: str | None = None,
    threads: bool = False,
    batches: bool = True,
) -> Iterator[Result]:
    """Yield `function(item)` for every item, in order, as results come in.

    Args:
        function: picklable; takes one item.
        items: anything picklable, one an utterance.
        jobs: workers; 1 runs in this process.
        scheduler: address of a running Dask scheduler (`tcp://host:8786`); takes the place of workers here.
        threads: workers are threads, not processes: for a function that spends its time in libraries which
            let others run meanwhile; what it imports is in memory once.
        batches: several items make one task of a cluster; not where each takes a worker minutes.

    Raises:
        InputError: no Dask; or a cluster's workers die of an item.
    """
    if jobs == 1 and scheduler is None:
        yield from map(function, items)
        return
    if threads and scheduler is None:
        yield from _in_threads(function, items, jobs)
        return
    if scheduler is None:
        import joblib

        with _deaf_to_ctrl_c():
            results = joblib.Parallel(n_jobs=jobs, return_as="generator")(
                joblib.delayed(function)(i) for i in items
            )
        yield from results
        return
    yield from _in_dask(function, items, scheduler, batches)


def attempted(work: Callable[[], Result], file: Path) -> Result | str:
    """What `work` gives, or what is wrong with the one item that it works at; `file` is where that would be written.

    Raises:
        OSError: of a full or read-only disk, which no other item would be spared.
    """
    try:
        return work()
    except InputError as error:
        return str(error)
    except OSError as error:
        if error.errno in _FULL:
            raise
        return f"{error.filename or file}: {error.strerror}"


def _in_threads(function: Callable[[Item], Result], items: Iterable[Item], jobs: int) -> Iterator[Result]:
    """As many results as there are threads wait to be taken, however long that takes."""
    pool = ThreadPoolExecutor(jobs)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _in_dask(
    function: Callable[[Item], Result], items: Iterable[Item], scheduler: str, batches: bool
) -> Iterator[Result]:
    """Batches that take a worker a fifth of a second: a task an item would take longer than its work.

    Two wait for each thread of the cluster, and one more, so memory does not grow with the items.
    """
    try:
        from dask.distributed import Client, KilledWorker
    except ModuleNotFoundError:
        raise InputError("--scheduler needs Dask: pip install 'speechdis[cluster]'") from None

    remaining, size = iter(items), 4 if batches else 1
    with Client(scheduler) as client:
        most = 2 * sum(client.nthreads().values())
        waiting: deque[Any] = deque()
        batch = list(islice(remaining, size))
        while batch or waiting:
            if batch:
                waiting.append(client.submit(_timed, function, batch, pure=False))
            if len(waiting) > most or not batch:
                try:
                    seconds, results = waiting.popleft().result()
                except KilledWorker:
                    raise InputError(
                        f"{scheduler}: its workers die of this work, one after the other, mostly for want of memory; "
                        "their logs say why"
                    ) from None
                if batches:
                    size = max(1, min(2 * size, int(len(results) * _BATCH / max(seconds, 1e-6))))
                yield from results
            batch = list(islice(remaining, size))


def _timed(function: Callable[[Item], Result], items: list[Item]) -> tuple[float, list[Result]]:
    """Seconds of its thread, however busy the machine is, and a result for each item."""
    start = time.thread_time()
    results = [function(item) for item in items]
    return time.thread_time() - start, results


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Processes that are started within never hear Ctrl-C; this one hears it at the end.

    A terminal sends Ctrl-C to all of them. One that is importing a C++ extension then dies with an abort and its
    message (pybind11 lets no KeyboardInterrupt out of a module's initialisation). This process ends its workers itself.
    """
    resource_tracker.ensure_running()  # which, were it started within, would undo the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # a process inherits the mask
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
