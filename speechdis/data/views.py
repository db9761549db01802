"""Open files as decoders shall see them: with bounds, with another beginning, or without a length."""

import os
from collections.abc import Callable
from typing import BinaryIO

ENDLESS = 1 << 44  # bytes


class Bounded:
    """A file, at its beginning, in which a decoder may seek where it likes: what goes wrong there is printed."""

    mode = "rb"

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        file.seek(0)

    def read(self, size: int) -> bytes:
        """As of a file."""
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of a file, but never before its beginning or behind its end."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._file.tell(), os.SEEK_END: self._size}[whence]
        return self._file.seek(min(max(0, start + offset), self._size))

    def tell(self) -> int:
        """As of a file."""
        return self._file.tell()


class Overlaid(Bounded):
    """A file whose first `size` bytes are what `change` makes of them."""

    def __init__(self, file: BinaryIO, size: int, change: Callable[[bytes], bytes]) -> None:
        super().__init__(file)
        self._head = change(file.read(size))
        file.seek(0)

    def read(self, size: int) -> bytes:
        """As of a file, but for its beginning."""
        place = self._file.tell()
        data = self._file.read(size)
        return self._head[place : place + len(data)] + data[max(0, len(self._head) - place) :]


class Endless(Bounded):
    """A file whose length is not told."""

    _at_end = False

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of a file, but for the end itself."""
        self._at_end = whence == os.SEEK_END and offset == 0
        return ENDLESS if self._at_end else super().seek(offset, whence)

    def tell(self) -> int:
        """As of a file, but for the end itself."""
        return ENDLESS if self._at_end else super().tell()
