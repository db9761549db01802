"""Frame stores to and from Kaldi's `feats.scp`, `feats.ark` and `utt2spk`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from speechdis.data.archive import Entry, read_matrix, read_scp, write_matrices
from speechdis.data.atomic import replacing_folder
from speechdis.data.outputs import check_folder
from speechdis.data.record import Kind
from speechdis.data.text import read_table, split
from speechdis.errors import InputError
from speechdis.features.store import Store

KIND = Kind("Kaldi feature folder", ("feats.ark", "feats.scp", "utt2spk"), shared=True)


def check_export(directory: Path) -> None:
    """Raise InputError where `export` must not write, as files of its names there are not its own."""
    check_folder(directory, KIND)


def export(store: Store, directory: str | Path) -> None:
    """Write `feats.ark`, `feats.scp` and `utt2spk` into `directory`; other files there stay."""
    with replacing_folder(directory, KIND) as partial:
        write_matrices(partial, "feats", ((utt, store[i]) for i, utt in enumerate(store.utts)), directory)
        lines = [f"{utt} {spk}\n" for utt, spk in zip(store.utts, store.spks, strict=True)]
        (partial / "utt2spk").write_text("".join(lines), encoding="utf-8")


def read_rows(
    directory: str | Path, size: int, skip: Callable[[str, InputError], None] | None = None
) -> Iterator[tuple[str, str, np.ndarray]]:
    """(utterance, speaker, frames (T, size)) of `feats.scp` and `utt2spk`, sorted by utterance.

    Args:
        directory: holds both.
        size: F, of the frames.
        skip: called with every utterance that cannot be used, and why; None: the first one is an error.

    Raises:
        InputError: see `speechdis.data.archive`; no utterance can be used.
    """
    directory = Path(directory)
    spks = _speakers(directory / "utt2spk")
    used, last = 0, None
    for utt, entry in sorted(read_scp(directory / "feats.scp").items()):
        try:
            if utt not in spks:
                raise InputError(f"{directory / 'utt2spk'}: no speaker for utterance '{utt}' of feats.scp")
            frames = _frames(entry, utt, size)
        except InputError as error:
            if skip is None:
                raise
            skip(utt, last := error)
            continue
        used += 1
        yield utt, spks[utt], frames
    if last is not None and not used:
        raise InputError(f"{directory / 'feats.scp'}: not one usable utterance; the last: {last}")


def _frames(entry: Entry, utt: str, size: int) -> np.ndarray:
    frames = read_matrix(entry)
    if frames.shape[1:] != (size,):
        raise InputError(
            f"{entry}: frames of {utt} have {frames.shape[-1]} dimensions, not {size}; "
            "--feature-type and --bins must say how they were made"
        )
    if not np.isfinite(frames).all():
        raise InputError(f"{entry}: frames of {utt} hold NaN or infinity")
    return frames


def _speakers(path: Path) -> dict[str, str]:
    spks = {}
    for place, utt, spk in read_table(path):
        if len(split(spk)) != 1:
            raise InputError(f"{place}: expected 'utterance speaker', got '{utt} {spk}'")
        spks[utt] = spk
    return spks
