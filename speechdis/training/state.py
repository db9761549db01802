"""What training goes on from, `last.state.pt`: model, optimisers, random numbers, position; and how it is kept.

The state before the last is kept beside it, for where the last is damaged.
"""

import io
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from speechdis.data.atomic import replacing
from speechdis.errors import InputError


def save(file: Path, state: dict[str, Any]) -> None:
    """Write `state`, whole or not at all; what `file` held becomes the state before the last.

    Raises:
        InputError: the disk is full, or the like.
    """
    # To a buffer: torch.save names the file's own name in the file, and hides what the system says of a full disk.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with writing(file), replacing(file) as partial:
        partial.write_bytes(buffer.getbuffer())
        if file.exists():
            file.replace(before(file))


def before(file: Path) -> Path:
    """Where the state before the last is."""
    return file.with_name(file.name.replace("last", "previous"))


def restore(file: Path, take: Callable[[dict[str, Any]], None]) -> str | None:
    """Give `take` the last state that it can take up.

    Args:
        file: of the last one.
        take: raises any error for a state that is not one.

    Returns:
        What is wrong with the last one, "" if nothing is; None where there is no state.

    Raises:
        InputError: no state can be taken up: truncated, or a pickle that would run code.
    """
    wrong = ""
    for candidate in (file, before(file)):
        if not candidate.exists():
            continue
        try:
            with warnings.catch_warnings(action="ignore"):  # of what it reads, where it then raises
                content = torch.load(candidate, map_location="cpu", weights_only=True)
            take(_interned(content))
        except Exception as error:  # torch raises many kinds for a bad file
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            wrong = wrong or f"{candidate}: cannot resume from it ({reason})"
            continue
        return wrong
    if wrong:
        raise InputError(
            f"{wrong}; delete the folder {file.parent} and 'config.yaml' beside it to begin anew"
        )
    return None


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Name the file where writing it fails: the system's own message of a full disk names none."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{file}: cannot be written ({reason}); mend that, then --resume goes on") from None


def _interned(tree: Any) -> Any:
    """`tree` with its names interned, as new ones are: pickle writes equal names once only if they are one object, and
    a resumed run's state shall have an unbroken run's bytes."""
    if isinstance(tree, dict):
        return {sys.intern(k) if isinstance(k, str) else k: _interned(v) for k, v in tree.items()}
    return [_interned(v) for v in tree] if isinstance(tree, list) else tree
