"""Rows of a store's frames: mapped, to be read where they are, or read into memory of one's own.

What is read from a file leaves no page of it mapped, and a file that ends early or a disk that fails is an error that
says so. In a map the system would end the program.
"""

import os
import warnings
from io import FileIO

import numpy as np
import torch
from torch import Tensor

from speechdis.errors import InputError


def on_device(frames: np.ndarray, device: torch.device) -> Tensor:
    """A store's memory-mapped frames (N, F) as a tensor; on the CPU the map itself, not to be written to."""
    # torch warns of what cannot be written to; but a map that can, the system refuses beyond its memory's size.
    with warnings.catch_warnings(action="ignore"):
        return torch.from_numpy(frames).to(device)


class Rows:
    """Frames (N, F) of a store.

    Attributes:
        mapped: all of them, (N, F), on the host.
    """

    def __init__(self, frames: np.ndarray) -> None:
        self.mapped = on_device(frames, torch.device("cpu"))
        self._file: FileIO | None = None
        if isinstance(frames, np.memmap) and frames.flags.c_contiguous:
            self._file, self._begin = FileIO(str(frames.filename)), frames.offset
            if frames.offset + frames.nbytes != os.fstat(self._file.fileno()).st_size:
                self._file = None  # a part of the file, of which nothing says where it begins

    def read(self, begin: int, out: Tensor) -> None:
        """Copy the rows from `begin` on to `out` (n, F), on the host, in its type.

        Raises:
            InputError: the file has ended, or cannot be read.
        """
        if self._file is None:
            out.copy_(self.mapped[begin : begin + len(out)])
            return
        same = out.dtype == self.mapped.dtype
        rows = out if same else torch.empty(out.shape, dtype=self.mapped.dtype)
        self._read(rows.numpy().data.cast("B"), self._begin + begin * rows[0].nbytes)
        if not same:
            out.copy_(rows)

    def _read(self, out: memoryview, begin: int) -> None:
        assert self._file is not None
        name, done = self._file.name, 0
        while done < len(out):
            try:
                count = os.preadv(self._file.fileno(), [out[done:]], begin + done)
            except OSError as error:
                raise InputError(
                    f"{name}: cannot be read ({error.strerror}); mend that, then --resume goes on"
                ) from None
            if not count:
                raise InputError(
                    f"{name}: has become shorter while training reads it; make the store again, then --resume goes on"
                )
            done += count
