"""Where a file is that an index names: absolute, beside the index, or in the working directory as in Kaldi."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

_NEAREST = 2  # last parts of an absolute path that are tried beside the index: `feats.ark`, `wav/a.wav`

_noted: set[tuple[Path, Path]] = set()


def locate(name: str, folder: Path) -> Path:
    """The file that an index in `folder` means by `name`.

    A relative name is sought in `folder`, then in the working directory. An absolute one whose file is gone is sought
    beside the index, for a folder may be moved as a whole. A file that is nowhere is said to be where it was sought
    first.
    """
    path = Path(name)
    if path.is_absolute():
        if _there(path):
            return path
        moved = (
            folder.joinpath(*path.parts[-depth:])
            for depth in range(1, min(_NEAREST, len(path.parts) - 1) + 1)
        )
        return next((place for place in moved if _there(place)), path)
    beside, here = folder.absolute() / path, Path.cwd() / path
    return here if _there(here) and not _there(beside) else beside


def _there(file: Path) -> bool:
    return os.path.exists(file)  # noqa: PTH110 (Path.exists raises where a name is too long)


def note_missing(index: Path, files: Iterable[Path]) -> None:
    """Say once which files an index names that are nowhere, and where they were sought."""
    lost = sorted({file for file in files if not _there(file)})
    if lost and (index, lost[0]) not in _noted:
        _noted.add((index, lost[0]))
        message = "%s: %d of its files are missing, such as %s; a relative path is sought in %s, then in %s"
        folder = index.parent.absolute()
        logging.getLogger(__name__).warning(message, index, len(lost), lost[0], folder, Path.cwd())
