"""Train and measure a suite of systems, and write one table.

Takes a prepared corpus (a folder of data directories) to the table by the commands that a recipe runs one by one:
features, the same through random channels, twins; then train and evaluate for every system and seed. Run again
after a kill, it goes on where it was. Writes OUT/SUITE.md, .csv and .json, floors and ceilings first; OUT has the
layout of a recipe's --work.

Example:
    speechdis benchmark --suite static-dynamic --corpus data/timit --out bench --seeds 3
"""

import argparse
import logging
from functools import partial
from typing import Any

from speechdis.cli import (
    attacker_steps,
    count,
    device_option,
    jobs_option,
    path_option,
    renamed,
    set_option,
    show_notices,
)
from speechdis.cli.evaluate import training_options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--suite", required=True, metavar="NAME", help="a name in recipes/suites, or a YAML file")
    path_option(parser, "--corpus", "data directories train, dev and test", required=True)
    path_option(parser, "--out", "holds feats/, exp/ and the table", required=True)
    add(
        "--recipes",
        metavar="NAME",
        help="{corpus} in the suite's recipes (default: the name of --corpus); where a model has none, speech",
    )
    set_option(parser, "override numbers in every system")
    add("--seeds", type=count, default=1, metavar="N", help="trainings of each system")
    jobs_option(parser, "trainings at a time, on the CPU each with its share of the cores", default=1)
    renamed(
        parser,
        "--features",
        "--feature-type",
        default="fbank",
        choices=["fbank", "spectrogram"],
        help="what models are trained on",
    )
    add("--versions", type=count, default=4, metavar="V", help="twins of an utterance")
    add("--split", default="test", choices=["dev", "test"], help="speakers measured on")
    training_options(parser)
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Run what is not there yet, and write the table."""
    from speechdis.evaluation.measure import Budget
    from speechdis.pipeline import suite
    from speechdis.pipeline.evaluation import Protocol

    budget = Budget(attacker_steps(args), args.phone_steps)
    benchmark = suite.placed(
        args.suite,
        args.corpus,
        args.out,
        Protocol(args.corpus, args.out, split=args.split, budget=budget, device=args.device),
        args.feature_type,
        recipes=args.recipes,
        settings=tuple(args.set),
        seeds=args.seeds,
        jobs=args.jobs,
        versions=args.versions,
    )
    quiet = not logging.getLogger(__name__).isEnabledFor(logging.INFO)
    return {"systems": suite.run(benchmark, partial(show_notices, quiet))}
