"""Judge recordings of any system by networks not trained here.

Whose voice is heard, which words, and how good it sounds.

Resemblyzer knows voices, hama and PocketSphinx hear English phonemes, DNSMOS guesses what listeners would say. They
come with pip install 'speechdis[judges]' && pip install --no-deps resemblyzer.

The manifest is a table with tabs. Its first line names its columns:
  path             the recording to judge
  voice            the recording of A that lent the voice, or several with | between, or a speaker of --data
  content          the recording of B whose words it says
  text             of the words (optional)
  voice_speaker    who A is (optional; of files in --data it is known)
  content_speaker  who B is (optional; as well)
  system           what made it: a row each in the table (optional)

A and B are known by their other recordings: of --data, and of the manifest's other lines. Intervals (95 in 100) come
from 1,000 draws of the speakers. With --out also writes a line for every recording, beside FILE as .tsv.

With --pairs and --data in place of --manifest, swaps of N pairs of utterances are made by --checkpoint, and judged
beside copy-synthesis and trivial conversions. Several checkpoints swap the same pairs, and have rows of their own in
one table. --out then has the table alone.

Examples:
    speechdis judge --manifest made.tsv --data data/test --out judged.json
    speechdis judge --manifest pairs.tsv --swaps swaps --out judged.json
    speechdis judge --pairs 120 --data data/test --out judged.json
    speechdis judge --pairs 120 --data data/test --checkpoint exp/cdsvae exp/fhvae --out judged.json
"""

import argparse
from typing import Any

from speechdis.cli import (
    checkpoint_option,
    count,
    device_option,
    frames,
    jobs_option,
    path_option,
    share,
    vocoder_option,
)
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    path_option(parser, "--manifest", "the recordings to judge; see above", "TSV")
    path_option(parser, "--swaps", "folder of swaps, where the manifest is that of 'speechdis swap'")
    parser.add_argument("--pairs", type=count, metavar="N", help="make and judge swaps of N pairs of --data")
    path_option(parser, "--data", "data directory: other recordings of the speakers, and their texts")
    path_option(parser, "--out", "the table as JSON; a line for each recording as .tsv beside it", "FILE")
    checkpoint_option(parser, shipped=True, several=True)
    parser.add_argument(
        "--detail",
        type=share,
        nargs="+",
        default=[1.0, 0.0],
        metavar="D",
        help="of the words' recording that a swap keeps, a row each: 1 as 'speechdis swap', 0 as its --plain "
        "(default: 1 0)",
    )
    parser.add_argument(
        "--slow",
        type=frames,
        nargs="+",
        default=[0.0],
        metavar="FRAMES",
        help="as --slow of 'speechdis swap', a row each (default: 0, all of the change)",
    )
    vocoder_option(parser, "of the swaps that are made")
    jobs_option(parser, "processes", default=1)
    parser.add_argument(
        "--strict",
        action="store_true",
        help="fail on a recording that cannot be judged instead of leaving it out",
    )
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Judge, print the table, write the figures."""
    from speechdis.judges.outside import require

    if (args.manifest is None) == (args.pairs is None):
        raise InputError("give --manifest, or --pairs with --data")
    if args.pairs is not None and (args.swaps or not args.data):
        raise InputError("--pairs makes swaps of the recordings of --data: give it, and no --swaps")
    require()
    return _listed(args) if args.pairs is None else _made(args)


def _listed(args: argparse.Namespace) -> dict[str, Any]:
    from speechdis.data.directory import read_directory
    from speechdis.data.outputs import check_file
    from speechdis.evaluation.outside.manifest import read_manifest
    from speechdis.pipeline.judging import judge_all

    lines = args.out and args.out.with_name(f"{args.out.stem}.tsv")
    for path in filter(None, (args.out, lines)):
        check_file(path, [args.manifest])
    known = read_directory(args.data) if args.data else ()
    found = judge_all(read_manifest(args.manifest, known, args.swaps), args.jobs, args.strict)
    found.log()
    if args.out is not None:
        found.write(args.out, lines)
    return found.as_dict()


def _made(args: argparse.Namespace) -> dict[str, Any]:
    import json

    from speechdis.data.atomic import replacing
    from speechdis.data.outputs import check_file
    from speechdis.pipeline.judging import judge_pairs
    from speechdis.synthesis.manner import Manner

    if args.out is not None:
        check_file(args.out)
    ways = [(detail, slow) for detail in args.detail for slow in (args.slow if detail else [0.0])]
    manners = [Manner(args.vocoder, *way) for way in ways]
    found = judge_pairs(args.checkpoint, args.data, args.pairs, manners, args.jobs, args.device)
    if args.out is not None:
        with replacing(args.out) as partial:
            partial.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return found
