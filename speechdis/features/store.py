"""The frame store: every frame of a set of utterances in one array on disk.

A directory of `frames.npy` ((N, F) float32, or pixels in 8 bits, mapped), `utts.tsv` (utterance, speaker, first frame,
frames) and `store.yaml` (settings, mean and standard deviation of each dimension, digest, versions, and a seal
by which mixed and edited files are noticed). It is written as a stream, so that memory does not grow with the
corpus, and read as one array, so that training can put all of it on the device at once.
"""

import hashlib
import importlib.metadata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import yaml

import speechdis
from speechdis.data.atomic import replacing_folder
from speechdis.data.outputs import check_folder
from speechdis.data.record import Kind
from speechdis.errors import InputError
from speechdis.features.store_files import (
    AGAIN,
    COLUMNS,
    FILES,
    MARKER,
    SEAL,
    open_frames,
    read_about,
    read_utterances,
    seal_of,
)

T = TypeVar("T")
Row = tuple[
    str, str, np.ndarray | Iterable[np.ndarray]
]  # utterance, speaker, frames (T, F) or blocks of them
KIND = Kind("frame store", FILES, "|".join(FILES))
_PACKAGES = ("numpy", "torch", "torchaudio", "soxr")


@dataclass(frozen=True, eq=False)
class Store:
    """Frames of U utterances, N in all.

    Attributes:
        path: the directory.
        frames: (N, F) float32, or uint8 of pictures, memory-mapped, read-only.
        utts: U utterance ids, in the order of their frames.
        spks: the speaker of each.
        first: (U,) int64, row of the first frame of each.
        counts: (U,) int64, frames of each.
        settings: how the frames were made: `type`, `config`, ...
        mean, std: (F,) float32 over all frames; std is 1 where a dimension never changes. Of pictures 0 and the scale
            that brings pixels to [0, 1).
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

    @property
    def content(self) -> int:
        """How many of the last columns are content frames, no log frames; see `content.py`."""
        return int(self.settings.get("content", 0))

    @property
    def spectra(self) -> np.ndarray:
        """The other columns of all frames, (N, F)."""
        return self.frames[:, : self.frames.shape[1] - self.content] if self.content else self.frames

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
        about, body, seal = read_about(path)
        utts, spks, counts = read_utterances(path / "utts.tsv")
        mean, std = about["cmvn"]["mean"], about["cmvn"]["std"]
        frames = open_frames(path / "frames.npy", (int(counts.sum()), len(mean)), about["pixels"])
        if seal is not None and seal != seal_of(path, body):
            raise InputError(f"{path}: its files do not belong together (mixed or edited); {AGAIN}")
        first = np.cumsum(counts) - counts
        return cls(path, frames, utts, spks, first, counts, about["settings"], mean, std, about["digest"])

    @classmethod
    def of(cls, recordings: Sequence[np.ndarray], settings: dict[str, Any]) -> "Store":
        """A store in memory: frames (T, F) of recordings, each an utterance and a speaker of its own."""
        frames = recordings[0] if len(recordings) == 1 else np.concatenate(recordings)  # hours are not copied
        names = tuple(map(str, range(len(recordings))))
        counts = np.array([len(one) for one in recordings], np.int64)
        first, std = np.cumsum(counts) - counts, frames.std(0)
        mean, std = frames.mean(0), np.where(std > 0, std, 1)
        return cls(Path("recordings"), frames, names, names, first, counts, settings, mean, std, "")

    def validate(self) -> None:
        """Read all frames; raises InputError if they are not those that were written."""
        if hashlib.sha256(np.ascontiguousarray(self.frames).data).hexdigest() != self.digest:
            raise InputError(f"{self.path / 'frames.npy'}: not the frames that were written; {AGAIN}")


def check_replaceable(path: Path, settings: Mapping[str, Any], utts: Iterable[str] | None = None) -> None:
    """Look, before the work, whether a new store may take the place of what is at `path`.

    Args:
        path: of the new store.
        settings: of the new store.
        utts: its utterances, where those of an earlier one must be among them.

    Raises:
        InputError: what is there is no store, or one of other settings or utterances.
    """
    check_folder(path, KIND)
    try:
        store = Store.read(path)
    except InputError:  # none, or a damaged one
        return
    remedy = "choose another --out, or replace it by --overwrite"
    before, now = _flat(store.settings), _flat(settings)
    for key in sorted({*before, *now} - {"augment.source"}):  # of twins: they follow their store
        old, new = before.get(key), now.get(key)
        if old != new:
            raise InputError(
                f"{path}: holds a store of other settings: {key} was {old!r}, now {new!r}; {remedy}"
            )
    if utts is not None and (other := sorted(set(store.utts).difference(utts))):
        raise InputError(f"{path}: holds a store of other data: '{other[0]}' is in it; {remedy}")


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their dotted names."""
    parts = ((name, value if isinstance(value, dict) else {"": value}) for name, value in settings.items())
    return {f"{name}.{key}".rstrip("."): value for name, part in parts for key, value in part.items()}


def write_store(
    path: str | Path,
    rows: Iterable[Row],
    settings: Mapping[str, Any],
    overwrite: bool = False,
    scale: float = 0,
) -> Store:
    """Write utterances as they come: (utterance, speaker, frames (T, F) with T >= 1, or blocks of them).

    Args:
        path: the directory; an earlier store there is replaced once the new one is whole.
        settings: how the frames were made, in YAML's types.
        overwrite: of the earlier store also files that have been changed since it was written.
        scale: 0, or frames are pixels in 8 bits, stay so, and are divided by this where they are read.

    Raises:
        InputError: no rows, an id twice, frames that are not finite or not of one F; `path` holds something else.
    """
    path = Path(path)
    with replacing_folder(path, KIND, overwrite) as partial:
        with (
            (partial / "frames.npy").open("wb") as file,
            (partial / "utts.tsv").open("w", encoding="utf-8") as table,
        ):
            written = _Written(file, scale)
            table.write(COLUMNS)
            for utt, spk, frames in rows:
                first = written.begin(utt)
                for block in [frames] if isinstance(frames, np.ndarray) else frames:
                    written.add(utt, np.ascontiguousarray(block, written.dtype))
                table.write(f"{utt}\t{spk}\t{first}\t{written.count - first}\n")
            if not written.count:
                raise InputError(f"{path}: no utterance left to store")
            written.header()
        about = {"settings": dict(settings), **written.about(), "versions": _versions()}
        body = yaml.safe_dump(about, sort_keys=False)
        (partial / MARKER).write_text(f"{body}{SEAL}{seal_of(partial, body)}\n", encoding="utf-8")
        store = Store.read(partial)  # now: another run may replace it at once
    store.frames.filename = str(path / "frames.npy")  # type: ignore[attr-defined]  # by which processes share it
    return replace(store, path=path)


@dataclass
class _Written:
    """What has gone into `frames.npy` so far: its digest, and moments by Chan's parallel update."""

    file: BinaryIO
    scale: float = 0  # of pixels, which have no moments of their own
    count: int = 0
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    squares: np.ndarray = field(default_factory=lambda: np.zeros(0))  # sum of (x - mean)^2
    utts: set[str] = field(default_factory=set)
    digest: Any = field(default_factory=hashlib.sha256)

    @property
    def dtype(self) -> str:
        """Of a number, as numpy writes it."""
        return "|u1" if self.scale else "<f4"

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
        if not self.scale:
            self._merge(x)
        self.count += len(x)
        self.file.write(x.data)
        self.digest.update(x.data)

    def _merge(self, x: np.ndarray) -> None:
        n, m = len(x), x.mean(0, dtype=np.float64)
        delta, total = m - self.mean, self.count + n
        self.squares = self.squares + np.square(x - m).sum(0) + delta**2 * (self.count * n / total)
        self.mean = self.mean + delta * (n / total)

    def header(self) -> None:
        """(Re)write the header; numpy pads it so that the number of rows can grow in place."""
        self.file.seek(0)
        about = {"descr": self.dtype, "fortran_order": False, "shape": (self.count, len(self.mean))}
        np.lib.format.write_array_header_1_0(self.file, about)

    def about(self) -> dict[str, Any]:
        found = {"frames": self.count, "digest": self.digest.hexdigest()}
        if self.scale:
            return found | {"pixels": len(self.mean), "cmvn": {"mean": [0.0], "std": [self.scale]}}
        std = np.sqrt(self.squares / self.count)
        std[std < 1e-6] = 1.0
        return found | {"cmvn": {"mean": _numbers(self.mean), "std": _numbers(std)}}


def _numbers(values: np.ndarray) -> list[float]:
    return [float(f"{value:.9g}") for value in values]  # nine digits name a float32 exactly


def _versions() -> dict[str, str]:
    return {"speechdis": speechdis.__version__} | {p: importlib.metadata.version(p) for p in _PACKAGES}
