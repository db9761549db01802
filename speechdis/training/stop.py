"""Ctrl-C and SIGTERM ask training to stop; it does so between two steps, when its state is whole."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from speechdis.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def asked() -> Iterator[Callable[[], int]]:
    """Yield a function that says which signal has asked for a stop, 0 while none has.

    A second signal does what it does elsewhere: it ends the program at once. A signal that is ignored (a shell's
    background job ignores Ctrl-C) stays so. Only a program's main thread hears signals; in another, none asks.
    """
    heard: list[int] = []
    before: dict[int, Any] = {}

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        for one, handler in before.items():
            signal.signal(one, handler)

    if threading.current_thread() is threading.main_thread():
        before |= {one: signal.getsignal(one) for one in _SIGNALS}
        before = {one: handler for one, handler in before.items() if handler not in (signal.SIG_IGN, None)}
        for one in before:
            signal.signal(one, hear)
    try:
        yield lambda: heard[0] if heard else 0
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def interrupted(step: int, number: int) -> Interrupted:
    """What to raise when signal `number` has stopped training after `step` steps, and the state is kept."""
    stop = Interrupted(f"interrupted at step {step}; --resume goes on")
    stop.code = 128 + number
    return stop
