"""Train a model from a recipe.

Reads the frame stores FEATURES/train and FEATURES/dev (validation speakers) and, for models that need them, the
voice-converted twins of both, AUGMENTED/train and AUGMENTED/dev (or one store, of the training set's alone). Models of
spoken and written digits (pvae, jmvae, vae) also read the stores IMAGES/train and IMAGES/dev, the texts of DATA/train
and DATA/dev, and DATA/dev/pairs. A vocoder (vocos) reads the samples of the same utterances, WAVEFORMS/train and
WAVEFORMS/dev, and may learn to speak what a model decodes: --augmented from 'speechdis reconstruct'. Started by
`torchrun`, it trains on all the processes' devices.

With --init it starts from the weights of a checkpoint, which the recipe and the features must fit, and keeps the
checkpoint's normalisation of frames: fine-tuning. The optimiser begins anew. OUT has its own copy of the file, so a
run that goes on reads it no more.

Ctrl-C or SIGTERM stops it between two steps and keeps its state, as every three minutes and every look at the
validation speakers do: --resume goes on, and ends as an unbroken run. OUT/train.log tells what it did.

Example:
    speechdis train --config revoice --features feats --augmented feats-twins --out exp/revoice
    speechdis train --config revoice/finetune --init revoice --features feats --augmented feats-twins --out exp/mine
"""

import argparse
from typing import Any

from speechdis.cli import device_option, path_option, set_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    path_option(
        parser, "--config", "a name ('speechdis recipes' lists them) or a YAML file", "RECIPE", required=True
    )
    path_option(parser, "--features", "holds the stores train and dev", required=True)
    path_option(parser, "--augmented", "stores of twins, train and dev, from 'speechdis augment'")
    path_option(parser, "--images", "stores of written digits, from 'speechdis images'")
    path_option(
        parser, "--data", "data directories that say which digits are spoken, or what is said (model.ctc)"
    )
    path_option(parser, "--waveforms", "of a vocoder: stores of samples, from 'speechdis features'")
    path_option(
        parser, "--init", "start from its weights: an experiment, a file, or a name, such as revoice", "CKPT"
    )
    path_option(parser, "--out", "experiment directory to fill", required=True)
    set_option(parser, "override numbers of the recipe, such as training.steps=100 training.batch=32")
    add(
        "--resume",
        action="store_true",
        help="go on with the run in --out, if there is one; with --set training.steps=N, to N steps",
    )
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Train and say where the result is."""
    from speechdis.pipeline.training import fit
    from speechdis.training import config, recipes

    recipe = config.read(recipes.find(args.config), args.set)
    if args.images is not None and args.data is None:
        raise InputError("--images and --data go together: which digits are written, and which are spoken")
    digits = None if args.images is None else (args.data, args.images)
    return fit(
        recipe,
        args.features,
        args.augmented,
        args.out,
        args.resume,
        args.device,
        digits,
        args.init,
        args.waveforms,
        None if digits else args.data,
    )
