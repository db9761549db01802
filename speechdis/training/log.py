"""What a run says of itself: `metrics.jsonl` and `tb/` for figures, `train.log` for words.

A look at the validation speakers is a line of `metrics.jsonl`, means of every term; steps in between are scalars in
TensorBoard alone.
"""

import json
import logging
import math
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from speechdis.data.atomic import replacing
from speechdis.training.run_directory import RunDirectory
from speechdis.training.state import writing

JOURNAL = logging.getLogger(
    "speechdis-journal"
)  # words for train.log alone; notices of "speechdis" stand there too
JOURNAL.setLevel(logging.INFO)
JOURNAL.propagate = False


@contextmanager
def journal(out: Path) -> Iterator[None]:
    """While it lasts, notices and what `JOURNAL` is told are lines of `out/train.log`, with the time."""
    file = RunDirectory(out).journal
    with writing(file):
        handler = _Lines(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    loggers = (JOURNAL, logging.getLogger("speechdis"))
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()


class _Lines(logging.FileHandler):
    """A log that cannot be written (a full disk) is no reason to print a traceback: training itself will say so."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Leave the line out."""


class Figures:
    """`metrics.jsonl` and `tb/` of an experiment, from the step on that `restore` was given.

    Raises:
        InputError: a file cannot be written; from every method.
    """

    def __init__(self, out: Path, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.summary.writer.record_writer import RecordWriter

        self.metrics = RunDirectory(out).metrics
        name = f"events.out.tfevents.{time.time_ns() // 10**6:013d}.{socket.gethostname()}"
        self.events = RunDirectory(out).events / name
        self._event = Event
        self._pending: list[tuple[int, Mapping[str, float], list[str], Tensor, torch.cuda.Event | None]] = []
        # torch's SummaryWriter writes in a thread of its own, which prints a traceback when the disk is full.
        with writing(self.events):
            self.events.parent.mkdir(parents=True, exist_ok=True)
            self._records = RecordWriter(self.events.open("wb"))
            self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
            # What a killed run has shown of later steps is shown no more.
            begin = SessionLog(status=SessionLog.START)
            self._write(Event(wall_time=time.time(), step=step + 1, session_log=begin))

    def look(self, line: Mapping[str, Any]) -> None:
        """Record a look at the validation speakers: "step", and the terms of "train" and "valid"."""
        with writing(self.metrics), self.metrics.open("a") as file:
            file.write(json.dumps(line) + "\n")
        scalars = {
            f"{name}/{split}": line[split][name] for split in ("train", "valid") for name in line[split]
        }
        self._scalars(line["step"], scalars)
        with writing(self.events):
            self._records.flush()

    def measured(self, step: int, computed: Mapping[str, Tensor], known: Mapping[str, float]) -> None:
        """Note figures of one step, some of which may still be being computed; `arrived` gives them when all are."""
        numbers = torch.stack([value.detach().float() for value in computed.values()])
        there = numbers.to("cpu", non_blocking=True)
        ready = None
        if numbers.is_cuda:
            ready = torch.cuda.Event()
            ready.record()
        self._pending.append((step, known, list(computed), there, ready))

    def arrived(self) -> dict[str, float]:
        """Record what has been computed meanwhile, without waiting for what has not; the latest such figures, or {}."""
        latest: dict[str, float] = {}
        while self._pending and (self._pending[0][-1] is None or self._pending[0][-1].query()):
            step, known, names, numbers, _ = self._pending.pop(0)
            latest = {**dict(zip(names, numbers.tolist(), strict=True)), **known}
            self._scalars(step, latest)
        return latest

    def close(self) -> None:
        """Write what is still held back."""
        if any(event is not None for *_, event in self._pending):
            torch.cuda.synchronize()
        self.arrived()
        with writing(self.events):
            self._records.close()

    def _scalars(self, step: int, values: Mapping[str, float]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        found = [Summary.Value(tag=tag, simple_value=v) for tag, v in values.items() if math.isfinite(v)]
        with writing(self.events):
            self._write(self._event(wall_time=time.time(), step=step, summary=Summary(value=found)))

    def _write(self, event: Any) -> None:
        self._records.write(event.SerializeToString())


def restore(out: Path, step: int) -> int:
    """Drop from `metrics.jsonl` what a killed run has logged after `step`, and lines that are none.

    Returns:
        How many lines were damaged, the last one aside, which a killed run may leave half-written.
    """
    file = RunDirectory(out).metrics
    texts = file.read_text(errors="replace").splitlines() if file.exists() else []
    lines = [_line(text) for text in texts]
    kept = [line for line in lines if line is not None and line["step"] <= step]
    with writing(file), replacing(file) as partial:
        partial.write_text("".join(json.dumps(line) + "\n" for line in kept))
    return sum(line is None for line in lines[:-1])


def _line(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(line, dict) and isinstance(line.get("step"), int)
    return line if whole and all(isinstance(line.get(split), dict) for split in ("train", "valid")) else None
