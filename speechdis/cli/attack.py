"""Attack codes by a ladder of attackers: how much voice is left?

Attackers learn from DATA/train with its speakers' labels: a linear one, codebooks of sounds, random convolutions, and
ECAPA-TDNNs of three sizes. Speakers of DATA/dev (12 or more; else some training speakers) say when networks stop, which
attackers are fused, and which is the strongest. That one's figures on DATA/test count.

Attacked are the stores FEATURES/{train,dev,test}; with --checkpoint the model's dynamic codes of them, or those of
several models side by side; or any system's: CODES/{train,dev,test} hold UTT.npy, (T, D) or discrete units (T,), or a
Kaldi feats.scp. --floors attacks what no honest code of the words can hide: the text, the timing, the melody; 'pitch'
keeps its level.

Examples:
    speechdis attack --data data/mine --features feats --checkpoint exp/revoice --floors text timing
    speechdis attack --data data/mine --codes other-system --plot ladder.png --out attack.json
"""

import argparse
import json
import logging
from typing import Any

from speechdis.cli import (
    attacker_option,
    attacker_steps,
    checkpoint_option,
    device_option,
    normal_scores_option,
    path_option,
    split_option,
)
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    path_option(parser, "--data", "holds the data directories", required=True)
    path_option(parser, "--features", "holds the frame stores")
    path_option(parser, "--codes", "in place of --features: another system's codes")
    checkpoint_option(parser, required=False, several=True)
    parser.add_argument(
        "--floors",
        nargs="+",
        default=[],
        choices=["text", "timing", "melody", "pitch"],
        help="also attack what cannot be hidden; pitch and melody read the recordings",
    )
    split_option(parser, "speakers to attack")
    normal_scores_option(parser, "codes")
    attacker_option(parser)
    path_option(parser, "--plot", "draw EER over attackers' size and training speakers", "FIGURE")
    path_option(parser, "--out", "every figure", "JSON")
    parser.add_argument("--seed", type=int, default=0, help="of the attackers (default: 0)")
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Attack, print the tables, write the figures."""
    from speechdis.data.atomic import replacing
    from speechdis.data.outputs import check_file
    from speechdis.evaluation import attacking
    from speechdis.plots.files import figure_format
    from speechdis.training.distributed import processes

    if (args.features is None) == (args.codes is None):
        raise InputError("give --features, or --codes of another system")
    if args.codes is not None and (args.checkpoint or args.floors):
        raise InputError("--checkpoint and --floors go with --features")
    if args.plot:
        figure_format(args.plot)
    for path in filter(None, (args.out, args.plot)):
        check_file(path)
    log, found = logging.getLogger(__name__), {}
    steps = attacker_steps(args)
    with processes(args.device) as device:
        what = "codes" if args.checkpoint or args.codes else "features"
        on = attacking.read(
            args.data, args.features, args.codes, args.checkpoint, args.split, device, args.seed
        )
        if args.normal_scores:
            on = on.normal_scores(args.normal_scores)
        found[what] = attacking.attack(on, steps, args.seed, device, bool(args.plot))
        log.info("\n%s", attacking.markdown(found))
        for name in args.floors:
            on = attacking.floor(name, args.data, args.features, args.split, args.seed)
            found[name] = attacking.attack(on, steps, args.seed, device)
    if args.floors:
        log.info("\n%s", attacking.markdown(found))
    if args.plot:
        attacking.plot(args.plot, found[what])
    if args.out:
        with replacing(args.out) as partial:
            partial.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return found
