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
from typing import Any

from speechdis.cli import count, path_option, renamed, work_options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    path_option(parser, "--data", "data directory, or a folder of them", required=True)
    path_option(parser, "--out", "frame store, or a folder of them", required=True)
    path_option(parser, "--features", "stores of DATA: what twins have to line up with")
    kinds = "fbank or spectrogram (default: that of --features, or else fbank)"
    renamed(parser, "--type", "--feature-type", help=kinds)
    add("--versions", type=count, default=4, metavar="V", help="twins of each utterance")
    add("--seed", type=int, default=0, metavar="K", help="of the factors")
    add("--low", type=float, default=0.75, help="smallest factor")
    add("--high", type=float, default=1.33, help="largest factor")
    add("--away", type=float, default=0.05, help="no factor is nearer to 1 than this")
    renamed(
        parser,
        "--channel",
        "--random-channel",
        action="store_true",
        help="also send each twin through a random channel of its own",
    )
    work_options(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Make the store of twins, or those of train and dev."""
    from speechdis.augment.voice import Factors
    from speechdis.pipeline.frames import Work, make_twins

    made = make_twins(
        args.data,
        args.out,
        args.features,
        args.feature_type,
        args.versions,
        args.seed,
        Factors(args.low, args.high, args.away),
        args.random_channel,
        Work(args.jobs, args.scheduler, args.strict, args.overwrite, args.shards),
    )
    if "" in made:
        return made[""].figures()
    return {name: one.figures() for name, one in made.items()}
