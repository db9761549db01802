"""The one door for audio: every format in, float32 mono out, and every bad file named.

`data/decoders.py` decodes, in blocks; `data/survey.py` says what is mixed and scaled; soxr resamples.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from speechdis.data.atomic import replacing
from speechdis.data.decoders import open_recording
from speechdis.data.noted import note
from speechdis.data.outputs import is_stream
from speechdis.data.recording import Channel, Recording
from speechdis.data.shorten import sphere_file
from speechdis.data.survey import Mix, Survey
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError, blaming

FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".sph": "NIST"}
_OVERSHOOT = 0.5  # s that a segment may end after its recording, as in Kaldi's extract-segments
_ENDLESS = 1 << 62  # samples
_KEPT = 1 << 23  # values that are decoded once; of more, a second time, when it is known what they are
_LARGEST = 1 << 28  # samples of a waveform in one piece: 4.7 h at 16 kHz, 1 GiB


def read_audio(
    path: str | Path,
    rate: int | None = None,
    start: float = 0.0,
    end: float | None = None,
    channel: int | None = None,
) -> tuple[np.ndarray, int]:
    """Samples of a file, or of its part between `start` and `end` (only that part is decoded).

    Args:
        path: WAV, FLAC, Ogg, MP3, NIST SPHERE and whatever else libsndfile reads, or FFmpeg where PyAV is there.
        rate: Hz to resample to; None keeps the file's. A change of rate is noted once per source rate.
        start: s.
        end: s; None is the end of the file.
        channel: the one to read, from 1 on; None averages all, with a note.

    Returns:
        (K,) float32 mono, nominally in [-1, 1), and its rate in Hz.

    Raises:
        InputError: missing, empty, truncated or unreadable file; no samples, NaN, or only digital silence; more
            than 2^28 samples.
    """
    with blaming(path), _opened(path, channel) as recording:
        part = _Part(recording, start, end)
        rate = rate or recording.rate
        length = -(-part.count * rate // recording.rate)
        if length > _LARGEST:
            raise InputError(
                f"{path}: {length} samples are too many for one waveform (at most {_LARGEST}); cut it into segments"
            )
        wave, filled = np.empty(length + 16, np.float32), 0
        for block in _resampled(part, recording, rate):
            wave[filled : filled + len(block)] = block
            filled += len(block)
    return wave[:filled], rate


def read_blocks(
    path: str | Path, rate: int, start: float = 0.0, end: float | None = None, channel: int | None = None
) -> Iterator[np.ndarray]:
    """What `read_audio` gives, bit by bit, in blocks (K,) of at most a minute or two: for recordings of any length.

    All of it is looked at before the first block comes, so a bad file fails there. Arguments and errors are those
    of `read_audio`, but that no length is too much.
    """
    with blaming(path), _opened(path, channel) as recording:
        yield from _resampled(_Part(recording, start, end), recording, rate)


def read_utterance(utterance: Utterance, rate: int | None = None) -> tuple[np.ndarray, int]:
    """Samples of an utterance; see `read_audio`."""
    return read_audio(utterance.path, rate, utterance.start, utterance.end, utterance.channel)


def duration(path: str | Path) -> float:
    """Length of a file in seconds: from its header, or by decoding where that does not say it.

    Raises:
        InputError: it cannot be opened, or decoded to its end.
    """
    with blaming(path), open_recording(path) as recording:
        total = _whole(recording).count if recording.total is None else recording.total
        if not total:
            raise InputError(f"{path}: holds no samples")
        return total / recording.rate


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
    format, samples = format or _format(path), _sixteen_bits(wave)
    with replacing(path) as partial:
        partial.write_bytes(_encode(samples, rate, format))


def write_blocks(path: str | Path, blocks: Iterable[np.ndarray], rate: int) -> None:
    """Write consecutive blocks (K,) as `write_audio` would write them in one piece, of any number; atomic."""
    import soundfile

    path = Path(path)
    format = _format(path)
    with replacing(path) as partial:
        try:
            with soundfile.SoundFile(partial, "w", rate, 1, format=format) as file:
                for block in blocks:
                    file.write(_sixteen_bits(block))
        except soundfile.LibsndfileError as error:
            raise InputError(f"{path}: cannot be written ({error.error_string}); is the disk full?") from None


def _format(path: Path) -> str:
    """What the suffix of a file says."""
    if is_stream(path):
        return "WAV"
    format = FORMATS.get(path.suffix.lower())
    if format is None:
        raise InputError(f"{path}: cannot write '{path.suffix}' audio; choose one of {', '.join(FORMATS)}")
    return format


def _sixteen_bits(wave: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(np.asarray(wave) * 32768.0), -32768, 32767).astype(np.int16)


def _encode(samples: np.ndarray, rate: int, format: str) -> bytes:
    """A whole file in memory: libsndfile does not say why it cannot write to a disk, the system does."""
    import soundfile

    if format == "SHORTEN":
        return sphere_file(samples, rate)
    encoded = io.BytesIO()
    soundfile.write(encoded, samples, rate, format=format)
    return encoded.getvalue()


@contextmanager
def _opened(path: str | Path, channel: int | None) -> Iterator[Recording]:
    with open_recording(path) as recording:
        yield recording if channel is None else Channel(recording, channel)


class _Part:
    """Mono blocks of a part of a recording, looked at from end to end before the first one comes."""

    def __init__(self, recording: Recording, start: float, end: float | None) -> None:
        self._recording = recording
        self._first, self._last = _samples(recording, start, end)
        survey = Survey(recording.floating)
        self._kept: list[np.ndarray] | None = []
        for block in recording.blocks(self._first, self._last):
            survey.add(block)
            if self._kept is not None:
                self._kept.append(block)
                if survey.count * recording.channels > _KEPT:
                    self._kept = None
        self.count = survey.count
        if recording.total is None:
            missing = 0 if self._last is None else self._last - self._first - survey.count
            if not survey.count or missing > _OVERSHOOT * recording.rate:
                raise _outside(recording, start, end, _whole(recording).count)
        whole = (start, end) == (0, None) or not recording.floating
        self._mix = Mix(recording.path, survey, survey if whole else _whole(recording))

    def __iter__(self) -> Iterator[np.ndarray]:
        blocks: Iterable[np.ndarray] = self._kept or self._recording.blocks(self._first, self._last)
        return map(self._mix, blocks)


def _samples(recording: Recording, start: float, end: float | None) -> tuple[int, int | None]:
    """First and last sample of a part; None for the end of a recording of unknown length."""
    rate, total = recording.rate, recording.total
    most = _ENDLESS if total is None else total
    first, last = start * rate, most if end is None else end * rate
    if 0 <= first < most and first < last <= most + _OVERSHOOT * rate:
        begin, stop = round(first), min(round(last), most)
        if begin < stop:
            return begin, None if stop == _ENDLESS else stop
    raise _outside(recording, start, end, total)


def _outside(recording: Recording, start: float, end: float | None, total: int | None) -> InputError:
    if total == 0:
        return InputError(f"{recording.path}: holds no samples")
    length = "it" if total is None else f"its {total / recording.rate:.3f} s"
    return InputError(f"{recording.path}: {start}-{end} s is outside {length}")


def _resampled(part: _Part, recording: Recording, rate: int) -> Iterator[np.ndarray]:
    """Blocks at `rate`, the same bits as if all were resampled at once."""
    if rate == recording.rate:
        yield from part
        return
    import soxr

    note(f"{recording.rate} Hz in {{}}: resampled to {rate} Hz (said once per rate)", recording.path)
    stream = soxr.ResampleStream(recording.rate, rate, 1, dtype="float32")
    for block in part:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _whole(recording: Recording) -> Survey:
    """Of all of a recording; the last ones are remembered, since many segments may ask."""
    about = recording.path.stat()
    return _surveyed(recording.path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=64)
def _surveyed(path: Path, size: int, changed: int) -> Survey:
    with open_recording(path) as recording:
        survey = Survey(recording.floating)
        for block in recording.blocks():
            survey.add(block)
    return survey
