"""NumPy's arrays of trials or scores, as the lines that a text file of them would have.

An npz holds the columns by name (enroll, test, score, label, or any name that a header may have); an npy is one
column (N,), a row a trial (N, K), or structured. Nothing is unpickled.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from speechdis.errors import InputError
from speechdis.metrics.files.forms import ROLES, role_of

_LINES = 1 << 16  # of a block
_EXPANSION, _FREE = 50, 256 << 20


def array_lines(path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Blocks of lines, cells separated by tabs, each block with the number of its first; names come first.

    Raises:
        InputError: a damaged file, arrays of objects, of more than two dimensions or of different length.
    """
    try:
        names, columns = _columns(path)
    except Exception as error:  # a header is read as a Python literal: whatever parser, zip or zlib raise
        why = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: not an array that is read here ({why})") from None
    if len({len(column) for column in columns}) > 1:
        lengths = ", ".join(f"{name} {len(c)}" for name, c in zip(names, columns, strict=False))
        raise InputError(f"{path}: columns of different length ({lengths})")
    number = 1
    if names:
        yield number, [b"\t".join(name.encode("utf-8", "surrogatepass") for name in names)]
        number += 1
    for start in range(0, len(columns[0]) if columns else 0, _LINES):
        cells = zip(*(_cells(column[start : start + _LINES]) for column in columns), strict=True)
        lines = [b"\t".join(row) for row in cells]
        yield number, lines
        number += len(lines)


def largest(path: Path) -> int:
    """Bytes to which a packed file may unpack here: 256 MiB, or 50 times its size; more is a bomb."""
    return max(_FREE, _EXPANSION * path.stat().st_size)


def _columns(path: Path) -> tuple[list[str], list[np.ndarray]]:
    """Names, if they have any, and content of the columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers that Python 2 wrote
        found = np.load(path, mmap_mode="r", allow_pickle=False)  # refuses headers that claim too much
    if isinstance(found, np.ndarray):
        if found.dtype.names:
            return list(found.dtype.names), [found[name] for name in found.dtype.names]
        if found.ndim not in (1, 2):
            raise ValueError(f"shape {found.shape}; expected (N,) or (N, K)")
        return [], [found] if found.ndim == 1 else list(found.T)
    with found:
        names = [name for name in found.files if role_of(name) in ROLES] or found.files
        if sum(info.file_size for info in found.zip.infolist()) > largest(path):
            raise ValueError(f"its arrays take more than {largest(path) >> 20} MiB")
        arrays = {name: found[name] for name in names}
    flat = {
        name: array for name, array in arrays.items() if isinstance(array, np.ndarray) and array.ndim == 1
    }
    if not flat:
        raise ValueError("it holds no one-dimensional array")
    known = {name: array for name, array in flat.items() if role_of(name) in ROLES}
    if not known and len(set(map(len, flat.values()))) > 1:
        raise ValueError(
            f"its arrays are {', '.join(flat)}, of different length; columns are named enroll, test, score and label"
        )
    return list(known), list((known or flat).values())


def _cells(column: np.ndarray) -> list[bytes]:
    return [
        cell if isinstance(cell, bytes) else str(cell).encode("utf-8", "surrogatepass")
        for cell in column.tolist()
    ]
