"""MNIST (LeCun, Cortes and Burges): 70,000 written digits of 28 x 28 pixels, in the IDX files of its release.

`{train,t10k}-{images-idx3,labels-idx1}-ubyte`, plain or `.gz`, in the folder given or below it: torchvision has them
in `MNIST/raw`, Kaggle each in a folder of its own name. An IDX file is a big-endian number that says type and
dimensions (2051: images, 2049: labels), each dimension in four bytes, and the bytes themselves.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from speechdis.corpora.layout import find, looks_like
from speechdis.data.text import require_file
from speechdis.errors import InputError

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    import numpy as np

SIZE = 28
"""Pixels of a side."""
_IMAGES, _LABELS = 2051, 2049
_LARGEST = 256 << 20  # bytes; MNIST's largest file has 45 MiB
_KINDS = {_IMAGES: "images", _LABELS: "labels"}
_PARTS = {"train": "train", "test": "t10k"}


def read(root: str | Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 28, 28) and their digits (N,), both uint8, of `train` or `test`, in the order of the files.

    Raises:
        InputError: a file is missing, or not what its name says; the two do not belong together.
    """
    files = [_find(Path(root), f"{_PARTS[part]}-{kind}") for kind in ("images-idx3", "labels-idx1")]
    images, labels = read_idx(files[0], _IMAGES), read_idx(files[1], _LABELS)
    if images.shape[1:] != (SIZE, SIZE):
        height, width = images.shape[1:]
        raise InputError(f"{files[0]}: images of {height} x {width} pixels; {SIZE} x {SIZE} are needed")
    if len(images) != len(labels):
        raise InputError(f"{files[1]}: {len(labels)} labels, but {len(images)} images in {files[0].name}")
    if labels.max() > 9:
        raise InputError(f"{files[1]}: label {labels.max()} is no digit")
    return images, labels


def read_idx(file: Path, magic: int) -> np.ndarray:
    """The uint8 array of an IDX file that begins with `magic`, 2051 (N, height, width) or 2049 (N,).

    Raises:
        InputError: empty, of another kind, truncated, too long, or not gzip where its name ends so.
    """
    import numpy as np

    try:
        with require_file(file).open("rb") as plain:
            packed = file.suffix == ".gz" and file.stat().st_size
            source = cast(BinaryIO, gzip.GzipFile(fileobj=plain)) if packed else plain
            data = source.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file}: cannot be read ({error})") from None
    if not data:
        raise InputError(f"{file}: empty file")
    if len(data) > _LARGEST:
        raise InputError(f"{file}: holds more than {_LARGEST >> 20} MiB, so it is no part of MNIST")
    found = int.from_bytes(data[:4], "big")
    if found in _KINDS and found != magic:
        raise InputError(f"{file}: holds {_KINDS[found]}, not {_KINDS[magic]}; are the two files swapped?")
    if found != magic:
        raise InputError(f"{file}: begins with {found}, not {magic}: not an IDX file of {_KINDS[magic]}")
    head = 4 * (1 + magic % 256)  # the last byte is the number of dimensions
    if len(data) < head:
        raise InputError(f"{file}: truncated in its header")
    shape = struct.unpack(f">{magic % 256}I", data[4:head])
    expected = math.prod(shape)
    if len(data) - head != expected:
        what = "truncated" if len(data) - head < expected else "too long"
        raise InputError(f"{file}: {what}: {len(data) - head} bytes of data, its header promises {expected}")
    if not expected:
        raise InputError(f"{file}: holds no {_KINDS[magic]}")
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)


def _find(root: Path, name: str) -> Path:
    """The file, plain or compressed, with the `-` or the `.` that copies of MNIST have before `idx`."""
    stems = f"{name}-ubyte", f"{name}-ubyte".replace("-idx", ".idx")
    names = [f"{stem}{suffix}" for stem in stems for suffix in ("", ".gz")]

    def match(held: dict[str, Path]) -> Path | None:
        return next((held[name] for name in names if name in held and held[name].is_file()), None)

    own = (
        root / "MNIST" / "raw"
    )  # torchvision's place, beside that of FashionMNIST with files of the same names
    file = find(own if own.is_dir() else root, match, f"{name}-ubyte")
    if file is None:
        raise InputError(
            f"{root}: no {name}-ubyte or {name}-ubyte.gz there or in a folder of it{looks_like(root, 'MNIST')}; "
            "MNIST has four such files"
        )
    return file
