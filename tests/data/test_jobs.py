"""Maps over utterances in processes: in order, and deaf to Ctrl-C, which the parent alone hears."""

import os
import signal
import time

import pytest

from speechdis.data.jobs import map_utterances


def blocked(number: int) -> tuple[int, bool, int]:
    return number, signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []), os.getpid()


def test_workers_do_not_hear_ctrl_c_and_this_process_does() -> None:
    found = list(map_utterances(blocked, range(4), jobs=2))
    assert [number for number, _, _ in found] == [0, 1, 2, 3]
    assert all(deaf for _, deaf, pid in found)
    assert os.getpid() not in {pid for _, _, pid in found}
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_ctrl_c_ends_the_map_and_its_processes() -> None:
    running = map_utterances(slow, range(50), jobs=2)
    worker = next(running)
    try:
        os.kill(os.getpid(), signal.SIGINT)
        list(running)
    except KeyboardInterrupt:
        running.close()
    else:
        raise AssertionError
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("the worker goes on")


def slow(number: int) -> int:
    time.sleep(0.2)
    return os.getpid()


def test_a_cluster_gives_every_result_in_order_and_its_errors() -> None:
    distributed = pytest.importorskip("dask.distributed")
    items = list(range(300))
    with distributed.LocalCluster(2, 1, processes=False, dashboard_address=None) as cluster:
        at = cluster.scheduler_address
        assert list(map_utterances(_squared, items, scheduler=at)) == [k * k for k in items]
        assert list(map_utterances(_squared, [], scheduler=at)) == []
        with pytest.raises(ValueError, match="not a number"):
            list(map_utterances(_squared, [1, 2, "not a number"], scheduler=at))
        source = iter(range(10_000))
        some = map_utterances(_squared, source, scheduler=at)
        assert next(some) == 0
        time.sleep(0.2)
        assert next(source) < 100  # nobody takes results: no more are made
        some.close()


def _squared(item: int) -> int:
    if isinstance(item, str):
        raise ValueError(item)
    return item * item
