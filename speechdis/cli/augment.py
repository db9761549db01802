"""Make voice-converted twins of every utterance, frame by frame.

DATA is a data directory and OUT becomes the frame store of its twins, or DATA holds several, and OUT gets a store for
train and one for dev: training reads both. A store has V x U utterances: utterance v U + i, named `<utt>#<v>`, is
version v of utterance i, so the twin of frame n is row v N + n. Pitch and formants of each twin are multiplied by a
factor of its own, by WSOLA and resampling; duration stays. A factor r below 1 leaves the band above r x half the sample
rate empty. Factors depend on the seed, the utterance id and the version alone.

Example:
    speechdis augment --data data/timit --features feats --out feats-twins
"""

import argparse
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechdis.cli import count, overwrite_option
from speechdis.errors import InputError

if TYPE_CHECKING:
    from speechdis.data.utterance import Utterance
    from speechdis.features.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--data", required=True, type=Path, metavar="DIR", help="data directory, or a folder of them")
    add("--out", required=True, type=Path, metavar="DIR", help="frame store, or a folder of them")
    add("--features", type=Path, metavar="DIR", help="stores of DATA: what twins have to line up with")
    add("--type", help="fbank or spectrogram (default: that of --features, or else fbank)")
    add("--versions", type=count, default=4, metavar="V", help="twins of each utterance")
    add("--seed", type=int, default=0, metavar="K", help="of the factors")
    add("--low", type=float, default=0.75, help="smallest factor")
    add("--high", type=float, default=1.33, help="largest factor")
    add("--away", type=float, default=0.05, help="no factor is nearer to 1 than this")
    add("--channel", action="store_true", help="also send each twin through a random channel of its own")
    add("--strict", action="store_true", help="fail on an unusable utterance instead of skipping it")
    add("--jobs", type=count, default=os.cpu_count(), metavar="N", help="threads (default: all cores)")
    add("--scheduler", metavar="ADDRESS", help="Dask scheduler whose workers take the place of threads")
    overwrite_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Make the store of twins, or those of train and dev."""
    from speechdis.data.directory import find_directories
    from speechdis.data.outputs import check_folder
    from speechdis.features.store import KIND, MARKER

    found = find_directories(args.data)
    if "" in found:
        return _augmented(args.data, args.features, args.out, args)
    splits = {name: path for name, path in found.items() if name in ("train", "dev")}
    if not splits:
        raise InputError(f"{args.data}: holds neither train nor dev; give one data directory")
    if (args.out / MARKER).exists():
        raise InputError(f"{args.out}: holds the twins of one split; remove it, or choose another --out")
    for name in splits:
        check_folder(args.out / name, KIND, args.overwrite)
    return {
        name: _augmented(path, args.features and args.features / name, args.out / name, args)
        for name, path in splits.items()
    }


def _augmented(data: Path, features: Path | None, out: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Make the store `out` of the twins of `data`, which line up with the store `features`, if any."""
    from speechdis.augment.voice import Factors, Twin
    from speechdis.data.directory import read_directory
    from speechdis.features import settings_of
    from speechdis.features.extraction import Item, make_store
    from speechdis.features.store import Store, check_replaceable

    factors = Factors(args.low, args.high, args.away)
    utterances = read_directory(data)
    source = Store.read(features) if features else None
    if source is None:
        settings = settings_of(args.type or "fbank")
        counts: list[int | None] = [None] * len(utterances)
    else:
        utterances = _chosen(utterances, source, data, args.type)
        settings = {key: source.settings[key] for key in ("type", "config")}
        counts = source.counts.tolist()
    settings["augment"] = {
        "versions": args.versions, "seed": args.seed, "low": args.low, "high": args.high, "away": args.away,
        "channel": args.channel, "source": source.digest if source else None,
    }  # fmt: skip
    if not args.overwrite:
        twins = (f"{u.utt}#{v}" for v in range(args.versions) for u in utterances)
        check_replaceable(out, settings, twins)
    items = (
        Item(f"{u.utt}#{v}", u, Twin(args.seed, u.utt, v, factors, args.channel), count)
        for v in range(args.versions)
        for u, count in zip(utterances, counts, strict=True)
    )
    total = args.versions * len(utterances)
    strict = args.strict or source is not None  # a twin left out would move all the rows behind it
    store, skipped = make_store(
        out, items, total, settings, args.jobs, args.scheduler, strict, args.overwrite
    )
    message = "%d versions: %d twins, %d frames, %d twins skipped -> %s"
    sizes = len(store), len(store.frames), skipped
    logging.getLogger(__name__).info(message, args.versions, *sizes, out)
    return dict(zip(("utterances", "frames", "skipped"), sizes, strict=True)) | {"digest": store.digest}


def _chosen(
    utterances: "list[Utterance]", source: "Store", data: Path, kind: str | None
) -> "list[Utterance]":
    """The utterances of `data` that `source` holds, in its order."""
    if kind not in (None, source.settings["type"]):
        raise InputError(f"{source.path}: holds {source.settings['type']}, but --type says {kind}")
    return source.look_up({u.utt: u for u in utterances}, data)
