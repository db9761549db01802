"""Vocoders: log frames to a waveform, with or without the help of the recording whose words are said.

A vocoder is a module (`griffin_lim` for "griffin-lim") with a docstring, whose first line is its one-line help, and

    at_pitch(words, settings, shift) -> (n,) float32
    render(frames, words, settings) -> (n,) float32

The first says `words` (`Words`: a recording of n samples and its T frames) with log F0 higher by `shift`, in the same
frames but for what they show of pitch; the second makes `words`, as they are then, sound as `frames` (T, F).
`settings` are those of the frames. A neural one is trained (`speechdis train --config vocos`), and the path of its
experiment stands in the place of a name: none comes with the package, for one worth its name takes a GPU to train.

`DEFAULT` was chosen on validation speakers, by judges that are not those of the tables (figures: docs/pages/notebook).
"filter" keeps more of the words than "world", at the voice's pitch as well, and is faster. "griffin-lim" has the pitch
of the frames, off by five semitones, and breaks off.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from speechdis.data.record import digest
from speechdis.errors import InputError

if TYPE_CHECKING:  # who asks for names alone shall not wait for arrays
    import numpy as np

    from speechdis.synthesis.words import Words

DEFAULT = "filter"
GUIDE = (
    "filter keeps the words' own sound, period by period at the voice's pitch: fastest; world says them anew, at that "
    "pitch; griffin-lim takes the spectra alone, and its pitch is theirs"
)


class Vocoder(Protocol):
    """What speaks frames: a module of this package, or a trained one."""

    def at_pitch(self, words: "Words", settings: Mapping[str, Any], shift: float) -> "np.ndarray":
        """See the package."""

    def render(self, frames: "np.ndarray", words: "Words", settings: Mapping[str, Any]) -> "np.ndarray":
        """See the package."""


def names() -> tuple[str, ...]:
    """Every vocoder."""
    return tuple(sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(__path__)))


def known(name: str) -> bool:
    """Whether this is the name of a vocoder, or a path where a trained one may be: an experiment, its best, a file."""
    path = Path(name)
    return name in names() or path.exists() or (path.parent / "checkpoints").is_dir()


def load(name: str) -> Vocoder:
    """The vocoder `name`, or the trained one in the experiment or the checkpoint at that path.

    Raises:
        InputError: neither; a checkpoint of something else.
    """
    if name in names():
        module: Vocoder = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")  # type: ignore[assignment]
        return module
    from speechdis.synthesis.neural import read

    file = _file(name)
    return read(file, file.stat().st_mtime_ns)


def told(name: str) -> str:
    """What a folder of swaps remembers of vocoder `name`: the name, or the SHA-256 of a trained one's checkpoint."""
    return name if name in names() else digest(_file(name))


def _file(path: str) -> Path:
    """The checkpoint of a trained vocoder."""
    from speechdis.training.checkpoint import resolve

    if not known(path):
        raise InputError(
            f"no vocoder '{path}'; there are: {', '.join(names())}, or the path of a trained one"
        )
    return resolve(path)
