"""Show experiments as one web page, with swaps to hear.

Writes OUT/index.html with its figures and sounds beside it; it opens without a network. With --data and --features
(as of 'speechdis evaluate') it also shows what each model makes of test speech: DET curves, t-SNE maps, swaps. What
an experiment does not hold yet is left out, and the page says which command makes it.

Example:
    speechdis report --exp exp/cdsvae --exp exp/revoice --data data/timit --features feats --out report
"""

import argparse
import logging
from pathlib import Path
from typing import Any

from speechdis.cli import count, path_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--exp", required=True, action="append", type=Path, metavar="DIR", help="an experiment (repeatable)")
    path_option(parser, "--out", "folder of the page; an earlier one is replaced", required=True)
    path_option(parser, "--data", "holds the data directories")
    add(
        "--features",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="holds the stores (repeatable, where experiments were trained on features of different kinds)",
    )
    add("--split", default="test", choices=["dev", "test"], help="speakers shown")
    add("--voices", type=count, default=4, metavar="K", help="recordings of the K x K swap matrix")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Write the page."""
    if bool(args.data) != bool(args.features):
        raise InputError("give both --data and --features, or neither")
    if args.voices < 2:
        raise InputError(f"--voices {args.voices}: swapping needs two voices")

    from speechdis.evaluation.speech import Split
    from speechdis.report import page
    from speechdis.report.experiment import read_experiments

    experiments = read_experiments(args.exp)
    splits = [Split.read(features / args.split, args.data / args.split) for features in args.features]
    about = page.write(args.out, experiments, splits, args.voices)
    files = [file for file in args.out.rglob("*") if file.is_file()]
    about |= {"files": len(files), "bytes": sum(file.stat().st_size for file in files)}
    logging.getLogger(__name__).info(
        "report of %d experiment%s, %d files, %.1f MB -> %s",
        len(experiments),
        "s" * (len(experiments) > 1),
        about["files"],
        about["bytes"] / 1e6,
        args.out / "index.html",
    )
    return about
