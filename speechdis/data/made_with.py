"""What the files of a folder were made with: a note in it, so that a run goes on only with the same."""

import json
from collections.abc import Mapping
from pathlib import Path

from speechdis.data.atomic import replacing
from speechdis.data.text import read_json
from speechdis.errors import InputError


def compare(note: Path, made_with: Mapping[str, object], what: str, **unsaid: object) -> None:
    """Raise InputError where the folder's `note` says otherwise than `made_with`, or nobody can tell.

    Args:
        note: the file; it need not be there.
        made_with: values of JSON by name.
        what: the files are, in words.
        unsaid: what notes of earlier versions meant, and did not name.
    """
    if not note.exists():
        return
    known = read_json(note)
    if isinstance(known, dict):
        known = {**unsaid, **known}
    if not isinstance(known, dict) or known.keys() != made_with.keys():
        told = ", ".join(made_with)
        raise InputError(f"{note}: damaged; remove it if the {what} beside it are by the same {told}")
    if other := [name for name in made_with if known[name] != made_with[name]]:
        raise InputError(f"{note.parent}: holds {what} by another {', '.join(other)}; choose another --out")


def remember(note: Path, made_with: Mapping[str, object]) -> None:
    """Write what the files beside `note` are made with."""
    if not note.exists():
        with replacing(note) as partial:
            partial.write_text(json.dumps(made_with, indent=1) + "\n", "utf-8")
