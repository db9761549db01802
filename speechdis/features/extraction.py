"""From recordings to a frame store: each utterance decoded, changed if so asked, and cut into frames."""

import logging
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from speechdis.data.audio import read_blocks, read_utterance
from speechdis.data.jobs import map_utterances
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError, blaming
from speechdis.features import FeatureSettings, extract_blocks
from speechdis.features.store import Row, Store, write_store

LONG = 20000  # frames: 3 min. Of a longer utterance they are not kept, but written as they are made.


@dataclass(frozen=True, slots=True)
class Item:
    """One utterance of a store to be made; it travels to a worker process.

    Attributes:
        utt: its id in the store.
        source: where its samples are, and who speaks.
        change: what is done to the waveform (n,) at a rate in Hz first; it keeps the length.
        count: frames it must have, to line up with another store; None for any number.
    """

    utt: str
    source: Utterance
    change: Callable[[np.ndarray, int], np.ndarray] | None = None
    count: int | None = None


def make_store(
    path: str | Path,
    items: Iterable[Item],
    total: int,
    settings: Mapping[str, Any],
    jobs: int = 1,
    scheduler: str | None = None,
    strict: bool = False,
    overwrite: bool = False,
) -> tuple[Store, int]:
    """Write the frames of `items`, in their order, to the store `path`; the same bytes whatever `jobs` is.

    Args:
        total: number of items, for the progress line.
        settings: of the store; `type` and `config` say how frames are made.
        jobs, scheduler: see `speechdis.data.jobs.map_utterances`.
        strict: an utterance that cannot be used is an error; otherwise it is reported and left out.
        overwrite: see `write_store`.

    Returns:
        The store, and how many items were left out.

    Raises:
        InputError: an unusable utterance under `strict`, or no usable one at all.
    """
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    skipped = 0

    def skip(utt: str, fault: str) -> None:
        nonlocal skipped
        report_skipped(utt, fault, strict)
        skipped += 1

    bar = partial(tqdm, total=total, unit="utt", desc=Path(path).name)
    with logging_redirect_tqdm():
        return stored(path, items, settings, skip, jobs, scheduler, overwrite, bar), skipped


def report_skipped(utt: str, fault: str, strict: bool) -> None:
    """Say that an utterance is left out, and why; `strict`: raise InputError."""
    if strict:
        raise InputError(f"{utt}: {fault}")
    logging.getLogger(__name__).warning("skipped %s: %s", utt, fault)


def stored(
    path: str | Path,
    items: Iterable[Item],
    settings: Mapping[str, Any],
    skip: Callable[[str, str], None],
    jobs: int = 1,
    scheduler: str | None = None,
    overwrite: bool = False,
    seen: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> Store:
    """Write the store `path` as `make_store` does; `skip` is told of each unusable utterance and what is wrong.

    Args:
        seen: passes on all that is made, and may count it.

    Raises:
        InputError: no usable utterance.
    """

    def rows() -> Generator[Row, None, None]:
        fault = used = None
        made = map_utterances(partial(_frames, settings=settings), items, jobs, scheduler, threads=True)
        with closing(cast(Generator, made)):
            for utt, spk, frames in seen(made):
                if isinstance(frames, str):
                    skip(utt, frames)
                    fault = f"{utt}: {frames}"
                else:
                    used = utt
                    yield utt, spk, frames
            if fault and not used:
                raise InputError(f"{path}: not one usable utterance; the last was {fault}")

    # Frames are small: more than one thread inside a worker only spins.
    with warnings.catch_warnings(), _one_thread(), closing(rows()) as stream:
        warnings.filterwarnings("ignore", ".*You could benefit from adjusting", module="joblib")
        return write_store(path, stream, settings, overwrite)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Libraries use one thread in each of ours."""
    import torch
    from threadpoolctl import threadpool_limits

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that start later take it over, which OpenMP's own limit does not do
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def _frames(item: Item, settings: Mapping[str, Any]) -> tuple[str, str, "np.ndarray | _Long | str"]:
    """Id, speaker, and frames (T, F), or what is wrong with the utterance."""
    source = item.source
    try:
        with blaming(source.path):
            frames: np.ndarray | _Long | str = _made(item, settings)
    except InputError as error:
        fault = str(error)
        frames = fault if fault.startswith(str(source.path)) else f"{source.path}: {fault}"
    return item.utt, source.spk, frames


def _made(item: Item, settings: Mapping[str, Any]) -> "np.ndarray | _Long":
    parts, count = [], 0
    for part in _blocks(item, settings):
        parts.append(part)
        count += len(part)
        if count > LONG and item.change is None and item.count is None:
            return _Long(item, settings)
    if item.count not in (None, count):
        raise InputError(f"{count} frames, {item.count} expected; the recording has changed")
    return np.concatenate(parts)


@dataclass(frozen=True)
class _Long:
    """Frames of a long utterance, which are made, from the beginning, when they are written."""

    item: Item
    settings: Mapping[str, Any]

    def __iter__(self) -> Iterator[np.ndarray]:
        return _blocks(self.item, self.settings)


def _blocks(item: Item, settings: Mapping[str, Any]) -> Iterator[np.ndarray]:
    """Frames (T, F) of an utterance, block by block."""
    source, rate = item.source, FeatureSettings.of(settings).rate
    if item.change is None:
        waves: Iterable[np.ndarray] = read_blocks(source.path, rate, source.start, source.end, source.channel)
    else:
        waves = [item.change(read_utterance(source, rate)[0], rate)]
    for frames in extract_blocks(waves, settings):
        if not np.isfinite(frames).all():
            raise InputError("its frames are not finite")
        yield frames
