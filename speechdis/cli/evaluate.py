"""Measure a trained model by every metric of the protocol.

Reads the stores FEATURES/train and FEATURES/test and the data directories DATA/train and DATA/test; and, of the same
recordings through random channels, CHANNEL/test, and CHANNEL/train, from which attackers learn who know of channels.
Attackers are those of 'speechdis attack': FEATURES/dev (12 speakers or more; else some training speakers) says which is
the strongest.
Prints one table; writes the figures to --out. The floors and ceilings do not depend on the model: --references keeps
them for the next one, and without --checkpoint they are all that is measured.

Example:
    speechdis evaluate --checkpoint exp/cdsvae --data data/timit --features feats --channel-features feats-channel
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechdis.cli import (
    attacker_option,
    attacker_steps,
    beside_option,
    checkpoint_option,
    device_option,
    jobs_option,
    none_or_more,
    normal_scores_option,
    path_option,
    renamed,
    split_option,
    vocoder_option,
)
from speechdis.errors import InputError

if TYPE_CHECKING:
    from speechdis.evaluation.results import Results


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    checkpoint_option(parser, required=False)
    path_option(parser, "--data", "holds the data directories", required=True)
    path_option(parser, "--features", "holds the stores", required=True)
    renamed(
        parser,
        "--channel",
        "--channel-features",
        type=Path,
        metavar="DIR",
        help="holds the stores made with 'features --channel-seed'",
    )
    split_option(parser, "speakers to test on")
    path_option(parser, "--references", "floors and ceilings: read, or made and written", "JSON")
    beside_option(parser, "--out")
    training_options(parser)
    add(
        "--lda",
        type=none_or_more,
        default=0,
        metavar="D",
        help="also score static vectors after a supervised LDA to D dimensions (training speakers' labels)",
    )
    normal_scores_option(parser, "codes that are attacked and probed")
    add(
        "--swaps",
        type=none_or_more,
        default=0,
        metavar="N",
        help="also have judges hear N swaps of voices; 0: none",
    )
    add(
        "--judges",
        default="outside",
        choices=["outside", "inside"],
        help="of the swaps: networks that were not trained here, see 'speechdis judge --help'; or a speaker network "
        "and a phone recogniser that are trained now, on the training speakers",
    )
    jobs_option(parser, "processes in which outside judges hear swaps", default=1)
    vocoder_option(parser, "of the swaps; see 'speechdis swap --help'")
    path_option(parser, "--out", "the figures (default: results.json in the experiment)", "JSON")
    path_option(parser, "--markdown", "also write the table as Markdown", "MD")
    device_option(parser)


def training_options(parser: argparse.ArgumentParser) -> None:
    """Let `parser` say how long what listens is trained; `benchmark` hands it on."""
    attacker_option(parser)
    parser.add_argument(
        "--phone-steps",
        type=none_or_more,
        default=1200,
        metavar="N",
        help="training of the phone-sequence probe; 0 skips it",
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Evaluate, print the table, write the figures."""
    from speechdis.data.outputs import check_file
    from speechdis.evaluation.measure import Budget
    from speechdis.pipeline.evaluation import Protocol, evaluate, floors, read_results

    if args.checkpoint is None:
        if args.references is None:
            raise InputError("give --checkpoint, or --references to measure the floors and ceilings alone")
        if args.swaps or args.lda or args.beside or args.out:
            raise InputError("--swaps, --lda, --beside and --out are of a model: give its --checkpoint")
    budget = Budget(
        attacker_steps(args),
        args.phone_steps,
        lda=args.lda,
        swaps=args.swaps,
        vocoder=args.vocoder,
        outside=args.judges == "outside",
        jobs=args.jobs,
        normal_scores=args.normal_scores,
    )
    protocol = Protocol(
        args.data, args.features, args.channel_features, args.split, budget, args.references, args.device
    )
    if args.checkpoint is None:
        rows = floors(protocol)
        _write(args.markdown, rows)
        return {"references": [row.as_dict() for row in rows]}
    for path in filter(None, (args.out, args.markdown)):
        check_file(path, args.beside)
    others = [read_results(path)[1][0] for path in args.beside]
    found = evaluate(args.checkpoint, protocol, args.out)
    found.log(others)
    _write(args.markdown, [*found.references, *others, found.row])
    return found.content


def _write(path: Path | None, rows: "Sequence[Results]") -> None:
    """The table as Markdown, where it is asked for."""
    from speechdis.data.atomic import replacing
    from speechdis.evaluation import table

    if path is not None:
        with replacing(path) as partial:
            partial.write_text(table.markdown(rows), "utf-8")
