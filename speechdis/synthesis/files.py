"""Recordings on disk as voices and words; an error names the file."""

from pathlib import Path

import numpy as np

from speechdis.data.audio import read_audio
from speechdis.errors import InputError
from speechdis.synthesis import swap
from speechdis.synthesis.swap import Content, Voice
from speechdis.training.checkpoint import Checkpoint


def read_voice(checkpoint: Checkpoint, path: Path, start: float = 0.0, end: float | None = None) -> Voice:
    """The voice of a recording, or of its part from `start` to `end` s; any format and rate that `read_audio` knows.

    Raises:
        InputError: as `read_audio` and `swap.voice_of`.
    """
    wave = _read(checkpoint, path, start, end)
    try:
        return swap.voice_of(checkpoint, wave)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def read_content(checkpoint: Checkpoint, path: Path, start: float = 0.0, end: float | None = None) -> Content:
    """The words of a recording; as `read_voice`."""
    wave = _read(checkpoint, path, start, end)
    try:
        return swap.content_of(checkpoint, wave)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _read(checkpoint: Checkpoint, path: Path, start: float, end: float | None) -> np.ndarray:
    return read_audio(path, checkpoint.features["config"]["rate"], start, end)[0]
