"""The one door for audio: every format in, float32 mono out, and every bad file named.

libsndfile reads WAV, FLAC, Ogg and NIST SPHERE (PCM, mu-law, A-law); `data/sphere.py` adds the
shorten-compressed SPHERE of the LDC; soxr resamples.
"""

import io
import logging
import re
from pathlib import Path

import numpy as np

from speechdis.data import sphere
from speechdis.data.atomic import replacing
from speechdis.errors import InputError

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
    if not np.isfinite(samples).all():
        raise InputError(f"{path}: holds NaN or infinite samples")
    if np.ptp(samples) == 0:
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
    count, rate, _ = _inspect(Path(path))
    return count / rate


def write_audio(path: str | Path, wave: np.ndarray, rate: int, format: str | None = None) -> None:
    """Write (K,) samples in [-1, 1) as 16 bits, clipped; atomic.

    Args:
        path: file.
        wave: (K,) samples.
        rate: Hz.
        format: WAV, FLAC, OGG or NIST (SPHERE); by default the suffix says it: wav, flac, ogg or sph.
    """
    import soundfile

    path = Path(path)
    format = format or _FORMATS.get(path.suffix.lower())
    if format is None:
        raise InputError(f"{path}: cannot write '{path.suffix}' audio; choose one of {', '.join(_FORMATS)}")
    samples = np.clip(np.rint(np.asarray(wave) * 32768.0), -32768, 32767).astype(np.int16)
    encoded = io.BytesIO()  # libsndfile does not say why it cannot write; the system does
    soundfile.write(encoded, samples, rate, format=format)
    with replacing(path) as partial:
        partial.write_bytes(encoded.getvalue())


def _decode(path: Path, start: float, end: float | None) -> tuple[np.ndarray, int]:
    """(K, channels) float32 of the part wanted, and the rate."""
    import soundfile

    count, rate, coding = _inspect(path)
    first = round(start * rate)
    last = count if end is None else round(end * rate)
    if last > count + _OVERSHOOT * rate or not 0 <= first < min(last, count):
        raise InputError(f"{path}: {start}-{end} s is outside its {count / rate:.3f} s")
    last = min(last, count)
    if "shorten" in coding:
        samples = sphere.decode_shorten(path, coding)[first:last]
    else:
        try:
            with soundfile.SoundFile(path) as file:
                file.seek(first)
                samples = file.read(last - first, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            samples = np.zeros((0, 1), np.float32)
    if len(samples) < last - first:
        raise InputError(
            f"{path}: truncated or damaged: {count} samples promised, decoding ends before sample {last}"
        )
    return samples, rate


def _inspect(path: Path) -> tuple[int, int, str]:
    """Samples per channel, rate in Hz and SPHERE coding ("" for other formats), as the header has them."""
    import soundfile

    if not path.is_file():
        raise InputError(f"{path}: no such audio file")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: empty file")
    header = sphere.read_header(path) or {}
    coding = header.get("sample_coding", "pcm") if header else ""
    try:
        if "shorten" in coding:
            return int(header["sample_count"]), int(header["sample_rate"]), coding
        with soundfile.SoundFile(path) as file:
            count, rate, log = file.frames, file.samplerate, file.extra_info
        promised = int(header.get("sample_count", count))
    except (soundfile.LibsndfileError, KeyError, ValueError) as error:
        reason = getattr(error, "error_string", "its SPHERE header is incomplete")
        raise InputError(f"{path}: not audio that can be read: {reason}") from None
    short = _SHORT_CHUNK.search(log)
    lost = short is not None and int(short[2]) + 1 < int(short[1]) < _UNKNOWN_LENGTH
    if lost or count < promised or "ended unexpectedly" in log:
        raise InputError(f"{path}: truncated: the header promises more samples than the file holds")
    if count == 0:
        raise InputError(f"{path}: holds no samples")
    return count, rate, coding


def _note(note: str, path: str | Path) -> None:
    """Log `note` the first time it is given in this process, with the file that caused it."""
    if note not in _noted:
        _noted.add(note)
        logging.getLogger(__name__).warning(note.format(path))
