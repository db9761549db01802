"""Cut recordings of several digits into single ones.

DATA is a Kaldi data directory, or holds several (train, dev, test); OUT gets the same ones with `segments`. Words
come from `text`; word 2 of utterance U becomes U-02.

align: word models (hidden Markov models) are trained on the isolated digits and the strings of DATA/train and
aligned with every transcript. A recording whose transcript disagrees with it is skipped, a digit of low
confidence is dropped; `confidence` keeps those of the others, in nats a frame by which the digit's own model is
better than the best other one.

islands: each stretch of speech between silences is a digit, found by energy. A recording with another number
of them than its transcript has words is skipped.

Example:
    speechdis segment --data data/strings --out data/digits --method align
"""

import argparse
import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechdis.cli import jobs_option, path_option

if TYPE_CHECKING:
    from speechdis.segmentation.cuts import Method

_LOG = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    path_option(parser, "--data", "data directory, or a folder of them", required=True)
    path_option(parser, "--out", "data directory, or a folder of them", required=True)
    add("--method", required=True, choices=("align", "islands"), help="how digits are found")
    jobs_option(parser, "processes (default: all cores)")
    add("--strict", action="store_true", help="fail on a recording that cannot be cut instead of skipping it")
    align = parser.add_argument_group("align").add_argument
    align("--confidence", type=float, default=0.0, metavar="X", help="drop digits below it")
    align(
        "--disagreement",
        type=float,
        default=1.0,
        metavar="X",
        help="skip a recording that free words explain so much better than its transcript, nats a frame",
    )
    align(
        "--train-recordings",
        type=int,
        default=1500,
        metavar="N",
        help="isolated digits, and as many strings, that the models see at most",
    )
    align("--seed", type=int, default=0, help="chooses them")
    islands = parser.add_argument_group("islands").add_argument
    for name, default, text in (
        ("threshold", 0.15, "speech is louder than this part of the way from noise floor to peak, in dB"),
        ("range-db", 40.0, "and no further below the peak than this, dB"),
        ("gap", 0.2, "islands closer than this are one, s"),
        ("shortest", 0.08, "a shorter island is no speech, s"),
        ("margin", 0.02, "kept before and after an island, s"),
    ):
        islands(f"--{name}", type=float, default=default, metavar="X", help=text)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Cut every directory; what became of each."""
    from speechdis.data.atomic import replacing_folder
    from speechdis.data.directory import directories_kind, find_directories, read_directory
    from speechdis.segmentation.cuts import write_cuts

    splits = find_directories(args.data)
    made = {}
    with replacing_folder(args.out, directories_kind(splits)) as partial:
        method = _aligner(splits, args) if args.method == "align" else _finder(args)
        for name, data in splits.items():
            made[name or args.out.name] = write_cuts(
                partial / name, read_directory(data), method, args.confidence, args.jobs, args.strict
            )
    for name, c in made.items():
        _LOG.info(
            "%-6s %6d digits of %6d recordings  mean %.3f s",
            name,
            c.digits,
            c.recordings,
            c.seconds / c.digits,
        )
    digits, dropped, skipped = (
        sum(getattr(c, key) for c in made.values()) for key in ("digits", "dropped", "skipped")
    )
    message = "%s: %d digits by %s, %d dropped for low confidence, %d recordings skipped"
    _LOG.info(message, args.out, digits, args.method, dropped, skipped)
    return {name: asdict(c) for name, c in made.items()}


def _finder(args: argparse.Namespace) -> "Method":
    from functools import partial

    from speechdis.segmentation.islands import Settings, cut

    settings = Settings(args.threshold, args.range_db, args.gap, args.shortest, args.margin)
    return partial(cut, settings=settings)


def _aligner(splits: dict[str, Path], args: argparse.Namespace) -> "Method":
    """Word models of the training part, or of the only one there is."""
    from functools import partial

    from tqdm import tqdm

    from speechdis.data.directory import read_directory
    from speechdis.data.jobs import map_utterances
    from speechdis.errors import InputError
    from speechdis.segmentation import align

    data = splits.get("train") or next(iter(splits.values()))
    try:
        utterances = align.chosen(read_directory(data), args.train_recordings, args.seed)
    except InputError as error:
        raise InputError(f"{data}: {error}") from None
    loaded = map_utterances(align.load, utterances, args.jobs)
    heard = list(tqdm(loaded, total=len(utterances), unit="utt", desc="training data"))
    models = align.train([one for one in heard if not isinstance(one, str)])  # the others are named when cut
    return partial(align.cut, models=models, disagreement=args.disagreement)
