"""Turn recordings into frame stores.

DATA is a Kaldi data directory and OUT becomes its frame store, or DATA holds several (train, dev, test) and
OUT gets a store for each, one after the other. A store appears whole or not at all, and the same input gives
the same bytes, so a run that was killed is simply run again.

Example:
    speechdis features --data data/timit --out feats
"""

import argparse
import os
from pathlib import Path
from typing import Any

from speechdis.cli import count, overwrite_option, renamed


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--data", required=True, type=Path, metavar="DIR", help="data directory, or a folder of them")
    add("--out", required=True, type=Path, metavar="DIR", help="frame store, or a folder of them")
    renamed(
        parser,
        "--type",
        "--feature-type",
        default="fbank",
        help="fbank: Kaldi's log mel energies; spectrogram: log magnitudes; waveform: 200 samples",
    )
    add("--bins", type=int, metavar="N", help="mel filters of fbank (default: 80)")
    add("--rate", type=int, metavar="HZ", help="other recordings are resampled to it (default: 16000)")
    renamed(
        parser,
        "--channel",
        "--channel-seed",
        type=int,
        metavar="SEED",
        help="send each utterance through a random channel of its own",
    )
    add("--from-kaldi", action="store_true", help="take the frames of DATA/feats.scp; no audio is read")
    add("--to-kaldi", type=Path, metavar="DIR", help="also write feats.scp, feats.ark and utt2spk to DIR")
    add("--strict", action="store_true", help="fail on an unusable utterance instead of skipping it")
    add("--jobs", type=count, default=os.cpu_count(), metavar="N", help="threads (default: all cores)")
    add("--scheduler", metavar="ADDRESS", help="Dask scheduler whose workers take the place of threads")
    overwrite_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Make one store or several."""
    from speechdis.pipeline.frames import Work, make_features

    made = make_features(
        args.data,
        args.out,
        args.feature_type,
        args.rate,
        args.bins,
        args.channel_seed,
        args.from_kaldi,
        args.to_kaldi,
        Work(args.jobs, args.scheduler, args.strict, args.overwrite),
    )
    return {name or one.store.path.name: one.figures() for name, one in made.items()}
