"""NIST SPHERE files: the ASCII header, and the shorten-compressed kind.

The header is `NIST_1A`, its own size in bytes, then lines `name -type value` up to `end_head`. Plain PCM,
mu-law and A-law samples are left to libsndfile (`data/audio.py`); only `embedded-shorten` needs FFmpeg.
"""

from pathlib import Path

import numpy as np

from speechdis.errors import InputError


def read_header(path: str | Path) -> dict[str, str] | None:
    """The header's fields, values as written (`sample_count` and the rest); None if not a SPHERE file.

    Raises:
        InputError: it begins as SPHERE, but its header does not end.
    """
    with Path(path).open("rb") as file:
        first = file.read(16)
        if not first.startswith(b"NIST_1A\n"):
            return None
        size = first[8:].strip()
        body = file.read(int(size) - 16) if size.isdigit() else b""
    lines, end, _ = body.decode("ascii", "replace").partition("end_head")
    if not end:
        raise InputError(f"{path}: truncated: its SPHERE header has no end_head")
    fields = (line.split(maxsplit=2) for line in lines.splitlines())
    return {field[0]: field[2] for field in fields if len(field) == 3}


def decode_shorten(path: str | Path, coding: str) -> np.ndarray:
    """All samples of a shorten-compressed file: (K, channels) float32.

    Args:
        path: the file.
        coding: its `sample_coding`.

    Raises:
        InputError: PyAV is missing, or the coding or the data is beyond it.
    """
    if not coding.startswith("pcm,"):
        raise InputError(f"{path}: '{coding}' samples cannot be read; convert the file with sph2pipe first")
    try:
        import av
    except ImportError:
        raise InputError(
            f"{path}: shorten-compressed; install the reader: pip install 'speechdis[sphere]'"
        ) from None
    try:
        with Path(path).open("rb") as file, av.open(file, "r", format="nistsphere") as container:
            frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
            channels = container.streams.audio[0].codec_context.channels
    except (av.FFmpegError, EOFError) as error:
        raise InputError(f"{path}: its shorten-compressed samples are damaged ({error})") from None
    if not frames:
        return np.zeros((0, channels), np.float32)
    # planar frames are (channels, K), interleaved ones (1, K * channels)
    blocks = [f.T if f.shape[0] == channels else f.reshape(-1, channels) for f in frames]
    return np.concatenate(blocks).astype(np.float32) / 32768
