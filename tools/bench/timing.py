"""Fair timing for the benches: CPU seconds on one core, interleaved, best of several; Markdown tables.

Import it before numpy and torch: it holds both to one thread. Peers are timed in the same run as our own,
so that ratios mean something on a busy machine.
"""

import math
import os
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")


def measure(functions: Mapping[Key, Callable[[], object]], repeat: int = 5) -> dict[Key, float]:
    """Best CPU seconds of one call of each function; NaN for one that needs a package not installed.

    Each is called once untimed (imports, caches, compilation), then all in turn, `repeat` times.
    """
    best: dict[Key, float] = {}
    for name, function in functions.items():
        try:
            function()
            best[name] = math.inf
        except ImportError:
            best[name] = math.nan
    for _ in range(repeat):
        for name, function in functions.items():
            if not math.isnan(best[name]):
                start = time.process_time()
                function()
                best[name] = min(best[name], time.process_time() - start)
    return best


def available(makers: Mapping[str, Callable[[], Value]]) -> dict[str, Value | None]:
    """What each maker makes; None where a package is not installed."""
    made: dict[str, Value | None] = {}
    for name, make in makers.items():
        try:
            made[name] = make()
        except ImportError:
            made[name] = None
    return made


def table(rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows (column name to value) as a Markdown table; three digits, NaN as not installed."""
    print("|", " | ".join(rows[0]), "|")
    print("|" + "---|" * len(rows[0]))
    for row in rows:
        print("|", " | ".join(map(_text, row.values())), "|")


def _text(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return "not installed"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
