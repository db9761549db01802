"""Maps over utterances: threads or processes on one machine, a Dask cluster beyond it."""

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TypeVar

from speechdis.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_utterances(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    jobs: int = 1,
    scheduler: str | None = None,
    threads: bool = False,
) -> Iterator[Result]:
    """Yield `function(item)` for every item, in order, as results come in.

    Args:
        function: picklable; takes one item.
        items: anything picklable, one an utterance.
        jobs: workers; 1 runs in this process.
        scheduler: address of a running Dask scheduler (`tcp://host:8786`); takes the place of workers here.
        threads: workers are threads, not processes: for a function that spends its time in libraries which
            let others run meanwhile; what it imports is in memory once.
    """
    if jobs == 1 and scheduler is None:
        yield from map(function, items)
        return
    if threads and scheduler is None:
        yield from _in_threads(function, items, jobs)
        return
    import joblib

    if scheduler is None:
        with _deaf_to_ctrl_c():
            results = joblib.Parallel(n_jobs=jobs, return_as="generator")(
                joblib.delayed(function)(i) for i in items
            )
        yield from results
        return
    try:
        from dask.distributed import Client
    except ModuleNotFoundError:
        raise InputError("--scheduler needs Dask: pip install 'speechdis[cluster]'") from None

    with Client(scheduler), joblib.parallel_config(backend="dask"):
        yield from joblib.Parallel(n_jobs=-1, return_as="generator")(
            joblib.delayed(function)(i) for i in items
        )


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
