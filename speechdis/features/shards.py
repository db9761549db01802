"""A frame store made in shards, each by whoever has time for it, and then joined: the bytes of a store made at once.

The second quarter of the utterances of `feats/train` is the frame store `feats/train.shards/2-of-4`. One that is there
and whole is kept; one that is not, or is damaged, is made again alone. Joining reads the shards once, in their order,
and removes them; the disk holds the frames twice until then.
"""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from speechdis.data.atomic import remove_recorded
from speechdis.data.jobs import map_utterances
from speechdis.data.outputs import check_folder
from speechdis.errors import InputError
from speechdis.features import extraction
from speechdis.features.blocks import pieces_of
from speechdis.features.extraction import Item, make_store, report_skipped, stored
from speechdis.features.store import KIND, Row, Store, check_replaceable, write_store

_LOG = logging.getLogger(__name__)
_FORM = re.compile(r"(?:([1-9]\d{0,4})/)?([1-9]\d{0,4})")


@dataclass(frozen=True)
class Shards:
    """`of` shards, of which shard `number`, from 1 on, is made; None: all of them, and then they are joined."""

    of: int
    number: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Shards":
        """`N`, or `K/N`. Raises ValueError for anything else.

        >>> Shards.parse("2/4")
        Shards(of=4, number=2)
        """
        found = _FORM.fullmatch(text)
        if not found or (found[1] and int(found[1]) > int(found[2])):
            raise ValueError(f"expected N, or K/N with K from 1 to N, not {text!r}")
        return cls(int(found[2]), int(found[1]) if found[1] else None)


@dataclass(frozen=True)
class _Shard:
    """One of them: where it lies, of which items and settings it is."""

    path: Path
    items: list[Item] = field(repr=False)
    settings: dict[str, Any]


def make_in_shards(
    path: str | Path,
    items: Iterable[Item],
    total: int,
    settings: Mapping[str, Any],
    shards: Shards,
    jobs: int = 1,
    scheduler: str | None = None,
    strict: bool = False,
    overwrite: bool = False,
) -> tuple[Store, int]:
    """`extraction.make_store` by way of shards; with a scheduler each worker writes whole shards to a disk all share.

    Args:
        overwrite: also of a shard of other settings or utterances.

    Returns:
        The store, or the one shard; and how many of its items were left out.

    Raises:
        InputError: see `make_store`; more shards than items; a shard of other settings or utterances; a worker's disk
            is another one.
    """
    path = Path(path).absolute()
    if shards.of > total:
        raise InputError(f"{path}: {total} utterances cannot be in {shards.of} shards; choose fewer --shards")
    wanted = list(_planned(path, iter(items), total, settings, shards))
    missing = [shard for shard in wanted if not _whole(shard, overwrite)]
    if scheduler is None:
        for shard in missing:
            make_store(shard.path, shard.items, len(shard.items), shard.settings, jobs, None, strict, True)
    else:
        _by_workers(missing, scheduler, strict)
    if shards.number is not None:
        store = Store.read(wanted[0].path)
        return store, len(wanted[0].items) - len(store)
    store = write_store(path, _rows(wanted), settings, overwrite)
    for shard in wanted:
        remove_recorded(shard.path)
    with suppress(OSError):  # it holds something else
        wanted[0].path.parent.rmdir()
    return store, total - len(store)


def folder_of(path: Path) -> Path:
    """Where the shards of the store `path` lie."""
    return path.with_name(f"{path.name}.shards")


def _planned(
    path: Path, items: Iterator[Item], total: int, settings: Mapping[str, Any], shards: Shards
) -> Iterator[_Shard]:
    """Those that are wanted, of as many items each as can be."""
    ends = [total * k // shards.of for k in range(shards.of + 1)]
    for k in range(1, shards.of + 1):
        own = list(islice(items, ends[k] - ends[k - 1]))
        if shards.number in (None, k):
            utts = hashlib.sha256("\n".join(item.utt for item in own).encode()).hexdigest()[:16]
            about = {"number": k, "of": shards.of, "utterances": utts}
            yield _Shard(folder_of(path) / f"{k}-of-{shards.of}", own, {**settings, "shard": about})


def _whole(shard: _Shard, overwrite: bool) -> bool:
    """Whether it is there already, so that it is kept.

    Raises:
        InputError: another one is there, and it is not to be replaced.
    """
    if not shard.path.exists():
        return False
    try:
        whole = Store.read(shard.path).settings == shard.settings
    except InputError as error:
        check_folder(shard.path, KIND, changed=True)
        _LOG.warning("%s: this shard is made again", error)
        return False
    if not overwrite:
        check_replaceable(shard.path, shard.settings)
    if whole:
        _LOG.info("%s: there already", shard.path)
    return whole


def _by_workers(shards: list[_Shard], scheduler: str, strict: bool) -> None:
    """Have workers of a cluster make them."""
    from tqdm import tqdm

    made = map_utterances(partial(_make, strict=strict), shards, scheduler=scheduler, batches=False)
    for shard, skipped in zip(shards, tqdm(made, total=len(shards), unit="shard"), strict=True):
        for utt, fault in skipped:
            report_skipped(utt, fault, strict)
        if not shard.path.exists():
            raise InputError(
                f"{shard.path}: a worker wrote this shard, and it is not here; --out must be on a disk that all share"
            )


def _make(shard: _Shard, strict: bool) -> list[tuple[str, str]]:
    """Make one, in a worker; the utterances that are left out, and why."""
    skipped: list[tuple[str, str]] = []

    def skip(utt: str, fault: str) -> None:
        if strict:
            report_skipped(utt, fault, strict)
        skipped.append((utt, fault))

    stored(shard.path, shard.items, shard.settings, skip, overwrite=True)
    return skipped


def _rows(shards: Iterable[_Shard]) -> Iterator[Row]:
    """What all of them hold, in the blocks that one store would have been written in."""
    for shard in shards:
        store, first = Store.read(shard.path), shard.items[0]
        streamed = first.change is None and first.count is None
        for i, (utt, spk) in enumerate(zip(store.utts, store.spks, strict=True)):
            frames = store[i]
            yield utt, spk, pieces_of(frames) if streamed and len(frames) > extraction.LONG else frames
