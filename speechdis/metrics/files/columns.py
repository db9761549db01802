"""The columns of a file of trials or scores, whatever its form: text, text under gzip, npy or npz.

Text is read as bytes, a block at a time: ids need not be UTF-8, blanks are ASCII's, as in Kaldi, and the memory is
what the columns take.
"""

import codecs
import gzip
import logging
import zlib
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO

import numpy as np

from speechdis.data.text import require_file
from speechdis.data.unreadable import packing
from speechdis.errors import InputError
from speechdis.metrics.files.arrays import array_lines, largest
from speechdis.metrics.files.forms import LABELS
from speechdis.metrics.files.layouts import AROUND, SAMPLE, Layout, number, recognise, wrong

_BLOCK = 1 << 22  # bytes read at a time
_LONGEST = 1 << 20  # bytes of a line


class Index(dict[bytes, int]):
    """Number of each id, in the order in which they are met."""

    def __missing__(self, key: bytes) -> int:
        self[key] = value = len(self)
        return value

    @property
    def utts(self) -> tuple[str, ...]:
        """The ids as text; bytes that are not UTF-8 are kept as surrogates."""
        return tuple(key.decode("utf-8", "surrogateescape") for key in self)


@dataclass(frozen=True)
class Table:
    """Columns of N lines: `i` and `j` (N,) int32 in an `Index`, `label` (N,) bool, `score` (N,) float64.

    What the file lacks, or nobody asked for, is empty; where a line has one id, `i` is `j`.
    """

    i: np.ndarray
    j: np.ndarray
    label: np.ndarray
    score: np.ndarray


def read_table(
    path: str | Path, needs: Collection[str], index: Index, columns: Sequence[str] | None = None
) -> Table:
    """Read a file; new ids go into `index`.

    Args:
        needs: see `Form.gives`; ids are read wherever it has them.
        columns: the roles of its columns in order; None to recognise them.

    Raises:
        InputError: with the line, for one that has not the form of the others; an empty, damaged or binary file, or
            one of no form that is known.
    """
    i, j, label, score = (array(code) for code in "iibd")
    alone = False
    for block in table_blocks(path, needs, index, columns):
        alone = block.i is block.j
        parts = ((j, block.j), (label, block.label), (score, block.score), *([] if alone else [(i, block.i)]))
        for column, values in parts:
            column.frombytes(values.tobytes())
    first, second, labels, scores = (
        np.frombuffer(column, kind) for column, kind in zip((i, j, label, score), "iibd", strict=True)
    )
    return Table(second if alone else first, second, labels.view(bool), scores)


def table_blocks(
    path: str | Path, needs: Collection[str], index: Index, columns: Sequence[str] | None = None
) -> Iterator[Table]:
    """The same as a stream, some megabytes of lines at a time; memory is that of the ids. Raises as `read_table`."""
    path = require_file(path)
    with path.open("rb") as file:
        blocks = _blocks(path, file)
        head: list[tuple[int, list[bytes]]] = []
        lines: list[tuple[int, bytes]] = []
        for first, block in blocks:
            head.append((first, block))
            full = ((n, line) for n, line in enumerate(block, first) if line.strip(AROUND + b",;"))
            lines += islice(full, SAMPLE - len(lines))
            if len(lines) >= SAMPLE:
                break
        if not lines:
            raise InputError(f"{path}: empty; expected lines of trials or scores")
        layout = recognise(lines, needs, columns, path)
        if not layout.form.kaldi or layout.separator or layout.header:
            logging.getLogger(__name__).info("%s: %s", path, layout)
        if layout.header:
            first, block = head[0]
            skipped = lines[0][0] - first + 1
            head[0] = first + skipped, block[skipped:]
        found = 0
        for table in _tables(path, layout, needs, index, chain(head, blocks)):
            found += max(len(table.label), len(table.score))
            yield table
    if not found:
        raise InputError(f"{path}: nothing stands under its header")


def _tables(
    path: Path,
    layout: Layout,
    needs: Collection[str],
    index: Index,
    blocks: Iterable[tuple[int, list[bytes]]],
) -> Iterator[Table]:
    """The columns of each block."""

    def ids(cells: Sequence[bytes]) -> np.ndarray:
        return np.fromiter(map(index.__getitem__, cells), np.int32, len(cells))

    def labels(cells: Sequence[bytes]) -> np.ndarray:
        return np.fromiter(map(LABELS.__getitem__, cells), np.bool_, len(cells))

    parsers = {"enroll": ids, "test": ids, "label": labels, "score": _numbers}
    places = {role: layout.form.place(role) for role in parsers if role in needs or parsers[role] is ids}
    if places["enroll"] == places["test"]:
        del places["enroll"]  # one id a line, or none
    nothing = (np.zeros(0, kind) for kind in (np.int32, np.int32, np.bool_, np.float64))
    empty = dict(zip(parsers, nothing, strict=True))
    for start, lines in blocks:
        try:
            columns = layout.columns(lines)
            found = {role: parsers[role](columns[k]) for role, k in places.items() if k is not None}
            if "enroll" in found and (found["enroll"] == found["test"]).any():
                raise ValueError
        except (KeyError, ValueError):
            for n, line in enumerate(lines, start):
                if layout.rows([line]) and layout.cost(line) is None:
                    raise wrong(path, n, line, [layout]) from None
            raise
        i, j, label, score = (empty | found).values()
        yield Table(i if "enroll" in places else j, j, label, score)


def _numbers(cells: Sequence[bytes]) -> np.ndarray:
    """Finite numbers; raises ValueError for others."""
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:  # decimal commas?
        values = np.fromiter(map(number, cells), np.float64, len(cells))
    if not np.isfinite(values).all():
        raise ValueError
    return values


def _blocks(path: Path, file: IO[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Lines, some megabytes at a time, each time with the number of the first."""
    magic = file.peek(6)[:6]  # type: ignore[attr-defined]
    if magic.startswith((b"PK\x03\x04", b"\x93NUMPY")):
        yield from array_lines(path)
        return
    number, rest = 1, b""
    packed = magic.startswith(b"\x1f\x8b")
    for block in _utf8(path, _unpacked(path, file) if packed else iter(lambda: file.read(_BLOCK), b"")):
        if b"\r" in block and b"\n" not in block:  # as lines ended on old Macs
            block = block.replace(b"\r", b"\n")
        if (zero := block.find(b"\0")) >= 0:
            place = number + block.count(b"\n", 0, zero)
            raise InputError(f"{path}:{place}: a zero byte, so no text in UTF-8")
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > _LONGEST:
            raise InputError(f"{path}:{number + len(lines)}: longer than a line of trials or scores can be")
        yield number, lines
        number += len(lines)
    if rest:
        yield number, [rest]


def _utf8(path: Path, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same text without a byte order mark, in UTF-8 where that says UTF-16 (as Excel's "Unicode text")."""
    first = next(blocks, b"")
    if packed := packing(first):
        raise InputError(f"{path}: it is {packed}")
    if first.startswith(b"\x93NUMPY"):
        raise InputError(f"{path}: a NumPy array under gzip; unpack it first: gunzip FILE")
    blocks = chain([first.removeprefix(codecs.BOM_UTF8)], blocks)
    if not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from blocks
        return
    try:
        yield from map(str.encode, codecs.iterdecode(blocks, "utf-16"))
    except UnicodeError as error:
        raise InputError(f"{path}: not UTF-16 text ({error})") from None


def _unpacked(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    """What a gzip file holds, up to a bound: a bomb is not unpacked."""
    bound, size = largest(path), 0
    try:
        with gzip.open(file) as unpacked:
            while block := unpacked.read(_BLOCK):
                size += len(block)
                if size > bound:
                    raise InputError(
                        f"{path}: unpacks to more than {bound >> 20} MiB; unpack it yourself first"
                    )
                yield block
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: damaged gzip file ({error})") from None
