"""The one door for audio: every format in, float32 mono out, and every bad file named.

libsndfile reads WAV, FLAC, Ogg and NIST SPHERE (PCM, mu-law, A-law); `data/sphere.py` adds the
shorten-compressed SPHERE of the LDC; soxr resamples.
"""

import io
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from speechdis.data import sphere
from speechdis.data.atomic import replacing
from speechdis.data.shorten import sphere_file
from speechdis.errors import InputError

if TYPE_CHECKING:
    import soundfile

_FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".sph": "NIST"}
# libsndfile mends a chunk that is longer than the file and says so in its log; a writer into a pipe, which
# cannot know the length, leaves (nearly) 2^32 there.
_SHORT_CHUNK = re.compile(r"^ ?(?:data|SSND) : (\d+) \(should be (\d+)\)", re.MULTILINE)
_UNKNOWN_LENGTH = 0xFFFF0000
_OVERSHOOT = 0.5  # s that a segment may end after its recording, as in Kaldi's extract-segments
_noted: set[str] = set()


def read_audio(
    path: str | Path, rate: int | None = None, start: float = 0.0, end: float | None = None
) -> tuple[np.ndarray, int]:
    """Samples of a file, or of its part between `start` and `end` (only that part is decoded).

    Args:
        path: WAV, FLAC, Ogg or NIST SPHERE.
        rate: Hz to resample to; None keeps the file's. A change of rate is noted once per source rate.
        start: s.
        end: s; None is the end of the file.

    Returns:
        (K,) float32 mono (channels are averaged, with a note), nominally in [-1, 1), and its rate in Hz.

    Raises:
        InputError: missing, empty, truncated or unreadable file; no samples, NaN, or only digital silence.
    """
    samples, source = _decode(Path(path), start, end)
    spread = np.ptp(samples)  # NaN or infinite if any sample is
    if not np.isfinite(spread):
        raise InputError(f"{path}: holds NaN or infinite samples")
    if spread == 0:
        raise InputError(f"{path}: holds only digital silence")
    if samples.shape[1] > 1:
        _note(f"{samples.shape[1]} channels in {{}}: averaged to mono (said once)", path)
    wave = samples.mean(axis=1) if samples.shape[1] > 1 else samples[:, 0]
    if rate is not None and rate != source:
        import soxr

        _note(f"{source} Hz in {{}}: resampled to {rate} Hz (said once per rate)", path)
        wave, source = soxr.resample(wave, source, rate), rate
    return np.ascontiguousarray(wave, np.float32), source


def duration(path: str | Path) -> float:
    """Length of a file in seconds, from its header; raises InputError for a file that cannot be opened."""
    with _open(Path(path)) as recording:
        return recording.total / recording.rate


def write_audio(path: str | Path, wave: np.ndarray, rate: int, format: str | None = None) -> None:
    """Write (K,) samples in [-1, 1) as 16 bits, clipped; atomic.

    Args:
        path: file.
        wave: (K,) samples.
        rate: Hz.
        format: WAV, FLAC, OGG, NIST (SPHERE) or SHORTEN (compressed SPHERE); by default the suffix says it:
            wav, flac, ogg or sph.
    """
    path = Path(path)
    format = format or _FORMATS.get(path.suffix.lower())
    if format is None:
        raise InputError(f"{path}: cannot write '{path.suffix}' audio; choose one of {', '.join(_FORMATS)}")
    samples = np.clip(np.rint(np.asarray(wave) * 32768.0), -32768, 32767).astype(np.int16)
    with replacing(path) as partial:
        partial.write_bytes(_encode(samples, rate, format))


def _encode(samples: np.ndarray, rate: int, format: str) -> bytes:
    """A whole file in memory: libsndfile does not say why it cannot write to a disk, the system does."""
    import soundfile

    if format == "SHORTEN":
        return sphere_file(samples, rate)
    encoded = io.BytesIO()
    soundfile.write(encoded, samples, rate, format=format)
    return encoded.getvalue()


class _Recording(NamedTuple):
    """An open file: total samples per channel, Hz, and `read(first, last)` to (K, channels) float32."""

    total: int
    rate: int
    read: Callable[[int, int], np.ndarray]


def _decode(path: Path, start: float, end: float | None) -> tuple[np.ndarray, int]:
    """(K, channels) float32 of the part wanted, and the rate."""
    with _open(path) as (count, rate, read):
        first = round(start * rate)
        last = count if end is None else round(end * rate)
        if last > count + _OVERSHOOT * rate or not 0 <= first < min(last, count):
            raise InputError(f"{path}: {start}-{end} s is outside its {count / rate:.3f} s")
        last = min(last, count)
        samples = read(first, last)
    if len(samples) < last - first:
        raise InputError(
            f"{path}: truncated or damaged: of {count} samples, decoding ends before number {last}"
        )
    return samples, rate


@contextmanager
def _open(path: Path) -> Iterator[_Recording]:
    """Open a file, and compare what its header promises with what is there."""
    import soundfile

    if not path.is_file():
        raise InputError(f"{path}: no such audio file")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: empty file")
    header = sphere.read_header(path) or {}
    promised, rate = sphere.counts(path, header) if header else (0, 0)
    coding = header.get("sample_coding", "")
    if "shorten" in coding:
        yield _Recording(
            promised, rate, lambda first, last: sphere.decode_shorten(path, coding, promised)[first:last]
        )
        return
    try:
        file = soundfile.SoundFile(os.fsencode(path))  # a name may be of any bytes
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path}: not audio that can be read: {error.error_string}") from None
    with file:
        log = file.extra_info
        short = _SHORT_CHUNK.search(log)
        lost = short is not None and int(short[2]) + 1 < int(short[1]) < _UNKNOWN_LENGTH
        if lost or file.frames < promised or "ended unexpectedly" in log:
            raise InputError(f"{path}: truncated: the header promises more samples than the file holds")
        if header and file.frames > promised:
            raise InputError(
                f"{path}: its header says {promised} samples, but the file holds {file.frames}: one of them is wrong"
            )
        if file.frames == 0:
            raise InputError(f"{path}: holds no samples")
        yield _Recording(file.frames, file.samplerate, partial(_read, file))


def _read(file: "soundfile.SoundFile", first: int, last: int) -> np.ndarray:
    """(K, channels) samples; fewer than asked for where the data is damaged."""
    import soundfile

    try:
        file.seek(first)
        return file.read(last - first, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return np.zeros((0, file.channels), np.float32)


def _note(note: str, path: str | Path) -> None:
    """Log `note` the first time it is given in this process, with the file that caused it."""
    if note not in _noted:
        _noted.add(note)
        logging.getLogger(__name__).warning(note.format(path))
