"""What one pass over a recording finds: whether it can be used, on which scale it is, and how it becomes mono."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from speechdis.data.noted import note
from speechdis.errors import InputError

_BITS = (16, 24, 32)  # of the integers that floating-point samples may be, unscaled
# A floating-point sample this far above full scale (48 dB) belongs to integers: the loudest of speech in 16 bits lies
# at hundreds at least, and nobody mixes that hot. Below it, values in whole halves tell integers (a half: their mean).
_FAR = 256.0
_HOT = 8.0  # 18 dB above full scale: worth a word
_CANCELS = 0.25  # of the power that the sum of unrelated channels has


@dataclass
class Survey:
    """What has been found in the blocks given to `add`.

    Attributes:
        floating: samples are stored as floating-point numbers.
        count: samples of a channel.
        low, high: the smallest and the largest value; NaN if any is.
        halves: every value is a multiple of 1/2.
        sums, products: (C,) sums of the channels and (C, C) of their products.
    """

    floating: bool = False
    count: int = 0
    low: float = np.inf
    high: float = -np.inf
    halves: bool = True
    sums: np.ndarray = field(default_factory=lambda: np.zeros(1))
    products: np.ndarray = field(default_factory=lambda: np.zeros((1, 1)))

    def add(self, block: np.ndarray) -> None:
        """Look at samples (K, C)."""
        self.count += len(block)
        self.low = float(np.minimum(self.low, block.min()))
        self.high = float(np.maximum(self.high, block.max()))
        if self.floating and self.halves:
            self.halves = bool((np.rint(2 * block) == 2 * block).all())
        if block.shape[1] > 1 and np.isfinite(self.high - self.low):
            wide = block.astype(np.float64)
            self.sums, self.products = self.sums + wide.sum(0), self.products + wide.T @ wide

    @property
    def peak(self) -> float:
        """The largest absolute value."""
        return max(-self.low, self.high)

    @property
    def bits(self) -> int:
        """Of the integers that the samples are; 0 where they are in [-1, 1), or a little louder."""
        if self.floating and (self.peak > _FAR or (self.peak > 1 and self.halves)):
            return next((bits for bits in _BITS if self.peak <= 2.0**bits), 0)
        return 0

    @property
    def channel(self) -> int | None:
        """The one channel to take where the channels cancel each other; None for their mean."""
        power = self.products - np.outer(self.sums, self.sums) / max(1, self.count)
        each = np.diag(power)
        if len(each) < 2 or power.sum() >= _CANCELS * each.sum():
            return None
        return int(np.argmax(each >= each.max() / 2))


class Mix:
    """From samples of any channels and scale to mono in [-1, 1).

    Args:
        path: of the recording, for messages; or what else it is.
        part: of what is used of it.
        whole: of all of it, which tells the scale.

    Raises:
        InputError: NaN or infinite samples, only digital silence, or values on no scale.
    """

    def __init__(self, path: Path | str, part: Survey, whole: Survey) -> None:
        if not np.isfinite(part.high - part.low):
            raise InputError(f"{path}: holds NaN or infinite samples")
        if part.low == part.high:
            raise InputError(f"{path}: holds only digital silence")
        if part.peak > 2.0 ** _BITS[-1]:
            raise InputError(
                f"{path}: holds a sample of {part.peak:.3g}: damaged, or on no scale that is known"
            )
        self._channel, self._scale = part.channel, np.float32(1)
        channels = len(part.sums)
        if self._channel is not None:
            which = f"only channel {self._channel + 1} is taken"
            note(f"{channels} channels in {{}} cancel each other: {which} (said once)", path)
        elif channels > 1:
            note(f"{channels} channels in {{}}: averaged to mono (said once)", path)
        if whole.bits:
            self._scale = np.float32(2.0 ** (1 - whole.bits))
            note(
                f"samples in {{}} are {whole.bits}-bit integers stored as floating-point numbers: divided by "
                f"{2 ** (whole.bits - 1)} (said once)",
                path,
            )
        elif whole.floating and whole.peak > _HOT:
            note(
                f"samples in {{}} reach {whole.peak:.3g}, where 1 is full scale: taken as they are (said once)",
                path,
            )

    def __call__(self, block: np.ndarray) -> np.ndarray:
        """(K, C) to (K,)."""
        if self._channel is not None:
            wave = block[:, self._channel]
        else:
            wave = block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
        return np.ascontiguousarray(wave * self._scale, np.float32)
