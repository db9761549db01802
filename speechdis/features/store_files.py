"""The three files of a frame store, read with no trust in them: damaged ones are refused in one line each."""

import hashlib
import re
import tokenize
from pathlib import Path
from typing import Any

import numpy as np

from speechdis.data.text import parse_yaml, read_text
from speechdis.errors import InputError

MARKER = "store.yaml"
FILES = ("frames.npy", MARKER, "utts.tsv")
AGAIN = "make the store again (--overwrite)"
SEAL = "seal: "
MOST_PIXELS = 1 << 20
_BLOCKS, _BLOCK = 64, 4096
COLUMNS = "utt\tspk\tfirst\tframes\n"
_COUNT = re.compile(r"[1-9][0-9]{0,14}")
# What numpy raises for a header that is not one: it is read as a Python literal.
_BAD_HEADER = (
    ValueError,
    TypeError,
    SyntaxError,
    OverflowError,
    RecursionError,
    MemoryError,
    tokenize.TokenError,
)


def read_about(path: Path) -> tuple[dict[str, Any], str, str | None]:
    """What `store.yaml` says, its text without the seal, and the seal, which stores of version 0.1 lack."""
    file = path / MARKER
    if not file.is_file():
        lies = f"; its shards lie in {path.name}.shards: --shards N joins them" if _shards(path) else ""
        raise InputError(f"{path}: not a frame store (no {MARKER}); make one with 'speechdis features'{lies}")
    text = read_text(file)
    body, found, seal = text.rpartition(f"\n{SEAL}")
    body = f"{body}\n" if found else text
    about = parse_yaml(body, str(file))
    try:
        settings, digest = about["settings"], about["digest"]
        cmvn = {name: np.array(about["cmvn"][name], np.float32) for name in ("mean", "std")}
        if "pixels" in about:  # one scale for all of them
            cmvn = {name: np.full(_pixels(about["pixels"]), *one) for name, one in cmvn.items()}
    except (ValueError, KeyError, TypeError, OverflowError):
        settings, digest, cmvn = None, None, {}
    if not (
        isinstance(settings, dict)
        and isinstance(settings.get("type"), str)
        and isinstance(settings.get("config", {}), dict)
        and isinstance(digest, str)
        and all(len(v.shape) == 1 and len(v) and np.isfinite(v).all() for v in cmvn.values())
        and cmvn["mean"].shape == cmvn["std"].shape
        and (cmvn["std"] > 0).all()
    ):
        raise InputError(f"{file}: damaged or of another program; {AGAIN}")
    about = {"settings": settings, "digest": digest, "cmvn": cmvn, "pixels": "pixels" in about}
    return about, body, seal.strip() if found else None


def _shards(path: Path) -> bool:
    return path.with_name(f"{path.name}.shards").is_dir() if path.name else False


def _pixels(count: object) -> int:
    if not isinstance(count, int) or not 0 < count <= MOST_PIXELS:
        raise ValueError(f"{count} pixels")
    return count


def read_utterances(path: Path) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Ids, speakers and frame counts (U,) of `utts.tsv`."""
    try:
        lines = read_text(path).rstrip("\n").split("\n")
    except InputError as error:
        raise InputError(f"{error}; {AGAIN}") from None
    rows: dict[str, str] = {}
    counts, row = [], 0
    if lines[0] != COLUMNS.rstrip("\n"):
        raise InputError(f"{path}:1: expected the columns utt, spk, first, frames; {AGAIN}")
    for number, line in enumerate(lines[1:], 2):
        fields = line.split("\t")
        if len(fields) != 4 or not _COUNT.fullmatch(fields[3]) or fields[2] != str(row) or not fields[0]:
            raise InputError(f"{path}:{number}: expected 'utt spk {row} frames'; {AGAIN}")
        if fields[0] in rows:
            raise InputError(f"{path}:{number}: '{fields[0]}' stands twice; {AGAIN}")
        rows[fields[0]] = fields[1]
        counts.append(int(fields[3]))
        row += counts[-1]
    return tuple(rows), tuple(rows.values()), np.array(counts, np.int64)


def open_frames(path: Path, shape: tuple[int, int], pixels: bool = False) -> np.ndarray:
    """The array (N, F) in a file, mapped, if it is one of this shape; no byte beyond its header is read.

    Its numbers are float32; `pixels`: 8 bits each.
    """
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            if version != (1, 0):
                raise ValueError(f"version {version}")
            found, by_column, dtype = np.lib.format.read_array_header_1_0(file)
            begin, size = file.tell(), file.seek(0, 2)
    except (OSError, EOFError, *_BAD_HEADER) as error:
        raise InputError(f"{path}: truncated or not an array ({error}); {AGAIN}") from None
    promised = np.dtype(np.uint8) if pixels else np.dtype("<f4")
    expected = shape[0] * shape[1] * promised.itemsize
    # True equals 1: the header's numbers are compared as they are written
    if (repr(found), dtype, by_column) != (repr(shape), promised, False) or size - begin != expected:
        raise InputError(
            f"{path}: {dtype} {found} in {size - begin} bytes, but utts.tsv and store.yaml promise {promised} {shape} "
            f"in {expected}; {AGAIN}"
        )
    return np.memmap(path, promised, "r", begin, shape)


def seal_of(path: Path, body: str) -> str:
    """Digest of what `store.yaml` says, of `utts.tsv`, and of blocks of `frames.npy` from its beginning to its end."""
    digest = hashlib.sha256(body.encode())
    digest.update((path / "utts.tsv").read_bytes())
    with (path / "frames.npy").open("rb") as file:
        size = file.seek(0, 2)
        for k in range(_BLOCKS):
            file.seek(max(0, size - _BLOCK) * k // (_BLOCKS - 1))
            digest.update(file.read(_BLOCK))
    return digest.hexdigest()
