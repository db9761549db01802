"""What every decoder gives: an open recording, and its samples in blocks, so that no length fills the memory."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from speechdis.errors import InputError

RATES = (4000, 384000)  # Hz: no speech is sampled below or above
BLOCK = 1 << 20  # values that are decoded at a time
# Samples that one byte can stand for: Opus in silence has 400, FLAC 300. More is damage, or meant to do harm.
_DENSEST, _ALWAYS = 1000, 1 << 24


class Recording(ABC):
    """An open file.

    Attributes:
        path: of the file.
        rate: Hz.
        channels: how many.
        total: samples of a channel; None where only decoding can tell.
        floating: samples are stored as floating-point numbers, so they may be on any scale.
    """

    path: Path
    rate: int
    channels: int
    total: int | None
    floating: bool

    @abstractmethod
    def decode(self, first: int, last: int) -> Iterator[np.ndarray]:
        """Samples number `first` to `last` as they come, (K, channels) float32, nominally in [-1, 1)."""

    def blocks(self, first: int = 0, last: int | None = None) -> Iterator[np.ndarray]:
        """Samples number `first` to `last`, or to the end, in blocks (K, channels) of float32.

        Raises:
            InputError: the data is damaged, ends before the total, or is more than the file can hold.
        """
        end = self.total if last is None else last
        given, most = first, most_samples(self.path)
        for block in self.decode(first, 1 << 62 if end is None else end):
            given += len(block)
            if given > most:
                raise InputError(f"{self.path}: decodes to more than {_DENSEST} samples a byte: no recording")
            yield block
        if self.total is not None and end is not None and given < end:
            raise InputError(
                f"{self.path}: truncated or damaged: its header promises {self.total} samples, "
                f"decoding ends after {given}"
            )


class Channel(Recording):
    """One channel of a recording, by its number from 1 on; raises InputError where it has fewer."""

    def __init__(self, whole: Recording, number: int) -> None:
        if number > whole.channels:
            raise InputError(f"{whole.path}: channel {number} is asked for; it has {whole.channels}")
        self._whole, self._number = whole, number
        self.path, self.rate, self.channels = whole.path, whole.rate, 1
        self.total, self.floating = whole.total, whole.floating

    def decode(self, first: int, last: int) -> Iterator[np.ndarray]:
        """See `Recording`."""
        return (block[:, self._number - 1 : self._number] for block in self._whole.decode(first, last))


def most_samples(path: Path) -> int:
    """More samples (of a channel) than a file of its size can hold."""
    return _DENSEST * path.stat().st_size + _ALWAYS
