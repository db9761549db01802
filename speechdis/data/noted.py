"""Warnings that are said once in a process, whatever the number of files they are about."""

import logging
from pathlib import Path

_noted: set[str] = set()


def note(text: str, path: str | Path) -> None:
    """Log `text` the first time it is given in this process, with the file that caused it."""
    if text not in _noted:
        _noted.add(text)
        logging.getLogger(__name__).warning(text.format(path))
