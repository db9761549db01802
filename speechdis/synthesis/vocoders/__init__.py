"""Vocoders: log frames to a waveform, with or without the help of the recording whose words are said.

A vocoder is a module (`griffin_lim` for "griffin-lim") with a docstring, whose first line is its one-line help, and

    at_pitch(words, settings, shift) -> (n,) float32
    render(frames, words, settings) -> (n,) float32

The first says `words` (`Words`: a recording of n samples and its T frames) with log F0 higher by `shift`, in the same
frames but for what they show of pitch; the second makes `words`, as they are then, sound as `frames` (T, F).
`settings` are those of the frames. There is no neural one: no pip package carries weights, and one worth its name takes
a GPU to train.

`DEFAULT` was chosen on validation speakers by `tools/bench/vocoders.py` (figures: docs/pages/notebook).
Swaps by "world" are as often heard as the voice, with as many words, as those by "griffin-lim", whose pitch is off by
five semitones and breaks off. "filter" gives a recording's own frames back exactly, is three times as fast as
"world", and about as good.
"""

import importlib
import pkgutil
from types import ModuleType

from speechdis.errors import InputError

DEFAULT = "world"
GUIDE = (
    "world keeps the words' intonation and breath, at the voice's pitch; griffin-lim takes the spectra alone, and its "
    "pitch is theirs; filter keeps the words' own sound, filtered: fastest"
)


def names() -> tuple[str, ...]:
    """Every vocoder."""
    return tuple(sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(__path__)))


def load(name: str) -> ModuleType:
    """The module of vocoder `name`. Raises InputError with the known ones for any other."""
    if name not in names():
        raise InputError(f"no vocoder '{name}'; there are: {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
