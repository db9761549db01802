"""libsndfile: WAV, FLAC, Ogg, MP3, AIFF, NIST SPHERE and others, and what it must not believe of their headers."""

import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from speechdis.data.recording import BLOCK, Recording
from speechdis.data.riff import read_head
from speechdis.data.views import ENDLESS, Endless, Overlaid
from speechdis.errors import InputError

if TYPE_CHECKING:
    import soundfile

_UNKNOWN = ENDLESS >> 4  # samples: more than any file holds


class Sndfile(Recording):
    """A file that libsndfile reads. It is given open, not by its name, which would make bare samples of some.

    Args:
        path: for messages.
        file: open for reading; it stays open as long as `stack`.
        promised: samples of a channel by the header of a SPHERE file; 0 for any other.
        stack: closes what is opened here.

    Raises:
        LibsndfileError: it is of another format.
        InputError: the header promises more or fewer samples than the file holds.
    """

    def __init__(self, path: Path, file: BinaryIO, promised: int, stack: ExitStack) -> None:

        self.path, self._handle, self._stack = path, file, stack
        self._file = self._opened()
        self.rate, self.channels = self._file.samplerate, self._file.channels
        self.floating = self._file.subtype in ("FLOAT", "DOUBLE")
        frames = self._file.frames
        self.total = frames if frames < _UNKNOWN else None  # FLAC and MP3 written into a pipe
        # These codings lean on what came before: a second of it makes the samples those of the whole.
        self._before = self.rate if self._file.format in ("MP3", "OGG") else 0
        self._begun = False
        if frames < promised or "ended unexpectedly" in self._file.extra_info:
            raise InputError(f"{path}: truncated: the header promises more samples than the file holds")
        if promised and frames > promised:
            raise InputError(
                f"{path}: its header says {promised} samples, but the file holds {frames}: one of them is wrong"
            )

    def decode(self, first: int, last: int) -> Iterator[np.ndarray]:
        """See `Recording`; all before `first` is decoded too where the coding or an unknown length has no places."""
        import soundfile

        step = max(1, BLOCK // self.channels)
        place = max(0, first - self._before) if self._seekable else 0
        try:
            if self._seekable:
                self._file.seek(place)
            elif self._begun:
                self._file = self._opened()
            self._begun = True
            while place < last:
                count = min(step, (last if place >= first else first) - place)
                block = self._file.read(count, dtype="float32", always_2d=True)
                if not len(block):
                    return
                if place >= first:
                    yield block
                place += len(block)
        except soundfile.LibsndfileError as error:
            raise InputError(f"{self.path}: truncated or damaged: {error.error_string}") from None

    def _opened(self) -> "soundfile.SoundFile":
        """At the first sample: the file itself, or with true sizes in its header, or with no length."""
        import soundfile

        head = read_head(self._handle)
        if head is not None and head.truncated:
            raise InputError(f"{self.path}: truncated: the header promises more samples than the file holds")
        if head is not None and head.wrong:
            try:
                source: Any = Overlaid(self._handle, head.begin, head.mended)
            except struct.error:
                raise InputError(
                    f"{self.path}: longer than its header can say; convert it: sox --ignore-length IN OUT.w64"
                ) from None
        elif _guesses_length(self._handle):
            source = Endless(self._handle)
        else:
            source = self._stack.enter_context(self.path.open("rb", buffering=0)).fileno()
        opened = self._stack.enter_context(soundfile.SoundFile(source, "r", closefd=False))
        self._seekable = opened.frames < _UNKNOWN and opened.seekable()
        # Else soundfile seeks to where it is after each reading, which MP3 does not survive, nor an unknown length.
        opened.seekable = lambda: False
        return opened


def _guesses_length(file: BinaryIO) -> bool:
    """Whether it is an MP3 without a count of frames: a Xing, LAME or VBRI header in its first frame.

    libsndfile then takes the file's length by the bit rate of the first frame, and decoding ends there.
    """
    file.seek(0)
    start = file.read(10)
    tag = 0
    if start.startswith(b"ID3") and len(start) == 10:
        tag = 10 + sum((byte & 127) << shift for byte, shift in zip(start[6:], (21, 14, 7, 0), strict=True))
    file.seek(tag)
    frame = file.read(2048)
    is_mp3 = bool(tag) or (frame[:1] == b"\xff" and frame[1:2] >= b"\xe0")
    return is_mp3 and not any(name in frame for name in (b"Xing", b"Info", b"VBRI"))
