"""Pair each spoken digit with a written one, once and for all.

The written one is drawn from those of the same identity.
For dev and test; training draws new pairs in every epoch. SPEECH is a data directory whose `text` is one digit an
utterance, IMAGES a store of `speechdis images`. Lines 'spoken-id image-id'.

Example:
    speechdis pair --speech data/fsdd/dev --images feats/mnist/dev --out data/fsdd/dev/pairs
"""

import argparse
import logging
from typing import Any

from speechdis.cli import path_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    path_option(parser, "--speech", "data directory of single spoken digits", required=True)
    path_option(parser, "--features", "frame store of SPEECH: what it skipped is not paired")
    path_option(parser, "--images", "frame store of written digits", required=True)
    path_option(parser, "--out", "the pairs", "FILE", required=True)
    add("--seed", type=int, default=0, help="draws them")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Write the pairs; how many there are of each digit and how many different images they use."""
    import numpy as np

    from speechdis.data.outputs import check_file
    from speechdis.errors import InputError
    from speechdis.features.store import Store
    from speechdis.training.digit_pairs import Pairing, spoken_digits, write_pairs, written_digits

    check_file(args.out)
    spoken, store = spoken_digits(args.speech), Store.read(args.images)
    if args.features is not None:
        usable = set(Store.read(args.features).utts)
        spoken = {utt: digit for utt, digit in spoken.items() if utt in usable}
    digits, written = np.array(list(spoken.values())), written_digits(store)
    try:
        images = Pairing(digits, written).draw(args.seed)
    except InputError as error:
        raise InputError(f"{args.speech} and {args.images}: {error}") from None
    write_pairs(args.out, [(utt, store.utts[i]) for utt, i in zip(spoken, images, strict=True)])
    log, classes = logging.getLogger(__name__), []
    for digit in np.unique(digits):
        of = digits == digit
        row = {"digit": int(digit), "spoken": int(of.sum()), "written": int((written == digit).sum())}
        row["images_used"] = len(np.unique(images[of]))
        classes.append(row)
        log.info("%d: %6d spoken, %6d written, %6d of them used", *row.values())
    used = len(np.unique(images))
    log.info("%s: %d pairs with %d different images", args.out, len(digits), used)
    return {"pairs": len(digits), "images_used": used, "classes": classes}
