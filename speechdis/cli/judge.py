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

Examples:
    speechdis judge --manifest made.tsv --data data/test --out judged.json
    speechdis judge --manifest pairs.tsv --swaps swaps --out judged.json
"""

import argparse
from pathlib import Path
from typing import Any

from speechdis.cli import jobs_option, path_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    path_option(parser, "--manifest", "the recordings to judge; see above", "TSV", required=True)
    path_option(parser, "--swaps", "folder of swaps, where the manifest is that of 'speechdis swap'")
    path_option(parser, "--data", "data directory: other recordings of the speakers, and their texts")
    path_option(parser, "--out", "the table as JSON; a line for each recording as .tsv beside it", "FILE")
    jobs_option(parser, "processes", default=1)
    parser.add_argument(
        "--strict",
        action="store_true",
        help="fail on a recording that cannot be judged instead of leaving it out",
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Judge, print the table, write the figures."""
    from speechdis.data.directory import read_directory
    from speechdis.data.outputs import check_file
    from speechdis.evaluation.outside.manifest import read_manifest
    from speechdis.judges.outside import require
    from speechdis.pipeline.judging import judge_all

    require()
    if args.out is not None:
        for path in (args.out, _lines(args.out)):
            check_file(path, [args.manifest])
    known = read_directory(args.data) if args.data else ()
    found = judge_all(read_manifest(args.manifest, known, args.swaps), args.jobs, args.strict)
    found.log()
    if args.out is not None:
        found.write(args.out, _lines(args.out))
    return found.as_dict()


def _lines(out: Path) -> Path:
    """Where the lines of single recordings go."""
    return out.with_name(f"{out.stem}.tsv")
