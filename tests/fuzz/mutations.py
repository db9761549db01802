"""Damage to a file, as disks, editors, other programs and people do it; a seed gives the same damage."""

import gzip
import re
import struct
from collections.abc import Callable

import numpy as np

Rng = np.random.Generator
_INTEGERS = (0, 1, -1, 2, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, -(2**31), 2**32 - 1, 10**9)
_NUMBERS = (
    "0",
    "-1",
    "nan",
    "inf",
    "-inf",
    "1e305",
    "1e20",
    "1e-9",
    "9" * 400,
    "2147483648",
    "true",
    "0x10",
    "٣",
    "",
)
_TEXTS = (
    "\0",
    "\ufeff",
    "\u00a0",
    "\u2028",
    "|",
    "\t",
    "\r",
    "\n",
    "\n\n",
    " ",
    "../",
    "/",
    "-",
    "#",
    "\x1b[2J",
    "é",
)
_TEXTS += ("a" * 300, " " * 3000, "touch pwned |", "{", "]", "&a *a", "null", "'", '"', ":", ",", "NaN")
_OTHERS = (
    b"",
    b"\n",
    b"\0" * 100,
    b"<!DOCTYPE html><html><body>Not found</body></html>\n",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n",
    b"PK\x03\x04" + b"\0" * 60,
    b"\xff\xfe" + "a b\n".encode("utf-16-le"),
    "Grüße\n".encode("latin-1"),
    b"[" * 3000,
)


def mutated(data: bytes, seed: int) -> bytes:
    """`data` with one to three kinds of damage, drawn by `seed`."""
    rng = np.random.default_rng(seed)
    for _ in range(int(rng.integers(1, 4))):
        data = _KINDS[int(rng.integers(len(_KINDS)))](data, rng)
    return data


def _place(data: bytes, rng: Rng) -> int:
    """Half of the damage is done to the first 128 bytes, where headers are."""
    end = len(data) if rng.random() < 0.5 else min(len(data), 128)
    return int(rng.integers(end + 1))


def _flip(data: bytes, rng: Rng) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        if changed:
            changed[min(_place(data, rng), len(changed) - 1)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _integer(data: bytes, rng: Rng) -> bytes:
    """A 2-, 4- or 8-byte integer of either order that counts too much, nothing or less than nothing."""
    value = _INTEGERS[int(rng.integers(len(_INTEGERS)))]
    size, order = int(rng.choice([2, 4, 8])), str(rng.choice(["little", "big"]))
    place = _place(data, rng)
    return data[:place] + (value % 256**size).to_bytes(size, order) + data[place + size :]  # type: ignore[arg-type]


def _number(data: bytes, rng: Rng) -> bytes:
    found = list(re.finditer(rb"-?\d+(?:\.\d+)?(?:e-?\d+)?", data[:20_000]))
    if not found:
        return _text(data, rng)
    match = found[int(rng.integers(len(found)))]
    return data[: match.start()] + str(rng.choice(_NUMBERS)).encode() + data[match.end() :]


def _text(data: bytes, rng: Rng) -> bytes:
    place = _place(data, rng)
    return data[:place] + _TEXTS[int(rng.integers(len(_TEXTS)))].encode() + data[place:]


def _delete(data: bytes, rng: Rng) -> bytes:
    place = _place(data, rng)
    return data[:place] + data[place + int(rng.integers(1, 65)) :]


def _repeat(data: bytes, rng: Rng) -> bytes:
    place, size = _place(data, rng), int(rng.integers(1, 200))
    return data[: place + size] + data[place:]


def _line(data: bytes, rng: Rng) -> bytes:
    """A line twice, gone, or in another place."""
    lines = data.split(b"\n")
    i, j = (int(k) for k in rng.integers(len(lines), size=2))
    line = lines.pop(i)
    return b"\n".join([*lines, line] if rng.random() < 0.3 else [*lines[:j], line, line, *lines[j:]])


def _truncate(data: bytes, rng: Rng) -> bytes:
    return data[: _place(data, rng)]


def _noise(data: bytes, rng: Rng) -> bytes:
    place = _place(data, rng)
    return data[:place] + rng.bytes(int(rng.integers(1, 65))) + data[place:]


def _other(data: bytes, rng: Rng) -> bytes:
    """Another file under this name."""
    kind = int(rng.integers(len(_OTHERS) + 2))
    if kind < len(_OTHERS):
        return _OTHERS[kind]
    return gzip.compress(data, mtime=0) if kind == len(_OTHERS) else struct.pack("<I", len(data)) + data


_KINDS: tuple[Callable[[bytes, Rng], bytes], ...] = (
    *(
        _flip,
        _integer,
        _integer,
        _number,
        _number,
        _text,
        _text,
        _delete,
        _repeat,
        _line,
        _truncate,
        _noise,
        _other,
    ),
)
