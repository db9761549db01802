"""Turn recordings into frame stores.

DATA is a Kaldi data directory and OUT becomes its frame store, or DATA holds several (train, dev, test) and
OUT gets a store for each, one after the other. A store appears whole or not at all, and the same input gives
the same bytes, so a run that was killed is simply run again.

Example:
    speechdis features --data data/timit --out feats
"""

import argparse
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechdis.cli import count, overwrite_option
from speechdis.errors import InputError

if TYPE_CHECKING:
    from speechdis.features.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--data", required=True, type=Path, metavar="DIR", help="data directory, or a folder of them")
    add("--out", required=True, type=Path, metavar="DIR", help="frame store, or a folder of them")
    add(
        "--type",
        default="fbank",
        help="fbank: Kaldi's log mel energies; spectrogram: log magnitudes; waveform: 200 samples",
    )
    add("--bins", type=int, metavar="N", help="mel filters of fbank (default: 80)")
    add("--rate", type=int, metavar="HZ", help="other recordings are resampled to it (default: 16000)")
    add("--channel", type=int, metavar="SEED", help="send each utterance through a random channel of its own")
    add("--from-kaldi", action="store_true", help="take the frames of DATA/feats.scp; no audio is read")
    add("--to-kaldi", type=Path, metavar="DIR", help="also write feats.scp, feats.ark and utt2spk to DIR")
    add("--strict", action="store_true", help="fail on an unusable utterance instead of skipping it")
    add("--jobs", type=count, default=os.cpu_count(), metavar="N", help="threads (default: all cores)")
    add("--scheduler", metavar="ADDRESS", help="Dask scheduler whose workers take the place of threads")
    overwrite_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Make one store or several."""
    from speechdis.data.directory import find_directories
    from speechdis.features import settings_of
    from speechdis.features.kaldi import check_export, export

    settings = settings_of(args.type, rate=args.rate, bins=args.bins)
    if args.channel is not None:
        settings["channel"] = args.channel
    if args.from_kaldi and (args.channel is not None or args.scheduler):
        raise InputError("--from-kaldi reads frames, so it does not go with --channel or --scheduler")
    make, marker = (_imported, "feats.scp") if args.from_kaldi else (_extracted, "wav.scp")
    result: dict[str, dict[str, Any]] = {}
    directories = find_directories(args.data, marker)
    for name, data in directories.items():
        _check(data, args.out / name, settings, args)
        if args.to_kaldi:
            check_export(args.to_kaldi / name)
    for name, data in directories.items():
        store, skipped = make(data, args.out / name, settings, args)
        if args.to_kaldi:
            export(store, args.to_kaldi / name)
        sizes = {"utterances": len(store), "frames": len(store.frames), "skipped": skipped}
        result[name or store.path.name] = sizes | {"digest": store.digest}
    totals = [sum(made[key] for made in result.values()) for key in ("utterances", "frames", "skipped")]
    message = "%s: %d utterances, %d frames, %d utterances skipped -> %s"
    logging.getLogger(__name__).info(message, args.type, *totals, args.out)
    return result


def _check(data: Path, out: Path, settings: dict[str, Any], args: argparse.Namespace) -> None:
    """Raise InputError where the store `out` must not be made, before any is."""
    from speechdis.data.archive import read_scp
    from speechdis.data.directory import read_directory
    from speechdis.data.outputs import check_folder
    from speechdis.features.store import KIND, check_replaceable

    if args.overwrite:
        check_folder(out, KIND, changed=True)
    elif args.from_kaldi:
        check_replaceable(out, settings, read_scp(data / "feats.scp"))
    else:
        check_replaceable(out, settings, (u.utt for u in read_directory(data)))


def _extracted(
    data: Path, out: Path, settings: dict[str, Any], args: argparse.Namespace
) -> "tuple[Store, int]":
    from functools import partial

    from speechdis.augment.channel import named_channel
    from speechdis.data.directory import read_directory
    from speechdis.features.extraction import Item, make_store

    utterances, seed = read_directory(data), args.channel
    items = (
        Item(u.utt, u, None if seed is None else partial(named_channel, seed=seed, name=u.utt))
        for u in utterances
    )
    return make_store(
        out, items, len(utterances), settings, args.jobs, args.scheduler, args.strict, args.overwrite
    )


def _imported(
    data: Path, out: Path, settings: dict[str, Any], args: argparse.Namespace
) -> "tuple[Store, int]":
    from speechdis.features import bins_of
    from speechdis.features.kaldi import read_rows
    from speechdis.features.store import write_store

    bins = bins_of(settings)
    if bins is None:
        raise InputError(f"--from-kaldi reads spectra, not --type {settings['type']}")
    skipped: list[str] = []

    def skip(utt: str, error: InputError) -> None:
        logging.getLogger(__name__).warning("skipped %s: %s", utt, error)
        skipped.append(utt)

    rows = read_rows(data, len(bins.frequencies), None if args.strict else skip)
    return write_store(out, rows, settings, args.overwrite), len(skipped)
