"""FFmpeg, by PyAV (the extra `formats`): what libsndfile does not read, the first audio stream of any container."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from speechdis.data.recording import BLOCK, Recording
from speechdis.data.views import Bounded
from speechdis.errors import InputError

# FFmpeg may open nothing but the file it is given, and take it for nothing but these: no playlists, no bare samples.
_DEMUXERS = (
    "mov,matroska,avi,asf,flv,mpegts,mpeg,ogg,aac,loas,mp3,flac,wav,w64,aiff,caf,au,amr,ac3,eac3,dts,ape,wv,tta,"
    "nistsphere,dsf,mpc,mpc8,tak,voc,rm"
)
_OPTIONS = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "none"}
_SPARE = 3  # frames that an encoder's delay or padding may take from an MP4


class FFmpeg(Recording):
    """A file that FFmpeg reads.

    Args:
        path: for messages.
        file: open for reading.
        promised: samples of a channel by the header of a SPHERE file; None for any other.

    Raises:
        FFmpegError: it is of another format.
        InputError: it has no sound, or its first samples are damaged.
    """

    def __init__(self, path: Path, file: BinaryIO, promised: int | None = None) -> None:
        self.path, self.total, self._file = path, promised, file
        self.floating = False  # until the stream is known
        frame = next(self._frames(), None)
        if frame is None:
            raise InputError(f"{path}: holds no samples")
        self.rate, self.channels = frame.sample_rate, frame.layout.nb_channels

    def decode(self, first: int, last: int) -> Iterator[np.ndarray]:
        """See `Recording`; whatever comes before `first` is decoded too."""
        held: list[np.ndarray] = []
        place = 0
        for frame in self._frames():
            part = frame.to_ndarray().reshape(-1, self.channels)[max(0, first - place) : max(0, last - place)]
            place += frame.samples
            if len(part):
                held.append(part)
            if sum(map(len, held)) * self.channels >= BLOCK:
                yield np.concatenate(held)
                held = []
            if place > last and last == self.total:
                raise InputError(
                    f"{self.path}: damaged: its header promises {last} samples, decoding gives more"
                )
            if place > last:
                break
        if held:
            yield np.concatenate(held)

    def _frames(self) -> Iterator[Any]:
        """Frames of interleaved float32, of one rate and layout, from the beginning.

        Not planar: PyAV knows eight planes, and reads beyond them where a damaged header says more.
        """
        import av

        container = av.open(Bounded(self._file), "r", options=_OPTIONS, **_titles(av.__version__))
        with container:
            if not container.streams.audio:
                raise InputError(f"{self.path}: holds no sound: a video or picture without an audio stream")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise InputError(
                    f"{self.path}: not audio that can be read: of a coding that FFmpeg does not know"
                )
            self.floating = stream.codec_context.name.startswith("pcm_f")
            count, form = 0, None
            first: Any = None
            resampler: Any = None
            try:
                for frame in container.decode(stream):
                    count, first = count + 1, first or frame  # HE-AAC has twice the container's rate
                    if form != (form := (frame.format.name, frame.layout.name, frame.sample_rate)):
                        resampler = av.AudioResampler("flt", first.layout, first.sample_rate)
                    yield from resampler.resample(frame)
            except (av.FFmpegError, EOFError, ValueError, IndexError) as error:
                raise InputError(f"{self.path}: truncated or damaged: {error}") from None
            if container.format.name.startswith("mov") and count < stream.frames - _SPARE:
                raise InputError(
                    f"{self.path}: truncated: its header promises {stream.frames} frames, it holds {count}"
                )


def _titles(version: str) -> dict[str, Any]:
    """What keeps PyAV from refusing a file for a title in another encoding: nothing, from version 19 on."""
    return {"metadata_errors": "replace"} if int(version.partition(".")[0]) < 19 else {}
