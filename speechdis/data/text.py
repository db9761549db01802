"""The one door for text that people and other programs write: UTF-8, with or without a byte order mark, or UTF-16.

Every reader of a list, a table, a recipe or a JSON file goes through here. So each refuses the same things in the same
words. It refuses a folder, a pipe or a device in place of a file, and bytes that are no text. It refuses YAML that
names a key twice, or that grows when it is read.
"""

import codecs
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from speechdis.errors import InputError

_OPEN_ALREADY = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")  # what a shell passes: `<(command)`, `-`
BLANKS = " \t\r\n\f\v"  # what separates fields, as in Kaldi; other Unicode blanks may stand in an id
_GAP = re.compile(f"[{BLANKS}]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DIGITS = 20  # of a whole number in JSON
_LARGEST_DOCUMENT = 64 << 20  # bytes of YAML or JSON; no recipe or result comes near


def require_file(path: str | Path) -> Path:
    """`path`, if it is a file, or a pipe that the shell has opened.

    Raises:
        InputError: it does not exist, or is a folder, a named pipe, a socket or a device, which may never end.
    """
    path = path if isinstance(path, Path) else Path(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:  # too long a name, a NUL in it, no permission
        raise InputError(f"{path}: cannot be opened ({getattr(error, 'strerror', None) or error})") from None
    if stat.S_ISDIR(mode):
        raise InputError(f"{path}: a folder, where a file is expected")
    if not stat.S_ISREG(mode) and not (str(path).startswith(_OPEN_ALREADY) and not stat.S_ISBLK(mode)):
        raise InputError(f"{path}: a pipe or device, where a file is expected")
    return path


def read_text(path: str | Path, errors: str = "strict") -> str:
    r"""The text of a file, without a byte order mark and with `\n` at the ends of lines.

    Args:
        path: a file, or a pipe that the shell has opened.
        errors: what becomes of bytes that are not UTF-8, as in `open`: "strict" refuses them.

    Raises:
        InputError: see `require_file`; or the bytes are not UTF-8.
    """
    path = require_file(path)
    try:
        data = path.read_bytes()
        mark = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # as Excel saves "Unicode text"
        text = data.decode("utf-16" if mark else "utf-8-sig", errors)
        return text.replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not {error.encoding.upper()} text ({error.reason} at byte {error.start})"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def read_table(path: str | Path) -> Iterator[tuple[str, str, str]]:
    """`file:line`, the id and the rest of every line `id rest` that is not blank; the rest may be empty.

    Raises:
        InputError: see `read_text`; or an id that `require_id` refuses.
    """
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if fields := split(line, 1):
            place = f"{path}:{number}"
            yield place, require_id(fields[0], place), fields[1] if len(fields) > 1 else ""


def split(line: str, most: int = 0) -> list[str]:
    """Fields of a line, separated by ASCII blanks as in Kaldi; at most `most` times, or as often as there are some.

    >>> split(" a-1  a  0.5 2.25 ")
    ['a-1', 'a', '0.5', '2.25']
    """
    line = line.strip(BLANKS)
    return _GAP.split(line, most) if line else []


def require_id(word: str, where: str) -> str:
    """`word`, if it can be an id or a label in every file: not empty, no ASCII blank, no control character.

    Raises:
        InputError: it cannot; `where` names the file in the message.
    """
    if not word or _GAP.search(word) or _CONTROL.search(word):
        raise InputError(
            f"{where}: {word!r} is empty, or holds a blank or a control character; it cannot be an id"
        )
    return word


def read_yaml(path: str | Path) -> Any:
    """What a YAML file says, as plain values.

    Raises:
        InputError: see `read_text`; no YAML, a key twice, an anchor (`&name`), or nested too deeply.
    """
    return parse_yaml(_document(path), str(path))


def parse_yaml(text: str, where: str) -> Any:
    """What YAML `text` says; `where` names it in errors. Raises InputError as `read_yaml` does."""
    try:
        return yaml.load(text, _PlainLoader)  # a SafeLoader
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2026-13-45
        raise InputError(f"{where}: not YAML that is read here ({' '.join(str(error).split())})") from None
    except RecursionError:
        raise InputError(f"{where}: nested too deeply") from None


def read_json(path: str | Path) -> Any:
    """What a JSON file says. Raises InputError: see `read_text`; no JSON, or nested too deeply."""
    return parse_json(_document(path), str(path))


def parse_json(text: str, where: str) -> Any:
    """What JSON `text` says; `where` names it in errors. Raises InputError as `read_json` does."""
    try:
        return json.loads(text, parse_int=_integer)
    except ValueError as error:
        raise InputError(f"{where}: not JSON ({error})") from None
    except RecursionError:
        raise InputError(f"{where}: nested too deeply") from None


def _integer(digits: str) -> int:
    """A whole number that fits a file of results: one of 400 digits is damage, and no float holds it."""
    if len(digits) > _DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _document(path: str | Path) -> str:
    path = require_file(path)
    if path.stat().st_size > _LARGEST_DOCUMENT:
        raise InputError(
            f"{path}: larger than {_LARGEST_DOCUMENT >> 20} MiB, so not a file of settings or results"
        )
    return read_text(path)


class _PlainLoader(yaml.SafeLoader):
    """yaml.safe_load, less what no recipe needs and what can hurt: keys twice, and anchors, which can explode."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not read", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key, _ in getattr(node, "value", ()):
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key '{key.value}' stands twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)
