"""Turn MNIST into frame stores: train, dev and test.

An image is 28 frames (rows) of 28 pixels in [0, 1]; its id is its digit and its number, 7-00012. The release's
10,000 test images are `test`; some of the others, drawn by seed, are `dev`.

Example:
    speechdis images --root MNIST --out feats/mnist
"""

import argparse
import logging

from speechdis.cli import overwrite_option, path_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    path_option(parser, "--root", "MNIST's four IDX files, plain or .gz", required=True)
    path_option(parser, "--out", "writes DIR/train, DIR/dev and DIR/test", required=True)
    add("--dev", type=int, default=5000, metavar="N", help="training images held for dev")
    add("--seed", type=int, default=0, help="draws them")
    overwrite_option(parser)


def run(args: argparse.Namespace) -> dict[str, int]:
    """Write the stores; the number of images in each."""
    import numpy as np

    from speechdis.corpora import mnist
    from speechdis.errors import InputError
    from speechdis.features.images import settings_of_images, write_images
    from speechdis.features.store import check_replaceable

    parts = {part: mnist.read(args.root, part) for part in ("train", "test")}
    count = len(parts["train"][1])
    if not 0 < args.dev < count:
        raise InputError(f"--dev {args.dev}: choose 1 to {count - 1} of the {count} training images")
    order = np.random.default_rng(args.seed).permutation(count)
    chosen = {
        "train": ("train", np.sort(order[args.dev :])),
        "dev": ("train", np.sort(order[: args.dev])),
        "test": ("test", np.arange(len(parts["test"][1]))),
    }
    for name, (part, _) in chosen.items() if not args.overwrite else ():
        check_replaceable(args.out / name, settings_of_images(parts[part][0]))
    sizes = {}
    for name, (part, numbers) in chosen.items():
        sizes[name] = len(write_images(args.out / name, *parts[part], numbers, args.overwrite))
    logging.getLogger(__name__).info(
        "%s: %d images for training, %d for dev, %d for test", args.out, *sizes.values()
    )
    return sizes
