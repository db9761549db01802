"""Corpora of moving pictures: each file of this package makes or reads one.

A corpus is a module with `prepare(root, **options) -> dict[str, Iterator[Clip]]` (split name to sequences, made as they
are taken), `settings()` of its frames, `arguments(parser)` for options of its own, and a docstring that says where it
comes from. Its name on the command line has hyphens.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from speechdis.errors import InputError

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    from types import ModuleType

    import numpy as np

SIZE = 64
"""Pixels of a side, of every corpus."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A sequence of pictures.

    Attributes:
        utt: its id.
        spk: what stays the same through it, by name: the "speaker" of a frame store.
        labels: what is known of it, by column of the table.
        frames: (T, C, 64, 64) uint8.
    """

    utt: str
    spk: str
    labels: dict[str, str]
    frames: np.ndarray


def settings_of(channels: int) -> dict[str, Any]:
    """What a store of pictures of 64 x 64 says about them."""
    return {"type": "video", "config": {"channels": channels, "size": SIZE}}


def names() -> list[str]:
    """Every corpus of this package."""
    return sorted(i.name.replace("_", "-") for i in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """The module of corpus `name`. Raises InputError with the known names for any other."""
    if name not in names():
        raise InputError(f"no corpus '{name}'; there are: {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
