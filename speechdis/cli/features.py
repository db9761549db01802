"""Turn recordings into frame stores.

DATA is a Kaldi data directory and OUT becomes its frame store, or DATA holds several (train, dev, test) and
OUT gets a store for each, one after the other. A store appears whole or not at all, and the same input gives
the same bytes, so a run that was killed is simply run again.

Example:
    speechdis features --data data/timit --out feats
"""

import argparse
from typing import Any

from speechdis.cli import path_option, renamed, work_options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    path_option(parser, "--data", "data directory, or a folder of them", required=True)
    path_option(parser, "--out", "frame store, or a folder of them", required=True)
    kinds = "fbank: Kaldi's log mel energies; spectrogram: log magnitudes; waveform: 200 samples"
    renamed(parser, "--type", "--feature-type", default="fbank", help=kinds)
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
    path_option(parser, "--to-kaldi", "also write feats.scp, feats.ark and utt2spk to DIR")
    work_options(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Make one store or several."""
    from speechdis.pipeline.frames import Work, make_features

    work = Work(args.jobs, args.scheduler, args.strict, args.overwrite, args.shards)
    made = make_features(
        args.data,
        args.out,
        args.feature_type,
        rate=args.rate,
        bins=args.bins,
        channel_seed=args.channel_seed,
        from_kaldi=args.from_kaldi,
        to_kaldi=args.to_kaldi,
        work=work,
    )
    return {name or one.store.path.name: one.figures() for name, one in made.items()}
