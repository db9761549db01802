"""Outputs appear whole or not at all: written beside their place, forced to disk, then renamed into it.

Each run writes under a name of its own (machine, process, random), so that of several runs with one --out the last to
end wins, whole. What a killed run left is removed by the next one on the same machine, once its process is gone.
"""

import errno
import os
import platform
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from speechdis.data import record
from speechdis.data.lock import in_turn
from speechdis.data.outputs import check_file, check_folder, passes_through, pour
from speechdis.data.record import ANY, PARTIAL, RECORD, Kind
from speechdis.errors import InputError

_HOST = re.sub(r"\W", "_", platform.node())
_MANY = 64  # files that are forced to disk one by one; more of them all at once


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a path to write a file to; it takes the place of the file `path` on success.

    On any error what was written is removed and `path` is left as it was. Of a link the target is replaced; a pipe or
    device, and a file that cannot be renamed over, is written through, once all is there.

    Raises:
        InputError: see `outputs.check_file`.
    """
    target = check_file(path)
    if passes_through(target):
        with tempfile.TemporaryDirectory() as made, _named(Path(made), Path(path)):
            yield (content := Path(made) / "output")
            pour(content, target)
        return
    inside = any(
        PARTIAL.fullmatch(parent.name) for parent in target.parents
    )  # a part of another: it does the rest
    target.parent.mkdir(parents=True, exist_ok=True)
    if not inside:
        clear(target.parent)
    folder = _beside(target, "partial")
    partial = folder / target.name  # torch and gzip write a file's own name into it
    with _named(folder, Path(path)):
        folder.mkdir()
        yield partial
        if not inside:
            _force(partial)
            record.note(target, partial)
        try:
            partial.replace(target)
        except OSError as error:
            if error.errno != errno.EBUSY:  # a file that is mounted
                raise
            pour(partial, target)
        if not inside:
            _force(target.parent)


@contextmanager
def replacing_folder(path: str | Path, kind: Kind, changed: bool = False) -> Iterator[Path]:
    """Yield a new folder to fill; it takes the place of the folder `path` on success.

    An earlier output of the same kind is replaced, as far as this program wrote it and no further (see `record`).

    Args:
        path: the folder; missing, empty, or an earlier output.
        kind: what it will hold.
        changed: files of the earlier output that have been changed since may be replaced, too.

    Raises:
        InputError: see `outputs.check_folder`; at once, before the folder is yielded.
    """
    target = check_folder(path, kind, changed)
    # A mount point cannot be renamed, nor a folder in one that cannot be written to: there files move one by one.
    fill = kind.shared or (
        target.is_dir() and (os.path.ismount(target) or not os.access(target.parent, os.W_OK))
    )
    place = target if fill else target.parent
    place.mkdir(parents=True, exist_ok=True)
    clear(place)
    partial = _beside(place / target.name, "partial")
    with _named(partial, Path(path)):
        partial.mkdir()
        yield partial
        files = {name: record.fingerprint(partial / name) for name in record.entries(partial)}
        if not fill:
            record.write(partial, kind.name, files)
        _force_all(partial)
        with in_turn(place):
            if fill:
                _fill(partial, target, kind, files)
            else:
                _swap(partial, target, kind, changed)
        _force(place)


def clear(folder: Path) -> None:
    """Remove what killed runs left in `folder`; looked at once a command (see `forget`)."""
    _clear(str(folder))


def forget() -> None:
    """Begin a command: look again for what killed runs have left."""
    _clear.cache_clear()


@cache
def _clear(folder: str) -> None:
    for left in list(Path(folder).iterdir()):
        found = PARTIAL.fullmatch(left.name)
        if found is None or found[2] != _HOST or _alive(int(found[3])):
            continue
        whole = left.with_name(found[1])
        with suppress(FileNotFoundError):  # another program is removing it, too
            if found[4] == "partial":
                _remove(left)
            elif whole.exists():
                remove_recorded(left)
            else:  # killed between two renames: what was to be replaced is still the output
                left.rename(whole)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


def _beside(path: Path, what: str) -> Path:
    """A hidden name beside `path` that no other run uses."""
    begin = os.fsencode(path.name)[:150].decode(errors="ignore")  # names end at 255 bytes
    return path.with_name(f".{begin}.{_HOST}-{os.getpid()}-{secrets.token_hex(4)}.{what}")


@contextmanager
def _named(partial: Path, path: Path) -> Iterator[None]:
    """Remove `partial` in the end; errors of the disk name the output, not the partial one or nothing."""
    try:
        yield
    except OSError as error:
        if error.filename is None:  # a full disk does not say of which file
            error.filename = str(path)
        else:
            error.filename = re.sub(
                rf"{re.escape(str(partial))}(/output|/{re.escape(path.name)})?(?=/|$)",
                lambda _: str(path),
                str(error.filename),
            )
        raise
    finally:
        _remove(partial)


def _swap(partial: Path, target: Path, kind: Kind, changed: bool) -> None:
    """Put the folder `partial` in the place of `target`; the last of several runs that do so at a time stays."""
    old = _beside(target, "old")
    while True:
        if target.is_dir() and record.read(target) is None:  # of version 0.1, or empty
            record.write(target, kind.name, dict.fromkeys(record.entries(target), ANY))
        try:
            target.rename(old)  # a folder cannot be renamed over a full one
        except FileNotFoundError:
            pass
        else:
            if fault := record.obstacle(old, kind, changed):  # it came while this run was working
                old.rename(target)
                raise InputError(f"{target}: {fault}; choose another --out")
        try:
            partial.rename(target)
            break
        except OSError:
            if not target.is_dir():  # else another run's took the place, and is replaced in turn
                raise
        finally:
            remove_recorded(old)


def _fill(partial: Path, target: Path, kind: Kind, files: dict[str, str]) -> None:
    """Move the files of `partial` into `target`, in place of those that an earlier run wrote."""
    before = record.read(target)
    known = {} if before is None else before[1]
    gone = [name for name in record.entries(target) if name in known or not kind.shared]
    gone = [name for name in gone if not kind.shared or kind.covers(name)]
    record.write(target, kind.name, known | dict.fromkeys((*gone, *files), ANY))
    for name in gone:
        if name not in files:
            _remove(target / name)
    for name in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (partial / name).replace(target / name)
    kept = {name: known[name] for name in known.keys() - gone} if kind.shared else {}
    record.write(target, kind.name, kept | files)
    _force(target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_recorded(folder: Path) -> None:
    """Remove the files of an output that has been replaced, and folders that are then empty."""
    if (known := record.read(folder)) is None:
        return
    for name in known[1]:
        (folder / name).unlink(missing_ok=True)
    (folder / RECORD).unlink(missing_ok=True)
    for place, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):  # not empty: what is there is not ours
            Path(place).rmdir()


def _force_all(folder: Path) -> None:
    """`_force` a folder and all that is in it."""
    places = [Path(place, name) for place, _, files in os.walk(folder) for name in (*files, "")]
    if len(places) > _MANY:
        os.sync()
    else:
        for place in places:
            _force(place)


def _force(path: Path) -> None:
    """Have a file or folder written to the disk, so that a power loss leaves it whole."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that cannot
            raise
    finally:
        os.close(descriptor)
