"""NIST SPHERE files: the ASCII header, and what of the shorten-compressed kind can be read.

The header is `NIST_1A`, its own size in bytes, then lines `name -type value` up to `end_head`. Plain PCM,
mu-law and A-law samples are left to libsndfile; only `embedded-shorten` needs FFmpeg (`data/decoders.py`).
`data/shorten.py` writes it.
"""

from pathlib import Path

from speechdis.data.shorten import block_size
from speechdis.errors import InputError

_LARGEST = 1 << 20  # bytes of a header
_LARGEST_BLOCK = 2048  # samples; the usual is 256. Memory to decode grows as its square: here 100 MB
MAGIC = b"NIST_1A\n"  # a file begins with it


def read_header(path: str | Path) -> dict[str, str] | None:
    """The header's fields, values as written (`sample_count` and the rest); None if not a SPHERE file.

    Raises:
        InputError: it begins as SPHERE, but its header does not end.
    """
    with Path(path).open("rb") as file:
        first = file.read(16)
        if not first.startswith(MAGIC):
            return None
        size = first[8:].strip()
        body = file.read(min(int(size), _LARGEST) - 16) if size.isdigit() and int(size) > 16 else b""
    lines, end, _ = body.decode("ascii", "replace").partition("end_head")
    if not end:
        raise InputError(f"{path}: truncated: its SPHERE header has no end_head")
    fields = (line.split(maxsplit=2) for line in lines.splitlines())
    return {field[0]: field[2] for field in fields if len(field) == 3}


def counts(path: str | Path, header: dict[str, str]) -> tuple[int, int]:
    """Samples per channel and Hz, as the header has them; raises InputError where they are absent or absurd."""
    try:
        total, rate = (int(header[name]) for name in ("sample_count", "sample_rate"))
    except (KeyError, ValueError):
        total = rate = -1
    if total < 0 or rate <= 0:
        raise InputError(f"{path}: its SPHERE header has no valid sample_count and sample_rate")
    return total, rate


def check_stream(path: str | Path) -> None:
    """Raise InputError where a shorten stream has blocks so large that decoding them could fill the memory."""
    with Path(path).open("rb") as file:
        head = file.read(16)
        file.seek(int(head[8:]))
        size = block_size(file.read(69))
    if not 0 < size <= _LARGEST_BLOCK:
        raise InputError(f"{path}: its shorten-compressed samples are damaged: blocks of {size} samples")


def require_decoder(path: str | Path, coding: str) -> None:
    """Make sure that a shorten-compressed file can be decoded here, without decoding anything.

    Args:
        path: the file, for the message.
        coding: its `sample_coding`.

    Raises:
        InputError: PyAV is missing, or the coding is beyond it.
    """
    if not coding.startswith("pcm,"):
        raise InputError(f"{path}: '{coding}' samples cannot be read; convert the file with sph2pipe first")
    try:
        import av  # noqa: F401
    except ImportError:
        raise InputError(
            f"{path}: shorten-compressed; install the reader: pip install 'speechdis[formats]'"
        ) from None
