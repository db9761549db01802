"""Frame stores of data directories: features, and voice-converted twins that line up with them."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from speechdis.augment.channel import named_channel
from speechdis.augment.voice import Factors, Twin
from speechdis.data.archive import read_scp
from speechdis.data.directory import find_directories, read_directory
from speechdis.data.outputs import check_folder
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.features import bins_of, settings_of
from speechdis.features.extraction import Item, make_store
from speechdis.features.kaldi import check_export, export, read_rows
from speechdis.features.shards import Shards, make_in_shards
from speechdis.features.store import KIND, MARKER, Store, check_replaceable, write_store

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """How stores are made, whatever is in them.

    Attributes:
        jobs: threads; None for all cores.
        scheduler: address of a Dask scheduler, whose workers take the place of threads.
        strict: an unusable utterance is an error; otherwise it is reported and left out.
        overwrite: a store of other settings is replaced.
        shards: stores are made in some, each of which can be made alone; None: at once.
    """

    jobs: int | None = None
    scheduler: str | None = None
    strict: bool = False
    overwrite: bool = False
    shards: Shards | None = None

    @property
    def threads(self) -> int:
        """`jobs`, or all cores."""
        return self.jobs or os.cpu_count() or 1

    def make(
        self, out: Path, items: Iterable[Item], total: int, settings: Mapping[str, Any], strict: bool
    ) -> "Made":
        """The store `out` of `items`, by the way that is asked for; see `make_store`."""
        if self.shards is None:
            return Made(
                *make_store(out, items, total, settings, self.threads, self.scheduler, strict, self.overwrite)
            )
        how = (self.shards, self.threads, self.scheduler, strict, self.overwrite)
        return Made(*make_in_shards(out, items, total, settings, *how))


FACTORS, ALL_CORES = Factors(), Work()


@dataclass(frozen=True)
class Made:
    """A store that was made, and how many utterances were left out."""

    store: Store
    skipped: int

    def figures(self) -> dict[str, Any]:
        """What `--json` holds of it."""
        sizes = {"utterances": len(self.store), "frames": len(self.store.frames), "skipped": self.skipped}
        return sizes | {"digest": self.store.digest}


def make_features(
    data: Path,
    out: Path,
    kind: str = "fbank",
    rate: int | None = None,
    bins: int | None = None,
    channel_seed: int | None = None,
    from_kaldi: bool = False,
    to_kaldi: Path | None = None,
    work: Work = ALL_CORES,
) -> dict[str, Made]:
    """Stores `out/NAME` of the data directories `data/NAME`, or `out` of `data`, whose name is then "".

    Args:
        data: a data directory, or a folder of them.
        out: a frame store, or a folder of them.
        kind: of features, see `speechdis.features.names`.
        rate, bins: Hz, and mel filters; None for the kind's own.
        channel_seed: every utterance goes through a random channel that follows from it.
        from_kaldi: the frames are those of `feats.scp`; no audio is read.
        to_kaldi: a folder that also gets `feats.scp`, `feats.ark` and `utt2spk`.
        work: threads, and what becomes of unusable utterances.

    Raises:
        InputError: no data directory, an unusable utterance under `strict`, or an output that must not be replaced.
    """
    settings = settings_of(kind, rate=rate, bins=bins)
    if channel_seed is not None:
        settings["channel"] = channel_seed
    if from_kaldi and (channel_seed is not None or work.scheduler):
        raise InputError("--from-kaldi reads frames, so it does not go with --channel-seed or --scheduler")
    if work.shards and (from_kaldi or (to_kaldi and work.shards.number)):
        raise InputError(
            "--shards makes frames of audio, so not with --from-kaldi; and --to-kaldi needs all of them"
        )
    directories = find_directories(data, "feats.scp" if from_kaldi else "wav.scp")
    for name, directory in directories.items():
        if work.overwrite:
            check_folder(out / name, KIND, changed=True)
        else:
            utts = (
                read_scp(directory / "feats.scp")
                if from_kaldi
                else [u.utt for u in read_directory(directory)]
            )
            check_replaceable(out / name, settings, utts)
        if to_kaldi:
            check_export(to_kaldi / name)
    made = {}
    for name, directory in directories.items():
        if from_kaldi:
            made[name] = _imported(directory, out / name, settings, work)
        else:
            made[name] = _extracted(directory, out / name, settings, channel_seed, work)
        if to_kaldi:
            export(made[name].store, to_kaldi / name)
    figures = [one.figures() for one in made.values()]
    totals = [sum(one[key] for one in figures) for key in ("utterances", "frames", "skipped")]
    _LOG.info("%s: %d utterances, %d frames, %d utterances skipped -> %s", kind, *totals, out)
    return made


def make_twins(
    data: Path,
    out: Path,
    features: Path | None = None,
    kind: str | None = None,
    versions: int = 4,
    seed: int = 0,
    factors: Factors = FACTORS,
    channel: bool = False,
    work: Work = ALL_CORES,
) -> dict[str, Made]:
    """Stores `out/train` and `out/dev` of the twins of `data/train` and `data/dev`, or `out` of `data` (name "").

    Args:
        data: a data directory, or a folder of train and dev.
        out: a frame store, or a folder of them.
        features: stores of `data`, with which twins line up frame by frame.
        kind: of features; None for that of `features`, or fbank.
        versions: twins of each utterance.
        seed: of the factors.
        factors: of pitch and formants.
        channel: each twin also goes through a random channel of its own.
        work: threads, and what becomes of unusable utterances.

    Raises:
        InputError: as `make_features`; stores of other features or utterances.
    """
    found = find_directories(data)
    splits = found if "" in found else {name: p for name, p in found.items() if name in ("train", "dev")}
    if not splits:
        raise InputError(f"{data}: holds neither train nor dev; give one data directory")
    if "" not in found:
        if (out / MARKER).exists():
            raise InputError(f"{out}: holds the twins of one split; remove it, or choose another --out")
        for name in splits:
            check_folder(out / name, KIND, work.overwrite)
    return {
        name: _twins(
            directory, features and features / name, out / name, kind, versions, seed, factors, channel, work
        )
        for name, directory in splits.items()
    }


def _extracted(data: Path, out: Path, settings: dict[str, Any], channel_seed: int | None, work: Work) -> Made:
    utterances = read_directory(data)
    items = (
        Item(
            u.utt, u, None if channel_seed is None else partial(named_channel, seed=channel_seed, name=u.utt)
        )
        for u in utterances
    )
    return work.make(out, items, len(utterances), settings, work.strict)


def _imported(data: Path, out: Path, settings: dict[str, Any], work: Work) -> Made:
    bins = bins_of(settings)
    if bins is None:
        raise InputError(f"--from-kaldi reads spectra, not --feature-type {settings['type']}")
    skipped: list[str] = []

    def skip(utt: str, error: InputError) -> None:
        _LOG.warning("skipped %s: %s", utt, error)
        skipped.append(utt)

    rows = read_rows(data, len(bins.frequencies), None if work.strict else skip)
    return Made(write_store(out, rows, settings, work.overwrite), len(skipped))


def _twins(
    data: Path,
    features: Path | None,
    out: Path,
    kind: str | None,
    versions: int,
    seed: int,
    factors: Factors,
    channel: bool,
    work: Work,
) -> Made:
    """The store `out` of the twins of `data`, which line up with the store `features`, if any."""
    utterances = read_directory(data)
    source = Store.read(features) if features else None
    if source is None:
        settings = settings_of(kind or "fbank")
        counts: list[int | None] = [None] * len(utterances)
    else:
        utterances = _chosen(utterances, source, data, kind)
        settings = {key: source.settings[key] for key in ("type", "config")}
        counts = source.counts.tolist()
    settings["augment"] = {
        "versions": versions, "seed": seed, "low": factors.low, "high": factors.high, "away": factors.away,
        "channel": channel, "source": source.digest if source else None,
    }  # fmt: skip
    if not work.overwrite:
        check_replaceable(out, settings, (f"{u.utt}#{v}" for v in range(versions) for u in utterances))
    items = (
        Item(f"{u.utt}#{v}", u, Twin(seed, u.utt, v, factors, channel), count)
        for v in range(versions)
        for u, count in zip(utterances, counts, strict=True)
    )
    strict = work.strict or source is not None  # a twin left out would move all the rows behind it
    made = work.make(out, items, versions * len(utterances), settings, strict)
    message = "%d versions: %d twins, %d frames, %d twins skipped -> %s"
    _LOG.info(message, versions, len(made.store), len(made.store.frames), made.skipped, out)
    return made


def _chosen(utterances: list[Utterance], source: Store, data: Path, kind: str | None) -> list[Utterance]:
    """The utterances of `data` that `source` holds, in its order."""
    if kind not in (None, source.settings["type"]):
        raise InputError(f"{source.path}: holds {source.settings['type']}, but --feature-type says {kind}")
    return source.look_up({u.utt: u for u in utterances}, data)
