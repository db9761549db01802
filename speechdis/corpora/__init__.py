"""Corpora: each file of this package reads one published layout.

A corpus is a module with `prepare(root, **options) -> dict[str, list[Utterance]]` (split name to
utterances), `arguments(parser)` for options of its own, and a docstring that says where it comes from.
`trials(root, splits, **options) -> dict[str, list[Trial]]`, where there is one, gives the published trial lists.
`SHARED_SPEAKERS = True` says that a published split has speakers in several parts.
"""

import importlib
import pkgutil
from types import ModuleType

from speechdis.errors import InputError


def names() -> list[str]:
    """Every corpus this package can prepare."""
    return sorted(i.name for i in pkgutil.iter_modules(__path__) if hasattr(load(i.name), "prepare"))


def load(name: str) -> ModuleType:
    """The module of corpus `name`. Raises InputError with the known names for any other."""
    if name not in {i.name for i in pkgutil.iter_modules(__path__)}:
        known = ", ".join(i.name for i in pkgutil.iter_modules(__path__))
        raise InputError(f"no corpus '{name}'; there are: {known}")
    return importlib.import_module(f"{__name__}.{name}")
