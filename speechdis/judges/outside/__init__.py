"""Judges that were not trained here: a speaker encoder, two recognisers of phones, and a measure of quality.

Each comes in a package with its weights inside and downloads nothing (`pip install 'speechdis[judges]'`). None of them
was used to train a model or to choose a setting, so they may say what a swap is worth. All hear (n,) float32 waveforms
in [-1, 1] at RATE, and the same waveform always gets the same answer.
"""

import importlib
import warnings
from types import ModuleType

from speechdis.errors import InputError

RATE = 16000  # Hz
INSTALL = "pip install 'speechdis[judges]' && pip install --no-deps resemblyzer"


def package(name: str) -> ModuleType:
    """A module of the extra `judges`. Raises InputError, with what to install, where it is not there."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what they import, which is no concern of who hears it
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(f"outside judges need the package {error.name}: {INSTALL}") from None


def require() -> None:
    """Raise InputError, before any work, where a package of the extra `judges` is not there."""
    for name in ("resemblyzer", "hama", "speechmos.dnsmos", "pocketsphinx"):
        package(name)
