"""Turn a corpus into Kaldi data directories: train, dev and test."""

import argparse
import inspect
import logging
from dataclasses import asdict
from pathlib import Path

from speechdis import corpora
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command; each corpus adds its own."""
    names = corpora.names()
    commands = parser.add_subparsers(
        dest="corpus",
        required=True,
        metavar="CORPUS",
        help=f"{', '.join(names)} ('CORPUS --help' for its options)",
    )
    for name in names:
        module = corpora.load(name)
        text = (module.__doc__ or "").strip()
        corpus = commands.add_parser(
            name,
            help=text.splitlines()[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        corpus.add_argument("--root", type=Path, required=True, metavar="DIR", help="the corpus as published")
        corpus.add_argument(
            "--out", type=Path, required=True, metavar="DIR", help="writes DIR/train, DIR/dev, ..."
        )
        corpus.add_argument(
            "--strict", action="store_true", help="stop at a bad utterance (default: name and skip it)"
        )
        # main() gives --json to the command; here it may also stand after the corpus
        corpus.add_argument(
            "--json", metavar="FILE", default=argparse.SUPPRESS, help="write the counts as JSON"
        )
        module.arguments(corpus)


def run(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Prepare one corpus; split name to utterances, speakers and hours."""
    from speechdis.corpora.splits import write_splits

    skipped: list[InputError] = []

    def report(error: InputError) -> None:
        if args.strict:
            raise error
        _LOG.warning("skipped: %s", error)
        skipped.append(error)

    corpus = corpora.load(args.corpus)
    prepare = corpus.prepare
    options = vars(args).keys() & inspect.signature(prepare).parameters.keys()
    splits = prepare(report=report, **{name: getattr(args, name) for name in options})
    disjoint = not getattr(corpus, "SHARED_SPEAKERS", False)
    summaries = write_splits(args.out, splits, report, disjoint)
    for name, s in summaries.items():
        _LOG.info("%-6s %6d utterances  %4d speakers  %7.3f h", name, s.utterances, s.speakers, s.hours)
    total = sum(s.utterances for s in summaries.values())
    _LOG.info("%s: %d utterances of %s, %d skipped", args.out, total, args.corpus, len(skipped))
    return {name: asdict(s) for name, s in summaries.items()}
