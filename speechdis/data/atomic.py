"""Outputs appear whole or not at all: written beside their place, then renamed into it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from speechdis.errors import InputError


@contextmanager
def replacing(path: str | Path, marker: str | None = None) -> Iterator[Path]:
    """Yield a path beside `path` to write a file or a directory to; rename it into place on success.

    On any error what was written is removed and `path` is left as it was. What a killed run left behind
    is removed by the next one.

    Args:
        path: final file or directory.
        marker: for a directory: the file whose presence says an existing `path` is an earlier output of
            the same kind and may be replaced. Any other non-empty directory is refused.

    Raises:
        InputError: `path` is a non-empty directory without `marker`.
    """
    path = Path(path)
    if path.is_dir() and any(path.iterdir()) and not (marker and (path / marker).exists()):
        raise InputError(f"{path}: exists and is not an earlier output of this command; choose another --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.parent / f".{path.name}.partial"
    _remove(partial)
    try:
        yield partial
        old = path.parent / f".{path.name}.old"
        _remove(old)
        if path.is_dir():  # a directory cannot be renamed over a full one
            path.rename(old)
        partial.replace(path)
        _remove(old)
    finally:
        _remove(partial)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
