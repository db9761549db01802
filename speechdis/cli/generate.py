"""Speak a synthetic corpus, in the published layout of a licensed one, with espeak-ng.

Times of phones, words or digits and speaker factors are known exactly. The same seed gives the same bytes.
"""

import argparse
import inspect
import logging
from pathlib import Path

from speechdis.corpora import generated


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command; each layout adds its own."""
    names = generated.names()
    commands = parser.add_subparsers(
        dest="layout",
        required=True,
        metavar="CORPUS",
        help=f"{', '.join(names)} ('CORPUS --help' for its options)",
    )
    for name in names:
        module = generated.load(name)
        text = (module.__doc__ or "").strip()
        layout = commands.add_parser(
            name,
            help=text.splitlines()[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        layout.add_argument("--out", type=Path, required=True, metavar="DIR", help="the new corpus root")
        layout.add_argument(
            "--speakers",
            type=int,
            default=module.SPEAKERS,
            metavar="N",
            help=f"different voices (default {module.SPEAKERS})",
        )
        layout.add_argument(
            "--seed", type=int, default=0, help="of voices, of what is said and of noise (default 0)"
        )
        layout.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")
        # main() gives --json to the command; here it may also stand after the corpus
        layout.add_argument(
            "--json", metavar="FILE", default=argparse.SUPPRESS, help="write the counts as JSON"
        )
        module.arguments(layout)


def run(args: argparse.Namespace) -> dict[str, int]:
    """Generate a corpus; the number of speakers and recordings."""
    from tqdm import tqdm

    from speechdis.data.atomic import replacing

    generate = generated.load(args.layout).generate
    options = vars(args).keys() & inspect.signature(generate).parameters.keys()
    with replacing(args.out, marker=generated.MARKER) as partial:
        done = generate(partial, **{name: getattr(args, name) for name in options})
        counts = list(tqdm(done, total=args.speakers, unit="speaker", desc=f"generate {args.layout}"))
    logging.getLogger(__name__).info("%s: %d recordings of %d speakers", args.out, sum(counts), len(counts))
    return {"speakers": len(counts), "recordings": sum(counts)}
