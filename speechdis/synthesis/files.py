"""Recordings on disk as voices and words, and swaps as recordings; an error names the file."""

from pathlib import Path

import numpy as np

from speechdis.data.audio import FORMATS, read_blocks, write_audio, write_blocks
from speechdis.data.outputs import is_stream
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.synthesis import conversion
from speechdis.synthesis.content import Content, content_of
from speechdis.synthesis.manner import USUAL, Manner
from speechdis.synthesis.rows import Array, Rows, pieces
from speechdis.synthesis.voices import Voice, voice_of
from speechdis.training.checkpoint import Checkpoint

LONGEST = 300  # s of a waveform in memory
_OTHER = (
    ".mp3",
    ".m4a",
    ".mp4",
    ".aac",
    ".opus",
    ".webm",
    ".wma",
    ".aif",
    ".aiff",
    ".au",
    ".raw",
    ".w64",
    ".caf",
)


def read_wave(checkpoint: Checkpoint, source: Path | Utterance) -> Array:
    """A waveform (n,) at the model's rate; a long one goes to disk as it comes. Raises InputError as `read_audio`."""
    rate, u = checkpoint.settings.rate, _utterance(source)
    parts: list[np.ndarray] = []
    rows: Rows | None = None
    for block in read_blocks(u.path, rate, u.start, u.end, u.channel):
        parts.append(block)
        if rows is not None or sum(map(len, parts)) > LONGEST * rate:
            rows = rows or Rows()
            while parts:
                rows.append(parts.pop(0))
    return np.concatenate(parts) if rows is None else rows


def read_voice(checkpoint: Checkpoint, source: Path | Utterance) -> Voice:
    """The voice of a recording, or of an utterance in one; any format and rate that `read_audio` knows.

    Raises:
        InputError: as `read_audio` and `voice_of`.
    """
    wave = read_wave(checkpoint, source)
    try:
        return voice_of(checkpoint, wave)
    except InputError as error:
        raise InputError(f"{_utterance(source).path}: {error}") from None


def read_content(
    checkpoint: Checkpoint, source: Path | Utterance, array: np.ndarray | None = None
) -> Content:
    """The words of a recording, with its content frames (T', D), if the model reads such; as `read_voice`."""
    wave = read_wave(checkpoint, source)
    try:
        return content_of(checkpoint, wave, array)
    except InputError as error:
        raise InputError(f"{_utterance(source).path}: {error}") from None


def _utterance(source: Path | Utterance) -> Utterance:
    return source if isinstance(source, Utterance) else Utterance(source.stem, source.stem, source)


def swap_file(
    checkpoint: Checkpoint,
    voice: Voice,
    content: Path | Utterance,
    out: Path,
    manner: Manner = USUAL,
    array: np.ndarray | None = None,
) -> float:
    """Write the words of the recording `content` in `voice` to `out`; seconds of it. See `conversion.convert`."""
    rate = checkpoint.settings.rate
    spoken = read_content(checkpoint, content, array)
    wave = conversion.convert(checkpoint, spoken, voice, manner)
    write(out, wave, rate)
    return len(wave) / rate


def write(path: Path, wave: Array, rate: int) -> None:
    """Write a waveform of any length."""
    if isinstance(wave, np.ndarray):
        write_audio(path, wave, rate)
    else:
        write_blocks(path, pieces(wave), rate)


def wave_file(path: str | Path) -> Path:
    """`path`, as a WAV file if it has no suffix that says a format of sound.

    Raises:
        InputError: the suffix is that of a format which is not written.
    """
    path = Path(path)
    if path.suffix.lower() in FORMATS or is_stream(path):
        return path
    if path.suffix.lower() in _OTHER:
        raise InputError(f"{path}: cannot write '{path.suffix}' audio; choose one of {', '.join(FORMATS)}")
    return path.with_name(f"{path.name}.wav")
