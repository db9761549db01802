"""Sizes in the headers of WAV and its kin, which are often not those of the file.

A program that writes into a pipe cannot know how much will come, and leaves 0 or a very large number; one that was
killed never went back to the header; others count wrongly. A file is made of chunks (name, size, contents), all of
them in one that says its own size. What is believed, in this order: what is there; the outer size; the data's.
Only an outer size beyond the end of the file says that something is missing.

RIFF and RIFX (WAV in either order of bytes), FORM (AIFF), RF64 and BW64 (EBU Tech 3306), riff (Sony Wave64), and
caff (Apple's CAF, which has no outer size).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

_LARGEST_HEAD = 1 << 20  # bytes before the samples; pictures and texts mostly stand behind them
_UNKNOWN_64 = 0xFFFFFFFF  # of a data chunk in RF64: the size stands in its ds64 chunk


class _Layout(NamedTuple):
    """How chunks are written: bytes of a name, format of a size, what a size counts beside the contents."""

    name: int
    size: str
    counted: int  # bytes of name and size, if the size counts them too
    align: int
    body: int  # where the first chunk begins
    samples: bytes  # name of the chunk of samples, or its beginning


_LITTLE = _Layout(4, "<I", 0, 2, 12, b"data")
_BIG = _Layout(4, ">I", 0, 2, 12, b"data")
_LAYOUTS = {
    b"RIFF": _LITTLE,
    b"RF64": _LITTLE,
    b"BW64": _LITTLE,
    b"RIFX": _BIG,
    b"FORM": _BIG._replace(samples=b"SSND"),
    b"riff": _Layout(16, "<Q", 24, 8, 40, b"data"),
    b"caff": _Layout(4, ">Q", 0, 1, 8, b"data"),
}


@dataclass(frozen=True)
class Head:
    """What a header says, and what is there; in bytes.

    Attributes:
        begin: where the samples begin.
        length: of the file.
        outer: where the outer size says that the file ends.
        promised: size of the samples.
        places: where the size of the samples and the outer one stand, their format, and what is added to them.
        runs_on: what follows the samples promised is not chunks, so it can only be samples.
    """

    begin: int
    length: int
    outer: int
    promised: int
    places: tuple[tuple[int, str, int], ...]
    runs_on: bool

    @property
    def held(self) -> int:
        """Bytes from the first sample to the end of the file."""
        return self.length - self.begin

    @property
    def truncated(self) -> bool:
        """More is promised than is there, by both sizes, and they are no placeholders."""
        short = self.promised > self.held + 1 and self.outer > self.length + 1
        return short and not any(
            _placeholder(size, self.held) for size in (self.promised, self.outer - self.begin)
        )

    @property
    def wrong(self) -> bool:
        """The samples go on to the end of the file, and the header does not say so."""
        if self.promised > self.held + 1:
            return not self.truncated
        agreed = abs(self.outer - self.begin - self.promised) <= 1  # what follows has been hung on
        wrapped = self.held >= 1 << 32 and (self.held - self.promised) % (1 << 32) <= 1
        return self.runs_on and (self.promised == 0 or wrapped or not agreed)

    def mended(self, head: bytes) -> bytes:
        """The bytes before the samples, with sizes that are true. Raises struct.error beyond a size's range."""
        true = bytearray(head)
        for (offset, form, added), size in zip(self.places, (self.held, self.length), strict=False):
            struct.pack_into(form, true, offset, size + added)
        return bytes(true)


def read_head(file: BinaryIO) -> Head | None:
    """The header of an open file; None if it is of no such kind, or has no samples."""
    file.seek(0)
    kind = file.read(4)
    layout = _LAYOUTS.get(kind)
    if layout is None:
        return None
    length = file.seek(0, 2)
    file.seek(layout.name)
    outer = _number(file, layout.size)
    outer_place = (layout.name, layout.size, 0 if layout.counted else -8)
    end = outer if layout.counted else outer + 8
    wide = None
    for name, begin, size in _chunks(file, layout, layout.body, length):
        if name == b"ds64":
            wide = begin
        if name.startswith(layout.samples) and begin <= _LARGEST_HEAD:
            data_place = (begin - struct.calcsize(layout.size), layout.size, layout.counted)
            if wide is not None and size == _UNKNOWN_64:
                file.seek(wide)
                end, size = _number(file, "<Q") + 8, _number(file, "<Q")
                data_place, outer_place = (wide + 8, "<Q", 0), (wide, "<Q", -8)
            after = begin + size
            runs_on = after < length and not _all_chunks(
                file, layout, after, min(length, end) if end > after else length
            )
            if kind == b"caff":
                return Head(begin, length, after, size, (data_place,), runs_on)
            return Head(begin, length, end, size, (data_place, outer_place), runs_on)
    return None


def _placeholder(size: int, held: int) -> bool:
    """A size that says "unknown": near a power of two, 10^9 samples of some bytes, or a hundred times the file."""
    if size < 10**9:
        return False
    near = any(abs(size - 2**power) <= 2**16 for power in (30, 31, 32, 63, 64))
    return near or size % 10**9 == 0 or size > 100 * held


def _chunks(file: BinaryIO, layout: _Layout, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, beginning and size of the contents of each chunk, as far as they make sense."""
    about = layout.name + struct.calcsize(layout.size)
    while place + about <= end:
        file.seek(place)
        name = file.read(layout.name)
        size = max(0, _number(file, layout.size) - layout.counted)
        if not all(32 <= byte < 127 for byte in name[:4]):
            return
        yield name, place + about, size
        place += about + size
        place += -place % layout.align


def _all_chunks(file: BinaryIO, layout: _Layout, place: int, end: int) -> bool:
    """Whether there are chunks and nothing else between `place` and `end`; padding may be missing."""
    last = place + -place % layout.align
    for _, begin, size in _chunks(file, layout, last, end):
        last = begin + size
    return last - 1 <= end <= last + layout.align


def _number(file: BinaryIO, size: str) -> int:
    data = file.read(struct.calcsize(size))
    return struct.unpack(size, data)[0] if len(data) == struct.calcsize(size) else 0
