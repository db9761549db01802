"""Speak a synthetic corpus in a licensed one's published layout.

The voice is espeak-ng's.
Times of phones, words or digits and speaker factors are known exactly. The same seed gives the same bytes.

Example:
    speechdis generate timit --out generated --speakers 12
"""

import argparse
import inspect
import logging
from types import ModuleType

from speechdis.cli import count, each_corpus, jobs_option, path_option
from speechdis.corpora import generated


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command; each layout adds its own."""
    each_corpus(parser, "layout", {generated: _shared})


def _shared(layout: argparse.ArgumentParser, module: ModuleType) -> None:
    add = layout.add_argument
    path_option(layout, "--out", "the new corpus root", required=True)
    speakers = module.SPEAKERS
    add("--speakers", type=count, default=speakers, metavar="N", help="different voices")
    add("--seed", type=int, default=0, help="of voices, of what is said and of noise")
    jobs_option(layout, "processes (default: all cores)")


def run(args: argparse.Namespace) -> dict[str, int]:
    """Generate a corpus; the number of speakers and recordings."""
    from tqdm import tqdm

    from speechdis.data.atomic import replacing_folder

    generate = generated.load(args.layout).generate
    options = vars(args).keys() & inspect.signature(generate).parameters.keys()
    with replacing_folder(args.out, generated.KIND) as partial:
        done = generate(partial, **{name: getattr(args, name) for name in options})
        counts = list(tqdm(done, total=args.speakers, unit="speaker", desc=f"generate {args.layout}"))
    logging.getLogger(__name__).info("%s: %d recordings of %d speakers", args.out, sum(counts), len(counts))
    return {"speakers": len(counts), "recordings": sum(counts)}
