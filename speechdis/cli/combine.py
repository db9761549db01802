"""Make one corpus of several that are prepared.

Each --data holds train, dev and test, or some of them, and OUT gets theirs together. A speaker's id in two of them is
refused: many corpora number their speakers, and 84 of one is not 84 of the other. --prefix tells them apart.

Example:
    speechdis combine --data data/librispeech data/vctk --prefix libri vctk --out data/both
"""

import argparse
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from speechdis.cli import path_option
from speechdis.cli.prepare import prefix

_LOG = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--data", nargs="+", required=True, type=Path, metavar="DIR", help="folders of train, dev and test")
    path_option(parser, "--out", "writes DIR/train, DIR/dev, ...", required=True)
    add("--prefix", nargs="+", default=[], type=prefix, metavar="WORD", help="before the ids of each --data")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Combine them; split name to utterances, speakers and hours."""
    from speechdis.corpora.splits import write_splits
    from speechdis.corpora.together import together

    summaries = write_splits(args.out, together(args.data, args.prefix))
    for name, s in summaries.items():
        _LOG.info("%-6s %6d utterances  %4d speakers  %7.3f h", name, s.utterances, s.speakers, s.hours)
    return {name: asdict(s) for name, s in summaries.items()}
