"""Put frame-level arrays of your own beside frames, to read words.

ARRAYS is a folder of UTTERANCE.npy, each of shape (T', D) at any frame rate; or a folder with Kaldi's feats.scp; or an
scp file; or a folder of these by split. FEATURES is a frame store, or a folder of them (train, dev, test), and OUT
becomes the same with D more columns, resampled in time. Models see it in the store: Revoice then reads z from these.

Example:
    speechdis content --features feats --arrays hubert --out feats-hubert
"""

import argparse
from typing import Any

from speechdis.cli import overwrite_option, path_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    path_option(parser, "--features", "frame store, or a folder of them", required=True)
    path_option(parser, "--arrays", "the array of each utterance", required=True)
    path_option(parser, "--out", "frame store, or a folder of them", required=True)
    parser.add_argument(
        "--strict",
        action="store_true",
        help="fail on an utterance without a fitting array instead of leaving it out",
    )
    overwrite_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Make one store or several."""
    from speechdis.pipeline.content import add_content

    made = add_content(args.features, args.arrays, args.out, args.strict, args.overwrite)
    return {name or one.store.path.name: one.figures() for name, one in made.items()}
