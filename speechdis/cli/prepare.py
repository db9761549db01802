"""Turn a corpus into Kaldi data directories: train, dev and test.

Of moving pictures (moving-mnist, sprites) it makes frame stores at once, OUT/train, OUT/dev and OUT/test, with pixels
in 8 bits, and OUT/labels.tsv, which says what is known of each sequence.

Example:
    speechdis prepare timit --root /corpora/TIMIT --out data/timit
"""

import argparse
import gc
import inspect
import logging
import re
from collections.abc import Callable
from dataclasses import asdict
from types import ModuleType
from typing import Any

from speechdis import corpora
from speechdis.cli import each_corpus, overwrite_option, path_option
from speechdis.corpora import videos
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)
_NAMED = 20  # bad utterances that have a line of their own


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command; each corpus adds its own."""
    each_corpus(parser, "corpus", {corpora: _shared, videos: _shared_by_videos})


def _shared(corpus: argparse.ArgumentParser, module: ModuleType) -> None:
    add = corpus.add_argument
    path_option(corpus, "--root", "the corpus as published", required=True)
    path_option(corpus, "--out", "writes DIR/train, DIR/dev, ...", required=True)
    add(
        "--prefix",
        type=prefix,
        help="before every id, as PREFIX-84, where two corpora number speakers alike",
    )
    add("--strict", action="store_true", help="stop at a bad utterance (default: name and skip it)")


def _shared_by_videos(corpus: argparse.ArgumentParser, module: ModuleType) -> None:
    path_option(corpus, "--root", "the pictures as published", required=True)
    path_option(
        corpus, "--out", "writes the stores DIR/train, DIR/dev, ..., and DIR/labels.tsv", required=True
    )
    overwrite_option(corpus)


def prefix(text: str) -> str:
    """The type of `--prefix`: what ids may hold."""
    if not re.fullmatch(r"[\w.]+", text):
        raise argparse.ArgumentTypeError(f"letters, digits, '_' and '.' only, not {text!r}")
    return text


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Prepare one corpus; split name to utterances, speakers and hours, or to the number of sequences."""
    if args.corpus in videos.names():
        return _write_videos(args)
    collecting = gc.isenabled()
    gc.disable()  # it would take a tenth of the time to look at records by the hundred thousand, which have no cycles
    try:
        return _write_directories(args)
    finally:
        if collecting:
            gc.enable()


def _write_directories(args: argparse.Namespace) -> dict[str, Any]:
    """Write the data directories of a corpus of speech."""
    from speechdis.corpora.naming import prefixed
    from speechdis.corpora.splits import Trial, write_splits
    from speechdis.data.directory import directories_kind
    from speechdis.data.outputs import check_folder

    check_folder(args.out, directories_kind(["train"]))
    skipped: list[InputError] = []

    def report(error: InputError) -> None:
        if args.strict:
            raise error
        skipped.append(error)
        if len(skipped) <= _NAMED:
            _LOG.warning("skipped: %s", error)

    corpus = corpora.load(args.corpus)
    splits = corpus.prepare(report=report, **_options(corpus.prepare, args))
    trials: dict[str, list[Trial]] = {}
    if published := getattr(corpus, "trials", None):
        trials = published(splits=splits, **_options(published, args))
    if args.prefix is not None:
        begin = f"{args.prefix}-"
        splits = {name: [prefixed(u, args.prefix) for u in found] for name, found in splits.items()}
        trials = {
            name: [Trial(begin + one, begin + other, target) for one, other, target in listed]
            for name, listed in trials.items()
        }
    disjoint = not getattr(corpus, "SHARED_SPEAKERS", False)
    summaries = write_splits(args.out, splits, report, disjoint, trials)
    for name, s in summaries.items():
        _LOG.info("%-6s %6d utterances  %4d speakers  %7.3f h", name, s.utterances, s.speakers, s.hours)
    if len(skipped) > _NAMED:
        _LOG.warning("skipped: %d more", len(skipped) - _NAMED)
    total = sum(s.utterances for s in summaries.values())
    _LOG.info("%s: %d utterances of %s, %d skipped", args.out, total, args.corpus, len(skipped))
    return {name: asdict(s) for name, s in summaries.items()}


def _write_videos(args: argparse.Namespace) -> dict[str, int]:
    """Write the stores of a corpus of moving pictures."""
    from speechdis.features.videos import write_videos

    corpus = videos.load(args.corpus)
    parts = corpus.prepare(**_options(corpus.prepare, args))
    sizes = write_videos(args.out, parts, corpus.settings(), corpus.SCALE, args.overwrite)
    told = ", ".join(f"{size} for {name}" for name, size in sizes.items())
    _LOG.info("%s: sequences of %s: %s", args.out, args.corpus, told)
    return sizes


def _options(function: Callable[..., Any], args: argparse.Namespace) -> dict[str, Any]:
    """The options that a function of a corpus takes."""
    return {
        name: value for name, value in vars(args).items() if name in inspect.signature(function).parameters
    }
