"""One try: a damaged file, the command that reads it, and what must hold of it whatever the damage."""

import contextlib
import io
import logging
import os
import resource
import shutil
import traceback
from collections.abc import Iterator
from pathlib import Path

from mutations import mutated
from readers import READERS, Reader

from speechdis.cli import main

MEMORY = 3 << 30  # bytes beyond what the process holds when it begins


def failure(inputs: Path, name: str, seed: int) -> str | None:
    """What is wrong with how the command took the file `name` of `inputs`, damaged by `seed`; None if nothing is.

    `inputs` is as before when this returns.
    """
    reader = READERS[name]
    file = inputs / reader.file
    good = file.read_bytes()
    file.write_bytes(mutated(good, seed))
    out = inputs.parent / "out"
    out.mkdir()
    try:
        return _judged(reader, inputs, out)
    finally:
        shutil.rmtree(out)
        file.write_bytes(good)


def _judged(reader: Reader, inputs: Path, out: Path) -> str | None:
    before = _listing(inputs)
    code, said = _ran(reader.argv(inputs, out / "made"))
    last = said.strip().splitlines()[-1] if said.strip() else ""
    if code not in (0, 2):
        return f"exit code {code}: {said[-3000:]}"
    if _listing(inputs) != before:
        return "an input was changed, or a file was left beside it"
    if code == 2 and not last.startswith("speechdis "):
        return f"exit code 2, but the last line is {last!r}"
    if code == 2 and (len(last) > 800 or not last.isprintable()):
        return f"a line that no terminal can show: {last[:1000]!r}"
    left = sorted(path.name for path in out.iterdir())
    if (code == 2 and left) or any(name.startswith(".") for name in left):
        return f"exit code {code}, and it left {left}"
    return None


def _ran(argv: list[str]) -> tuple[object, str]:
    """The exit code, or a traceback in its place, and all that was said on standard error."""
    said = io.StringIO()
    log = logging.StreamHandler(said)
    logging.getLogger().addHandler(
        log
    )  # what a process of its own would write; main()'s handler may hold another
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()), bounded_memory():
            return main(argv), said.getvalue()
    except SystemExit as stop:
        return stop.code, said.getvalue()
    except BaseException as error:
        return type(error).__name__, "".join(traceback.format_exception(error))
    finally:
        logging.getLogger().removeHandler(log)


@contextlib.contextmanager
def bounded_memory(beyond: int = MEMORY) -> Iterator[None]:
    """Let this process take no more than so many bytes: what wants more is a MemoryError, not a dead machine."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    pages = int(Path("/proc/self/statm").read_text().split()[5])  # data and stack
    resource.setrlimit(resource.RLIMIT_DATA, (pages * os.sysconf("SC_PAGE_SIZE") + beyond, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _listing(folder: Path) -> list[tuple[str, int, int]]:
    found = ((path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file())
    return [(str(path), status.st_size, status.st_mtime_ns) for path, status in found]
