"""Kaldi archives of float vectors and matrices: `name.ark` (binary) with its index `name.scp`.

Kaldi's table readers execute an entry that ends or begins with `|`; so does the library used here. The index
is therefore parsed in this file, such entries are refused, and the library is handed one `file:offset`.
"""

import re
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from speechdis.data.atomic import replacing
from speechdis.errors import InputError

_ENTRY = re.compile(r"(.+?)(?::(\d+))?", re.DOTALL)


def read_scp(path: str | Path) -> dict[str, str]:
    """Index of an archive: id to `file:offset`, files made absolute (they resolve against the scp's folder).

    Raises:
        InputError: with file and line: not two fields, an id twice, or a `command |` entry.
    """
    path = Path(path)
    entries: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as an scp file ({error})") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        key, _, entry = line.strip().partition(" ")
        entry = entry.strip()
        if not entry:
            raise InputError(f"{path}:{number}: expected 'id file:offset', got '{line.strip()}'")
        if key in entries:
            raise InputError(f"{path}:{number}: id '{key}' stands here a second time; remove one")
        if "|" in (entry[0], entry[-1]):
            raise InputError(f"{path}:{number}: '{entry}' is a command; only 'file:offset' entries are read")
        entries[key] = str(Path(path.absolute().parent) / entry)
    return entries


def read_vector(entry: str) -> np.ndarray:
    """The vector (D,) float32 at `file:offset`, an entry of `read_scp`."""
    return _read(entry, "FloatVector")


def read_matrix(entry: str) -> np.ndarray:
    """The matrix (T, F) float32 at `file:offset`; compressed and text matrices are read too."""
    return _read(entry, "FloatMatrix")


def read_vectors(scp: str | Path) -> dict[str, np.ndarray]:
    """Every vector of an index: id to (D,) float32."""
    return {key: read_vector(entry) for key, entry in read_scp(scp).items()}


def write_vectors(directory: str | Path, name: str, items: Iterable[tuple[str, np.ndarray]]) -> None:
    """Write `name.ark` and `name.scp` into `directory`: (id, vector (D,)) pairs, in their order."""
    _write(Path(directory), name, items, ndim=1)


def write_matrices(directory: str | Path, name: str, items: Iterable[tuple[str, np.ndarray]]) -> None:
    """Write `name.ark` and `name.scp` into `directory`: (id, matrix (T, F)) pairs, in their order."""
    _write(Path(directory), name, items, ndim=2)


def _read(entry: str, kind: str) -> np.ndarray:
    import kaldi_native_io

    match = _ENTRY.fullmatch(entry)
    if match is None or entry.strip() != entry or "|" in (entry[0], entry[-1]):
        raise InputError(f"'{entry}' is not a 'file:offset' entry; commands are not run")
    file = Path(match[1])
    if not file.is_file():
        raise InputError(f"{file}: no such archive")
    # An absolute path cannot be taken for a command, an option or standard input.
    place = f"{file.absolute()}" + (f":{match[2]}" if match[2] else "")
    try:
        return getattr(kaldi_native_io, kind).read(place).numpy().copy()
    except RuntimeError:
        what = kind.removeprefix("Float").lower()
        raise InputError(
            f"{entry}: no {what} there; the archive is damaged or its scp is of another one"
        ) from None


def _write(directory: Path, name: str, items: Iterable[tuple[str, np.ndarray]], ndim: int) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    ark, scp = directory / f"{name}.ark", directory / f"{name}.scp"
    places: dict[str, int] = {}
    with replacing(ark) as partial:
        with partial.open("wb") as file:
            for key, value in items:
                value = np.asarray(value)
                if key in places or not key or re.search(r"\s", key):
                    raise InputError(f"{ark}: id '{key}' is empty, holds a blank or stands twice")
                if value.ndim != ndim:
                    raise InputError(f"{ark}: '{key}' has shape {value.shape}, expected {ndim} dimension(s)")
                file.write(key.encode() + b" ")
                places[key] = file.tell()
                file.write(_header(value) + np.ascontiguousarray(value, "<f4").tobytes())
        scp.unlink(missing_ok=True)  # never an index beside an archive that it does not describe
    with replacing(scp) as partial:
        partial.write_text("".join(f"{key} {ark.name}:{place}\n" for key, place in places.items()), "utf-8")


def _header(value: np.ndarray) -> bytes:
    """Kaldi's binary marker, type, and each dimension preceded by its size in bytes (4)."""
    kind = b"FV " if value.ndim == 1 else b"FM "
    return b"\0B" + kind + b"".join(struct.pack("<bi", 4, size) for size in value.shape)
