"""Speak a synthetic corpus, in the published layout of a licensed one, with espeak-ng.

Phone times, words and speaker factors are known exactly. The same seed gives the same bytes.
"""

import argparse
import logging
from pathlib import Path

_LAYOUTS = ("timit",)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("layout", choices=_LAYOUTS, metavar="CORPUS", help=", ".join(_LAYOUTS))
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the new corpus root")
    parser.add_argument("--speakers", type=int, default=64, metavar="N", help="different voices (default 64)")
    parser.add_argument(
        "--sentences", type=int, default=8, metavar="N", help="of each, besides SA1, SA2 (default 8)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of voices, sentences and noise (default 0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")


def run(args: argparse.Namespace) -> dict[str, int]:
    """Generate a corpus; the number of speakers and sentences."""
    from tqdm import tqdm

    from speechdis.corpora import generated
    from speechdis.data.atomic import replacing

    with replacing(args.out, marker="DOC/SPEAKERS.TSV") as partial:
        write = getattr(generated, args.layout)
        done = write(partial, args.speakers, args.seed, args.sentences, args.jobs)
        count = sum(
            1 for _ in tqdm(done, total=args.speakers, unit="speaker", desc=f"generate {args.layout}")
        )
    sentences = count * (args.sentences + 2)
    logging.getLogger(__name__).info("%s: %d sentences of %d speakers", args.out, sentences, count)
    return {"speakers": count, "sentences": sentences}
