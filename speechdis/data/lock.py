"""One program at a time: locks, which the system takes away when their holder dies."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from speechdis.errors import InputError

_NO_LOCKS_HERE = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF)  # some network file systems


@contextmanager
def alone(path: str | Path) -> Iterator[None]:
    """Hold the file or folder `path`, which need not exist, against others that hold it so.

    The lock is `flock` on a hidden file beside `path`, `.NAME.lock`, which is removed at the end. A holder that is
    killed leaves the file, but not the lock. Where the file system has no locks, none is held.

    Raises:
        InputError: another program holds it.
    """
    path = Path(path).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.parent / f".{path.name}.lock"
    descriptor = _locked(file, path)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)  # before the lock goes: after it, the file may be another's
        os.close(descriptor)


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Look at what is in `folder`, or rename it, while no other program does: wait until it is done.

    Held for moments; not twice by one program. A folder that is missing or cannot be read is not held, nor one of a
    file system without locks.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _locked(file: Path, path: Path) -> int:
    """A descriptor that holds the lock. A file which its last holder removed meanwhile is no lock: then another."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace")
            os.close(descriptor)
            raise InputError(
                f"{path}: in use by another run (process {holder or 'unknown'}); wait for its end, "
                "or choose another --out"
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS_HERE:
                os.close(descriptor)
                raise
            return descriptor
        if _same(file, descriptor):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            return descriptor
        os.close(descriptor)


def _same(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
