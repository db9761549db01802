"""Long waveforms and frames: rows on disk that are read by slices, as arrays are; and arrays seen piece by piece.

A recording of two hours is half a gigabyte of samples and a quarter of frames, and a swap makes each of them twice.
"""

import tempfile
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np

from speechdis.errors import InputError

PIECE = 1 << 20  # values


class Rows:
    """Float32 rows, (N,) or (N, F), in a temporary file that ends with this object: `rows[3:7]` reads four of them."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="speechdis-")  # noqa: SIM115 -- it lives as long as this object
        self._row: tuple[int, ...] = ()
        self._count = 0

    def append(self, rows: np.ndarray) -> None:
        """Add rows at the end. Raises InputError where the disk is full."""
        self._row = rows.shape[1:]
        try:
            self._file.seek(0, 2)
            self._file.write(np.ascontiguousarray(rows, np.float32).data)
        except OSError as error:
            where = tempfile.gettempdir()
            raise InputError(
                f"{where}: {error.strerror}; set TMPDIR to a folder with room for the recording"
            ) from None
        self._count += len(rows)

    def __len__(self) -> int:
        return self._count

    @property
    def shape(self) -> tuple[int, ...]:
        """(N,) or (N, F)."""
        return (self._count, *self._row)

    def __getitem__(self, part: slice) -> np.ndarray:
        first, last, _ = part.indices(self._count)
        size = int(np.prod(self._row, dtype=int))
        self._file.seek(4 * size * first)
        values = np.frombuffer(self._file.read(4 * size * max(0, last - first)), np.float32)
        return values.reshape(-1, *self._row).copy()


Array: TypeAlias = Any  # an ndarray, or Rows; whoever gives an array to a function of either gets one back


def collected(parts: Iterable[np.ndarray], like: Array) -> Array:
    """Parts as one, on disk where `like` is."""
    if not isinstance(like, Rows):
        return np.concatenate(list(parts))
    rows = Rows()
    for part in parts:
        rows.append(part)
    return rows


def pieces(array: Array) -> Iterator[np.ndarray]:
    """An array, or rows on disk, as consecutive parts of a few megabytes; an array's are views."""
    step = max(1, PIECE // int(np.prod(array.shape[1:], dtype=int)))
    for first in range(0, len(array), step):
        yield array[first : first + step]


def peak(wave: Array) -> float:
    """Largest absolute sample of a waveform (n,)."""
    return max((float(np.abs(piece).max()) for piece in pieces(wave)), default=0.0)
