"""Kaldi archives of float vectors and matrices: `name.ark` (binary) with its index `name.scp`.

Kaldi's table readers execute an entry that ends or begins with `|`; so does the library used here. The index
is therefore parsed in this file, such entries are refused, and the library is handed one `file:offset`, once the
size that is claimed there is known to fit.
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechdis.data.atomic import replacing
from speechdis.data.place import locate, note_missing
from speechdis.data.text import read_table, require_file, require_id
from speechdis.errors import InputError

_ENTRY = re.compile(r"([^|].*?)(?::(\d{1,18})(?:\[([^\[\]]*)\])?)?", re.DOTALL)
_TOLERANCE = 3  # frames that a range may end after its matrix, as in Kaldi
_VECTORS, _MATRICES = ("FV", "DV"), ("FM", "DM", "CM", "CM2", "CM3")
_HEADER = 64  # bytes that hold any header


@dataclass(frozen=True)
class Entry:
    """Where a vector or a matrix is: a file, the offset in it, and the rows and columns that are meant.

    Attributes:
        file: an archive.
        offset: bytes.
        ranges: first and last index, both included, of the rows and of the columns; None for all.
    """

    file: Path
    offset: int = 0
    ranges: tuple[tuple[int, int] | None, ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.offset}"


def read_scp(path: str | Path) -> dict[str, Entry]:
    """Index of an archive: id to entry. Files are sought beside the index, then in the working directory.

    Raises:
        InputError: with file and line: not two fields, an id twice, or a `command |` entry.
    """
    path = Path(path)
    entries: dict[str, Entry] = {}
    for place, key, rest in read_table(path):
        if key in entries:
            raise InputError(f"{place}: id '{key}' stands here a second time; remove one")
        entries[key] = parse_entry(rest, path.parent, place)
    note_missing(path, {entry.file for entry in entries.values()})
    return entries


def parse_entry(text: str, folder: Path, where: str) -> Entry:
    """The entry that `text` of an index in `folder` says: `file`, `file:offset` or `file:offset[first:last]`.

    Raises:
        InputError: anything else, above all a command; `where` names the line.
    """
    if "|" in (text[:1], text[-1:]):
        raise InputError(f"{where}: '{text}' is a command; only 'file:offset' entries are read")
    match = _ENTRY.fullmatch(text)
    if match is None:
        raise InputError(f"{where}: expected 'id file:offset', got '{text}'")
    try:
        ranges = tuple(_range(part) for part in match[3].split(",")) if match[3] else ()
    except ValueError:
        raise InputError(
            f"{where}: '[{match[3]}]' is no range; expected [first:last] or [first:last,first:last]"
        ) from None
    return Entry(locate(match[1], folder), int(match[2] or 0), ranges)


def read_vector(entry: Entry) -> np.ndarray:
    """The vector (D,) float32 at `entry`."""
    return _read(entry, "FloatVector", _VECTORS)


def read_matrix(entry: Entry) -> np.ndarray:
    """The matrix (T, F) float32 at `entry`; compressed and text matrices are read too."""
    return _read(entry, "FloatMatrix", _MATRICES)


def read_vectors(scp: str | Path) -> dict[str, np.ndarray]:
    """Every vector of an index: id to (D,) float32."""
    return {key: read_vector(entry) for key, entry in read_scp(scp).items()}


def write_vectors(
    directory: str | Path, name: str, items: Iterable[tuple[str, np.ndarray]], home: str | Path | None = None
) -> None:
    """Write `name.ark` and `name.scp` into `directory`: (id, vector (D,)) pairs, in their order.

    The index names the archive by its absolute path, which Kaldi reads from anywhere: in `home`, for a `directory`
    that is about to be renamed to it.
    """
    _write(Path(directory), name, items, 1, home)


def write_matrices(
    directory: str | Path, name: str, items: Iterable[tuple[str, np.ndarray]], home: str | Path | None = None
) -> None:
    """Write `name.ark` and `name.scp` into `directory`: (id, matrix (T, F)) pairs; see `write_vectors`."""
    _write(Path(directory), name, items, 2, home)


def _range(text: str) -> tuple[int, int] | None:
    if text in ("", ":"):
        return None
    first, last = (int(number) for number in text.split(":"))
    if first > last:
        raise ValueError
    return first, last


def _read(entry: Entry, kind: str, tokens: tuple[str, ...]) -> np.ndarray:
    import kaldi_native_io

    _require_fit(entry, tokens)
    # An absolute path cannot be taken for a command, an option or standard input.
    place = f"{entry.file.absolute()}:{entry.offset}"
    try:
        values = getattr(kaldi_native_io, kind).read(place).numpy().copy()
    except (RuntimeError, ValueError, MemoryError):  # ValueError: it says what it found, which is no text
        raise _nothing_there(entry, tokens) from None
    for axis, limits in enumerate(entry.ranges):
        values = _part(values, axis, limits, entry)
    return values


def _part(values: np.ndarray, axis: int, limits: tuple[int, int] | None, entry: Entry) -> np.ndarray:
    if limits is None:
        return values
    size = values.shape[axis] if axis < values.ndim else 0
    first, last = limits
    if first >= size or last >= size + _TOLERANCE:
        raise InputError(f"{entry}: [{first}:{last}] is outside the {size} rows or columns there")
    return values.take(range(first, min(last + 1, size)), axis=axis)


def _require_fit(entry: Entry, tokens: tuple[str, ...]) -> None:
    """Compare what the header at `entry` claims with what the file has, before anything is made of that size."""
    file = require_file(entry.file)
    left = file.stat().st_size - entry.offset
    with file.open("rb") as archive:
        archive.seek(entry.offset)
        header = archive.read(_HEADER)
    if not header.startswith(b"\0B"):  # text
        if not header.lstrip().startswith(b"["):
            raise _nothing_there(entry, tokens)
        return
    token, _, rest = header[2:].partition(b" ")
    name = token.decode("ascii", "replace")
    if name not in tokens:
        raise _nothing_there(entry, tokens)
    try:
        if name.startswith("C"):  # least value, range, rows, columns; at least a byte a value
            sizes = struct.unpack_from("<8xii", rest)
        else:
            form = "<" + "xi" * (1 if name.endswith("V") else 2)
            sizes = struct.unpack_from(form, rest)
    except struct.error:
        raise _nothing_there(entry, tokens) from None
    width = {"C": 1, "F": 4, "D": 8}[name[0]]
    if min(sizes) < 0 or width * int(np.prod(sizes, dtype=object)) > left:
        raise _nothing_there(entry, tokens)


def _nothing_there(entry: Entry, tokens: tuple[str, ...]) -> InputError:
    what = "vector" if tokens is _VECTORS else "matrix"
    return InputError(f"{entry}: no {what} there; the archive is damaged or its scp is of another one")


def _write(
    directory: Path, name: str, items: Iterable[tuple[str, np.ndarray]], ndim: int, home: str | Path | None
) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    ark, scp = directory / f"{name}.ark", directory / f"{name}.scp"
    places: dict[str, int] = {}
    with replacing(ark) as partial:
        with partial.open("wb") as file:
            for key, value in items:
                value = np.asarray(value)
                if require_id(key, str(ark)) in places:
                    raise InputError(f"{ark}: id '{key}' stands twice")
                if value.ndim != ndim:
                    raise InputError(f"{ark}: '{key}' has shape {value.shape}, expected {ndim} dimension(s)")
                file.write(key.encode() + b" ")
                places[key] = file.tell()
                file.write(_header(value) + np.ascontiguousarray(value, "<f4").tobytes())
        scp.unlink(missing_ok=True)  # never an index beside an archive that it does not describe
    named = Path(home or directory).absolute() / ark.name
    with replacing(scp) as partial:
        partial.write_text("".join(f"{key} {named}:{place}\n" for key, place in places.items()), "utf-8")


def _header(value: np.ndarray) -> bytes:
    """Kaldi's binary marker, type, and each dimension preceded by its size in bytes (4)."""
    kind = b"FV " if value.ndim == 1 else b"FM "
    return b"\0B" + kind + b"".join(struct.pack("<bi", 4, size) for size in value.shape)
