"""What can be said of an output before any work: whether it can be written there, and that it is not its own input."""

import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from speechdis.data.lock import in_turn
from speechdis.data.record import RECORD, Kind, obstacle
from speechdis.errors import InputError

# What a shell has opened for us: written to where it stands, never opened anew.
_OPEN = re.compile(r"/dev/(stdout|stderr)|(?:/dev|/proc/self)/fd/(\d+)")
_STREAMS = {"stdout": 1, "stderr": 2}
_OUTPUTS = ("out", "json", "plot", "to_kaldi")  # options that name what is written
# Commands whose --out is a folder of its own; the others' is a file, or a folder that they add to.
_FOLDERS = (
    *("prepare", "combine", "generate", "segment", "images", "features", "augment"),
    *("embed", "bounds", "rollout", "sample", "interpolate", "report", "export"),
)
_AMID = ("features", "images")  # they write OUT/train and so on, whatever else OUT holds
# Files that are read from folders that a command is given.
_READ = re.compile(
    r"wav\.scp|utt2spk|spk2utt|segments|text|spk2gender|text_phone|phones|words|feats\.scp|frames\.npy|utts\.tsv|"
    r"store\.yaml|config\.yaml|run\.json|metrics\.jsonl|.*\.(wav|wv1|wv2|flac|ogg|mp3|sph|phn|ark|pt|safetensors|gz)",
    re.IGNORECASE,
)


def check_file(path: str | Path, reads: Iterable[Path] = ()) -> Path:
    """Where a file `path` is written: itself, or the target of a link.

    Raises:
        InputError: it is a folder, a disk or a socket, is write-protected, cannot be made, or is one of the files
            that the command `reads`.
    """
    path = Path(path)
    for other in reads:
        if os.path.realpath(path) == os.path.realpath(other):
            raise InputError(f"{path}: would replace what is read; choose another")
    if _OPEN.fullmatch(str(path)):
        return path
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = 0
    except (OSError, ValueError) as error:  # too long a name, a NUL in it, a file in place of its folder
        raise InputError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from None
    if stat.S_ISDIR(mode):
        raise InputError(f"{path}: a folder, where a file is to be written; add a file's name")
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise InputError(f"{path}: a disk or socket, where a file is to be written")
    if mode and not os.access(path, os.W_OK):
        raise InputError(f"{path}: write-protected; choose another file")
    if mode and not stat.S_ISREG(mode):
        return path
    target = Path(os.path.realpath(path))
    if not mode:
        check_place(target)
    return target


def check_folder(path: str | Path, kind: Kind, changed: bool = False) -> Path:
    """Where a folder `path` of output is written: itself, or the target of a link.

    Raises:
        InputError: it is a file, cannot be made, or holds what must not be replaced (see `record.obstacle`).
    """
    try:
        target = Path(os.path.realpath(path))
    except ValueError as error:  # a NUL in it
        raise InputError(f"{path}: cannot be written ({error})") from None
    with in_turn(target.parent):  # another run may be about to replace it
        check_place(target)
        if target.is_dir() and (fault := obstacle(target, kind, changed)):
            raise InputError(f"{path}: {fault}; choose another --out, or move that away")
    return target


def check_place(path: Path) -> None:
    """Raise InputError unless something can be made at `path`, whose folders need not be there yet."""
    try:
        place = next(p for p in (path, *path.parents) if p.exists())
        if place.is_dir():
            tempfile.TemporaryFile(dir=place).close()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from None
    if not place.is_dir():
        what = (
            "a file, where a folder is expected" if place == path else f"cannot be made, as {place} is a file"
        )
        raise InputError(f"{path}: {what}; choose another")


def check(command: str, options: Mapping[str, Any]) -> None:
    """Look at every output that the options of `command` name, before any work.

    Raises:
        InputError: one cannot be written, or writing it would replace what the command reads: it is equal to an
            input, a folder inside or around one, or a file that is read from an input folder.
    """
    inputs = [
        (name, path) for name, value in options.items() if name not in _OUTPUTS for path in _paths(value)
    ]
    for name in _OUTPUTS:
        out = options.get(name)
        if out is None or out == "-":
            continue
        if name in ("json", "plot"):
            check_file(out)
        elif not _OPEN.fullmatch(str(out)) and not os.path.exists(out):  # noqa: PTH110 (never raises)
            check_place(Path(os.path.realpath(out)))
        for option, path in inputs:
            what, given = f"--{name.replace('_', '-')} {out}", f"--{option.replace('_', '-')} {path}"
            here, there = Path(os.path.realpath(out)), Path(os.path.realpath(path))
            folder = command in _FOLDERS and name == "out"
            if here == there and not is_stream(here):
                raise InputError(f"{what}: would replace what {given} reads; choose another")
            if there in here.parents and _part(here, folder, command):
                raise InputError(f"{what}: is a part of {given}, which is read; choose another")
            if here in there.parents and folder and command not in _AMID:
                raise InputError(f"{what}: would replace the folder around {given}; choose another")


def _part(here: Path, folder: bool, command: str) -> bool:
    """Whether an output inside an input folder is what is read there; not where it is new, or an output of its own."""
    if not folder:
        return here.is_file() and bool(_READ.fullmatch(here.name))
    of_its_own = (here / RECORD).exists() and command != "segment"  # which would read it the next time
    return here.is_dir() and any(here.iterdir()) and not of_its_own


def _paths(value: Any) -> list[Path]:
    return [path for path in (value if isinstance(value, list) else [value]) if isinstance(path, Path)]


def is_stream(path: Path) -> bool:
    """Whether it is a pipe or device, which takes what is written whatever it is called."""
    opened = bool(_OPEN.fullmatch(str(path)))
    return opened or (path.exists() and not path.is_file() and not path.is_dir())


def passes_through(path: Path) -> bool:
    """Whether `path` is written into, as it cannot be replaced: a pipe or device, or a file in a closed folder."""
    return is_stream(path) or (path.exists() and not os.access(path.parent, os.W_OK))


def pour(content: Path, path: Path) -> None:
    """Write the file `content` into the pipe, device or file `path`."""
    found = _OPEN.fullmatch(str(path))
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    place: int | Path = path
    if found:
        place = os.dup(_STREAMS[found[1]] if found[1] else int(found[2]))
    try:
        with content.open("rb") as source, open(place, "wb") as target:  # noqa: PTH123 (a descriptor, too)
            shutil.copyfileobj(source, target)
    except OSError as error:
        error.filename = str(path)
        raise
