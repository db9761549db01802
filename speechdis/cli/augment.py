"""Make voice-converted twins of every utterance, aligned with it frame by frame.

OUT becomes one frame store of V x U utterances: utterance v U + i, named `<utt>#<v>`, is version v of
utterance i, so the twin of frame n is row v N + n. Pitch and formants of each twin are multiplied by a factor
of its own, by WSOLA and resampling; duration stays. A factor r below 1 leaves the band above r x half the
sample rate empty. Factors depend on the seed, the utterance id and the version alone.

Example:
    speechdis augment --data data/timit/train --features feats/train --out feats-twins
"""

import argparse
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechdis.cli import count
from speechdis.errors import InputError

if TYPE_CHECKING:
    from speechdis.data.utterance import Utterance
    from speechdis.features.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--data", required=True, type=Path, metavar="DIR", help="data directory")
    add("--out", required=True, type=Path, metavar="DIR", help="frame store of the twins")
    add("--features", type=Path, metavar="STORE", help="store of DATA that the twins have to line up with")
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


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Make the store of twins."""
    from speechdis.augment.voice import Factors, Twin
    from speechdis.data.directory import read_directory
    from speechdis.features import settings_of
    from speechdis.features.extraction import Item, make_store
    from speechdis.features.store import Store

    factors = Factors(args.low, args.high, args.away)
    utterances = read_directory(args.data)
    source = Store.read(args.features) if args.features else None
    if source is None:
        settings = settings_of(args.type or "fbank")
        counts: list[int | None] = [None] * len(utterances)
    else:
        utterances = _chosen(utterances, source, args)
        settings = {key: source.settings[key] for key in ("type", "config")}
        counts = source.counts.tolist()
    settings["augment"] = {
        "versions": args.versions, "seed": args.seed, "low": args.low, "high": args.high, "away": args.away,
        "channel": args.channel, "source": source.digest if source else None,
    }  # fmt: skip
    items = (
        Item(f"{u.utt}#{v}", u, Twin(args.seed, u.utt, v, factors, args.channel), count)
        for v in range(args.versions)
        for u, count in zip(utterances, counts, strict=True)
    )
    total = args.versions * len(utterances)
    strict = args.strict or source is not None  # a twin left out would move all the rows behind it
    store, skipped = make_store(args.out, items, total, settings, args.jobs, args.scheduler, strict)
    message = "%d versions: %d twins, %d frames, %d twins skipped -> %s"
    sizes = len(store), len(store.frames), skipped
    logging.getLogger(__name__).info(message, args.versions, *sizes, args.out)
    return dict(zip(("utterances", "frames", "skipped"), sizes, strict=True)) | {"digest": store.digest}


def _chosen(utterances: "list[Utterance]", source: "Store", args: argparse.Namespace) -> "list[Utterance]":
    """The utterances that `source` holds, in its order."""
    if args.type not in (None, source.settings["type"]):
        raise InputError(f"{source.path}: holds {source.settings['type']}, but --type says {args.type}")
    return source.look_up({u.utt: u for u in utterances}, args.data)
