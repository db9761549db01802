"""From a file to an open recording: libsndfile first, then FFmpeg, then a refusal that names the thing."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path

from speechdis.data import sphere
from speechdis.data.ffmpeg import FFmpeg
from speechdis.data.libsndfile import Sndfile
from speechdis.data.recording import RATES, Recording, most_samples
from speechdis.data.text import require_file
from speechdis.data.unreadable import HEAD, sound_of, what_is
from speechdis.errors import InputError, blaming

_NOT_KNOWN = 1  # libsndfile's code for "format not recognised"


@contextmanager
def open_recording(path: str | Path) -> Iterator[Recording]:
    """Open a file by the first decoder that takes it, and compare what its header promises with what is there.

    Raises:
        InputError: no file, no decoder, no samples, samples missing, or a rate that speech is never recorded at.
    """
    path = path if isinstance(path, Path) else Path(path)  # parsing it again would take a tenth of opening
    with ExitStack() as stack:
        with blaming(path):
            if not path.exists():
                raise InputError(f"{path}: no such audio file")
            file = stack.enter_context(require_file(path).open("rb"))
            if not os.fstat(file.fileno()).st_size:
                raise InputError(f"{path}: empty file")
            recording = _decoder(path, file, stack)
            _check(recording)
        yield recording


def _decoder(path: Path, file: BufferedReader, stack: ExitStack) -> Recording:
    header = (sphere.read_header(path) or {}) if file.peek(8).startswith(sphere.MAGIC) else {}
    promised = sphere.counts(path, header)[0] if header else 0
    coding = header.get("sample_coding", "")
    if "shorten" in coding:
        sphere.require_decoder(path, coding)
        _check_total(path, promised)
        sphere.check_stream(path)
        import av

        try:
            return FFmpeg(path, file, promised)
        except av.FFmpegError as error:
            raise InputError(
                f"{path}: its shorten-compressed samples are damaged ({error.strerror})"
            ) from None
    import soundfile

    try:
        return Sndfile(path, file, promised, stack)
    except soundfile.LibsndfileError as error:
        reason = "" if error.code == _NOT_KNOWN else error.error_string
    file.seek(0)
    start = file.read(HEAD)
    try:
        import av
    except ImportError:
        if sound_of(start):
            raise InputError(
                f"{path}: {sound_of(start)}; install a reader of it: pip install 'speechdis[formats]'"
            ) from None
    else:
        try:
            return FFmpeg(path, file)
        except av.FFmpegError:
            reason = reason or (f"{sound_of(start)}, damaged" if sound_of(start) else "")
    raise InputError(f"{path}: not audio that can be read: {reason or what_is(start)}")


def _check(recording: Recording) -> None:
    path = recording.path
    if recording.total is not None:
        _check_total(path, recording.total)
    if not RATES[0] <= recording.rate <= RATES[1]:
        raise InputError(f"{path}: a rate of {recording.rate} Hz; speech is sampled at 4,000 to 384,000 Hz")


def _check_total(path: Path, total: int) -> None:
    if total == 0:
        raise InputError(f"{path}: holds no samples")
    if total > most_samples(path):
        raise InputError(
            f"{path}: truncated or damaged: its header promises {total} samples, more than its bytes can hold"
        )
