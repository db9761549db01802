"""Models: each file of this package is one, named as on the command line; see `base.py` for what it gives."""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

import torch

from speechdis.errors import InputError
from speechdis.models.base import Model


def names() -> list[str]:
    """Every model that `build` knows."""
    return sorted(i.name for i in pkgutil.iter_modules(__path__) if i.name != "base")


def load(name: str) -> ModuleType:
    """The module of model `name`. Raises InputError with the known names for any other."""
    if name not in names():
        raise InputError(f"no model '{name}'; there are: {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")


def shapes(name: str, bins: int, config: Any) -> dict[str, torch.Size]:
    """Shape of every weight of a model as `build` makes it, without the memory and without random numbers."""
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        return {key: value.shape for key, value in build(name, bins, config).state_dict().items()}


def build(name: str, bins: int, config: Any) -> Model:
    """Model `name` for features of `bins` dimensions, with random weights, from its own `Config`."""
    model: Model = load(name).Model(bins, config)
    return model
