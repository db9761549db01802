"""Which files of a folder this program wrote: a small hidden record in it, so that nothing else is ever replaced.

The record is `.speechdis`, JSON: the kind of output, and of each file its size and a digest of its ends. A file that
is not in it, or has changed since, is the user's.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RECORD = ".speechdis"
PARTIAL = re.compile(r"\.(.*)\.(\w+)-(\d+)-[0-9a-f]{8}\.(partial|old)", re.DOTALL)  # see `atomic`
ANY = ""  # a fingerprint: of a file that is being replaced
_END = 1 << 16
_FOLDERS = re.compile(rb"(?<!\S)/\S*/")  # of an absolute path


@dataclass(frozen=True)
class Kind:
    """What a folder of output holds.

    Attributes:
        name: in words, singular.
        needs: files that every such folder has.
        unrecorded: regular expression of all that version 0.1, which kept no record, wrote into one; "": its folders
            cannot be told from a user's. Of a `shared` one, of the files besides `needs`.
        shared: other files may be there, and stay.
    """

    name: str
    needs: tuple[str, ...] = ()
    unrecorded: str = ""
    shared: bool = False

    def covers(self, name: str) -> bool:
        """Whether a file of this name is in such folders."""
        return name in self.needs or bool(re.fullmatch(self.unrecorded, name))


def obstacle(folder: Path, kind: Kind, changed: bool = False) -> str | None:
    """Why an existing `folder` must not be replaced by a new `kind`, or None; `changed`: changed files may be."""
    present, record = entries(folder), read(folder)
    if record is not None and record[0] != kind.name:
        return f"holds a {record[0]}, not a {kind.name}"
    if kind.shared:
        present = [name for name in present if kind.covers(name)]
    if record is None and set(kind.needs) <= set(present) and _of_0_1(present, kind):
        return None
    known = {} if record is None else record[1]
    if foreign := [name for name in present if name not in known]:
        foreign = [name for name in foreign if not kind.covers(name)] or foreign  # the plainest case
        return f"holds '{foreign[0]}', so it is not an earlier output of this command"
    for name in () if changed else known.keys() & present:
        if known[name] not in (ANY, fingerprint(folder / name)):
            return f"its '{name}' has been changed since it was written"
    return None


def _of_0_1(present: Sequence[str], kind: Kind) -> bool:
    """Whether files without a record can be what version 0.1 wrote, all of them."""
    return kind.shared or bool(kind.unrecorded and all(map(kind.covers, present)))


def entries(folder: Path) -> list[str]:
    """Relative names of all files, links and empty folders in `folder`, but for the record and partial outputs."""
    found = []
    for place, folders, files in os.walk(folder):  # follows no links
        here = Path(place)
        files += [name for name in folders if (here / name).is_symlink()]
        folders[:] = [name for name in folders if not PARTIAL.fullmatch(name)]
        own = [name for name in files if name != RECORD and not PARTIAL.fullmatch(name)]
        if not (files or folders or here == folder):
            own = [""]
        found += [(here / name).relative_to(folder).as_posix() for name in own]
    return sorted(found)


def read(folder: Path) -> tuple[str, dict[str, str]] | None:
    """Kind and fingerprints of the files that the record of `folder` names; None where there is no such record."""
    try:
        about = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        kind, files = about["kind"], about["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # without one, nothing in the folder is ours
    return (str(kind), files) if isinstance(files, dict) else None


def write(folder: Path, kind: str, files: Mapping[str, str]) -> None:
    """Make the record of `folder` say this, at once."""
    text = json.dumps({"kind": kind, "files": dict(sorted(files.items()))}, indent=0, ensure_ascii=True)
    new = folder / f"{RECORD}.{os.getpid()}"
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(folder / RECORD)


def note(file: Path, content: Path) -> None:
    """Enter `file`, which is to become `content`, into the record of the output folder that it lies in, if any."""
    for folder in file.parents:
        if (folder / RECORD).exists():
            if record := read(folder):
                name = str(file.relative_to(folder))
                write(folder, record[0], record[1] | {name: fingerprint(content)})
            return


def digest(file: Path) -> str:
    """SHA-256 of all of a file, in hexadecimal: what a record keeps of a checkpoint that something was made with."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def fingerprint(file: Path) -> str:
    """Size and a digest of both ends of a file: cheap, whatever its size. Of a link or folder, what never matches.

    Of a small file, absolute paths count by their last part alone: the same run elsewhere gives the same record.
    """
    if file.is_symlink() or not file.is_file():
        return "none"
    with file.open("rb") as content:
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        told = content.read(2 * _END)
        if size <= len(told):
            told = _FOLDERS.sub(b"/", told)
            size = len(told)
        else:
            content.seek(size - _END)
            told += content.read(_END)
    return f"{size}-{hashlib.sha256(told).hexdigest()[:16]}"
