"""Recordings as the page sends and shows them. Each is in a file only while it is read or written."""

import base64
import io
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from speechdis.data.audio import duration
from speechdis.errors import InputError
from speechdis.features import extract
from speechdis.model import Codes, Speech, TrainedModel
from speechdis.parser import one_line
from speechdis.plots.spectrogram import write_spectrogram
from speechdis.synthesis.files import read_wave

_COLUMNS = 1200  # of a picture: more than a screen shows


@dataclass(frozen=True)
class Limits:
    """What the page takes.

    Attributes:
        megabytes: of a file.
        seconds: of a recording.
    """

    megabytes: int = 50
    seconds: int = 120

    def check_size(self, name: str, size: int) -> None:
        """Raise InputError for a file of `size` bytes that is too large."""
        if size > 1e6 * self.megabytes:
            raise InputError(
                f"{name}: {size / 1e6:,.1f} MB; the page takes at most {self.megabytes} MB "
                "(speechdis app --max-megabytes)"
            )

    def check_length(self, name: str, seconds: float) -> None:
        """Raise InputError for a recording that is too long."""
        if seconds > self.seconds:
            raise InputError(
                f"{name}: {seconds:,.1f} s long; the page takes at most {self.seconds} s "
                "(speechdis app --max-seconds)"
            )


@dataclass(frozen=True)
class Dropped:
    """A file as the page sends it: its name there, and what is in it."""

    name: str
    data: bytes


def read(model: TrainedModel, dropped: Dropped, limits: Limits) -> Codes:
    """Its codes.

    Raises:
        InputError: with the line that a command prints of this file, or what limit it is beyond.
    """
    name = dropped.name.replace("\0", "").rpartition("/")[2] or "recording"
    limits.check_size(name, len(dropped.data))
    with TemporaryDirectory() as folder:
        file = Path(folder, name)
        try:
            file.write_bytes(dropped.data)
            limits.check_length(name, duration(file))
            wave = read_wave(model, file)
            limits.check_length(name, len(wave) / model.sample_rate)  # a header may say anything
            return model.embed(np.asarray(wave), rate=model.sample_rate)
        except (InputError, OSError) as error:
            line = one_line(error).replace(folder + os.sep, "")
            raise InputError(line if line.startswith(f"{name}:") else f"{name}: {line}") from None


def shown(model: TrainedModel, speech: Speech, static: np.ndarray) -> dict[str, Any]:
    """What the page needs of a recording: sound, spectrogram, and the static vector (S,) for the map."""
    return {
        "seconds": round(speech.seconds, 2),
        "sound": base64.b64encode(_wav(speech)).decode(),
        "picture": base64.b64encode(_spectrogram(model, speech)).decode(),
        "static": [round(float(value), 5) for value in static],
    }


def _wav(speech: Speech) -> bytes:
    """The file that a command writes."""
    with TemporaryDirectory() as folder:
        return speech.save(Path(folder, "out.wav")).read_bytes()


def _spectrogram(model: TrainedModel, speech: Speech) -> bytes:
    """PNG of the model's log frames, means over as many as share a column."""
    frames = extract(np.asarray(speech.wave), model.features)  # (T, F)
    first = np.unique(np.linspace(0, len(frames), _COLUMNS, endpoint=False).astype(int))
    count = np.diff(first, append=len(frames))
    columns = np.add.reduceat(frames, first) / count[:, None]
    picture = io.BytesIO()
    write_spectrogram(picture, columns, *np.quantile(columns, [0.02, 0.998]))
    return picture.getvalue()
