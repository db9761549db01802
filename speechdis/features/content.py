"""Any frame-level array as content: an array (T', D) an utterance, beside the log frames of a store.

HuBERT, ContentVec or a phone recogniser gives frames at a rate of its own. Both rows of frames are taken to span the
same time, so the array is read, by linear interpolation, at the middle of each frame of the store.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speechdis.data.archive import Entry, read_matrix, read_scp
from speechdis.errors import InputError
from speechdis.features.store import Row, Store

SPARE, LOOSE = (
    3,
    0.1,
)  # frames, and share of them, by which an array may be longer or shorter than its rate says


def resampled(array: np.ndarray, frames: int) -> np.ndarray:
    """An array (T', D) at `frames` times, (T, D) float32: both span the same time, and a frame is its middle.

    >>> resampled(np.array([[0.0], [1.0], [2.0], [3.0]]), 2)[:, 0].tolist()
    [0.5, 2.5]
    """
    place = ((np.arange(frames) + 0.5) * (len(array) / frames) - 0.5).clip(0, len(array) - 1)
    before = place.astype(np.int64)
    share = (place - before)[:, None]
    after = np.minimum(before + 1, len(array) - 1)
    return (array[before] * (1 - share) + array[after] * share).astype(np.float32)


def read_array(source: Path | Entry) -> np.ndarray:
    """An array (T', D) of an .npy file, or of Kaldi's archive.

    Raises:
        InputError: it cannot be read, is no such array, is empty, or has numbers that are not finite.
    """
    if isinstance(source, Entry):
        array: Any = read_matrix(source)
    else:
        try:
            array = np.load(source, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"{source}: no array of frames (.npy): {error}") from None
    if (
        not isinstance(array, np.ndarray)
        or array.ndim != 2
        or 0 in array.shape
        or array.dtype.kind not in "fiu"
    ):
        raise InputError(f"{source}: expected an array of frames (T, D) of numbers")
    if not np.isfinite(array).all():
        raise InputError(f"{source}: holds NaN or infinity")
    return array


@dataclass(frozen=True)
class Arrays:
    """Where the array of each utterance is: UTTERANCE.npy in a folder, or an entry of a Kaldi scp."""

    path: Path
    entries: Mapping[str, Entry] | None

    @classmethod
    def find(cls, path: Path) -> "Arrays":
        """In the folder `path`, of npy files or with a `feats.scp`, or in the scp file itself. Raises InputError."""
        scp = path / "feats.scp" if path.is_dir() else path
        if scp.is_file():
            return cls(path, read_scp(scp))
        if not path.is_dir():
            raise InputError(f"{path}: expected a folder of UTTERANCE.npy, or a Kaldi scp")
        return cls(path, None)

    def of(self, utt: str) -> np.ndarray:
        """The array of an utterance. Raises InputError as `read_array`, or where there is none."""
        if self.entries is None:
            file = self.path / f"{utt}.npy"
            if not file.is_file():
                raise InputError(f"{file}: no such file; every utterance needs an array of its own")
            return read_array(file)
        if utt not in self.entries:
            raise InputError(f"{self.path}: no entry '{utt}'; every utterance needs an array of its own")
        return read_array(self.entries[utt])


def rows(store: Store, arrays: Arrays, skip: Callable[[str, InputError], None] | None) -> Iterator[Row]:
    """The utterances of `store`, their frames (T, F + D) with the arrays in the last D columns.

    Args:
        store: log frames.
        arrays: of its utterances.
        skip: called with an utterance that cannot be used, and why; None: it is an error.

    Raises:
        InputError: no usable array; arrays of different widths.
    """
    rate, columns = 0.0, 0  # of the first one
    for k, (utt, spk) in enumerate(zip(store.utts, store.spks, strict=True)):
        frames = np.asarray(store[k])
        try:
            array = arrays.of(utt)
            rate, columns = rate or len(array) / len(frames), columns or array.shape[1]
            expected = rate * len(frames)
            if abs(len(array) - expected) > SPARE + LOOSE * expected:
                raise InputError(
                    f"{arrays.path}: '{utt}' has {len(array)} frames for {len(frames)} of the store, where "
                    f"{expected:.0f} are expected; is it of this recording?"
                )
            if array.shape[1] != columns:
                raise InputError(
                    f"{arrays.path}: '{utt}' has {array.shape[1]} columns, those before {columns}"
                )
        except InputError as error:
            if skip is None:
                raise
            skip(utt, error)
            continue
        yield utt, spk, np.concatenate([frames, resampled(array, len(frames))], 1)


def width(store: Store, arrays: Arrays) -> int:
    """D, of the first utterance that has an array. Raises InputError where none has, saying what is wrong."""
    wrong: InputError | None = None
    for utt in store.utts:
        try:
            return arrays.of(utt).shape[1]
        except InputError as error:
            wrong = wrong or error
    raise InputError(f"{arrays.path}: not one usable array; the first: {wrong}")
