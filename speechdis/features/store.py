"""The frame store: every frame of a set of utterances in one array on disk.

A directory of `frames.npy` ((N, F) float32, memory-mapped), `utts.tsv` (utterance, speaker, first frame,
frames) and `store.yaml` (settings, mean and standard deviation of each dimension, digest, versions). It is
written as a stream, so that memory does not grow with the corpus, and read as one array, so that training can
put all of it on the device at once.
"""

import hashlib
import importlib.metadata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import yaml

import speechdis
from speechdis.data.atomic import replacing
from speechdis.errors import InputError

T = TypeVar("T")
Row = tuple[
    str, str, np.ndarray | Iterable[np.ndarray]
]  # utterance, speaker, frames (T, F) or blocks of them
MARKER = "store.yaml"
_COLUMNS = "utt\tspk\tfirst\tframes\n"
_PACKAGES = ("numpy", "torch", "torchaudio", "soxr")


@dataclass(frozen=True, eq=False)
class Store:
    """Frames of U utterances, N in all.

    Attributes:
        path: the directory.
        frames: (N, F) float32, memory-mapped, read-only.
        utts: U utterance ids, in the order of their frames.
        spks: the speaker of each.
        first: (U,) int64, row of the first frame of each.
        counts: (U,) int64, frames of each.
        settings: how the frames were made: `type`, `config`, ...
        mean, std: (F,) float32 over all frames; std is 1 where a dimension never changes.
        digest: SHA-256 of the frames.
    """

    path: Path
    frames: np.ndarray
    utts: tuple[str, ...]
    spks: tuple[str, ...]
    first: np.ndarray
    counts: np.ndarray
    settings: dict[str, Any]
    mean: np.ndarray
    std: np.ndarray
    digest: str

    def __getitem__(self, i: int) -> np.ndarray:
        """Frames (T, F) of utterance `i`."""
        return self.frames[self.first[i] : self.first[i] + self.counts[i]]

    def __len__(self) -> int:
        """Number of utterances."""
        return len(self.utts)

    def look_up(self, known: Mapping[str, T], data: Path) -> list[T]:
        """What is `known` of each utterance, by its id; `data` is where it was read.

        Raises:
            InputError: nothing is known of one.
        """
        for utt in self.utts:
            if utt not in known:
                raise InputError(f"{data}: no utterance '{utt}' of {self.path}; give the store of this data")
        return [known[utt] for utt in self.utts]

    @classmethod
    def read(cls, path: str | Path) -> "Store":
        """Open a store.

        Raises:
            InputError: not a store, or its files do not belong together (truncated, mixed, edited).
        """
        path = Path(path)
        about = _read_about(path)
        utts, spks, counts = _read_utterances(path / "utts.tsv")
        try:
            frames = np.load(path / "frames.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(
                f"{path / 'frames.npy'}: truncated or not an array ({error}); make it again"
            ) from None
        mean, std = about["cmvn"]["mean"], about["cmvn"]["std"]
        if frames.dtype != np.float32 or frames.shape != (counts.sum(), len(mean)):
            raise InputError(
                f"{path / 'frames.npy'}: {frames.dtype} {frames.shape}, but utts.tsv and store.yaml promise "
                f"float32 {(int(counts.sum()), len(mean))}; make the store again"
            )
        first = np.cumsum(counts) - counts
        return cls(path, frames, utts, spks, first, counts, about["settings"], mean, std, about["digest"])


def write_store(path: str | Path, rows: Iterable[Row], settings: Mapping[str, Any]) -> Store:
    """Write utterances as they come: (utterance, speaker, frames (T, F) with T >= 1, or blocks of them).

    Args:
        path: the directory; an earlier store there is replaced once the new one is whole.
        settings: how the frames were made, in YAML's types.

    Raises:
        InputError: no rows, an id twice, frames that are not finite or not of one F.
    """
    path = Path(path)
    try:
        _write(path, rows, settings)
    except OSError as error:
        if error.filename is None:  # a full disk does not say of which file
            error.filename = str(path)
        raise
    return Store.read(path)


def _write(path: Path, rows: Iterable[Row], settings: Mapping[str, Any]) -> None:
    with replacing(path, marker=MARKER) as partial:
        partial.mkdir()
        with (
            (partial / "frames.npy").open("wb") as file,
            (partial / "utts.tsv").open("w", encoding="utf-8") as table,
        ):
            written = _Written(file)
            table.write(_COLUMNS)
            for utt, spk, frames in rows:
                first = written.begin(utt)
                for block in [frames] if isinstance(frames, np.ndarray) else frames:
                    written.add(utt, np.ascontiguousarray(block, "<f4"))
                table.write(f"{utt}\t{spk}\t{first}\t{written.count - first}\n")
            if not written.count:
                raise InputError(f"{path}: no utterance left to store")
            written.header()
        about = {"settings": dict(settings), **written.about(), "versions": _versions()}
        (partial / MARKER).write_text(yaml.safe_dump(about, sort_keys=False), encoding="utf-8")


@dataclass
class _Written:
    """What has gone into `frames.npy` so far: its digest, and moments by Chan's parallel update."""

    file: BinaryIO
    count: int = 0
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    squares: np.ndarray = field(default_factory=lambda: np.zeros(0))  # sum of (x - mean)^2
    utts: set[str] = field(default_factory=set)
    digest: Any = field(default_factory=hashlib.sha256)

    def begin(self, utt: str) -> int:
        """Begin an utterance; the row of its first frame."""
        if utt in self.utts:
            raise InputError(f"{utt}: an utterance of this name is in the store already")
        self.utts.add(utt)
        return self.count

    def add(self, utt: str, x: np.ndarray) -> None:
        if not self.count:
            self.mean = self.squares = np.zeros(x.shape[-1])
            self.header()
        if x.ndim != 2 or not len(x) or x.shape[1] != len(self.mean) or not np.isfinite(x).all():
            raise InputError(
                f"{utt}: frames of shape {x.shape} are empty, not finite, or not (T, {len(self.mean)})"
            )
        n, m = len(x), x.mean(0, dtype=np.float64)
        delta, total = m - self.mean, self.count + n
        self.squares = self.squares + np.square(x - m).sum(0) + delta**2 * (self.count * n / total)
        self.mean = self.mean + delta * (n / total)
        self.count = total
        self.file.write(x.data)
        self.digest.update(x.data)

    def header(self) -> None:
        """(Re)write the header; numpy pads it so that the number of rows can grow in place."""
        self.file.seek(0)
        about = {"descr": "<f4", "fortran_order": False, "shape": (self.count, len(self.mean))}
        np.lib.format.write_array_header_1_0(self.file, about)

    def about(self) -> dict[str, Any]:
        std = np.sqrt(self.squares / self.count)
        std[std < 1e-6] = 1.0
        return {
            "frames": self.count,
            "digest": self.digest.hexdigest(),
            "cmvn": {"mean": _numbers(self.mean), "std": _numbers(std)},
        }


def _numbers(values: np.ndarray) -> list[float]:
    return [float(f"{value:.9g}") for value in values]  # nine digits name a float32 exactly


def _versions() -> dict[str, str]:
    return {"speechdis": speechdis.__version__} | {p: importlib.metadata.version(p) for p in _PACKAGES}


def _read_about(path: Path) -> dict[str, Any]:
    if not (path / MARKER).is_file():
        raise InputError(f"{path}: not a frame store (no {MARKER}); make one with 'speechdis features'")
    try:
        about = yaml.safe_load((path / MARKER).read_text(encoding="utf-8"))
        about["settings"], about["digest"]
        about["cmvn"] = {name: np.array(about["cmvn"][name], np.float32) for name in ("mean", "std")}
    except (yaml.YAMLError, ValueError, KeyError, TypeError):
        raise InputError(f"{path / MARKER}: damaged or of another program; make the store again") from None
    return about


def _read_utterances(path: Path) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Ids, speakers and frame counts (U,) of `utts.tsv`."""
    try:
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); make the store again") from None
    utts, spks, counts, row = [], [], [], 0
    if lines[0] != _COLUMNS.rstrip("\n"):
        raise InputError(f"{path}:1: expected the columns utt, spk, first, frames; make the store again")
    for number, line in enumerate(lines[1:], 2):
        fields = line.split("\t")
        if len(fields) != 4 or not fields[3].isdecimal() or fields[2] != str(row):
            raise InputError(f"{path}:{number}: expected 'utt spk {row} frames'; make the store again")
        utts.append(fields[0])
        spks.append(fields[1])
        counts.append(int(fields[3]))
        row += counts[-1]
    return tuple(utts), tuple(spks), np.array(counts, np.int64)
