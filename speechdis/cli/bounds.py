"""Measure sequence models by their bounds; draw how they learnt.

For vrnn and avrnn, on held-out speech.
Prints a table in nats a frame: reconstruction, KL(q || p), ELBO, importance-weighted bound, what the critic sees, and
squared errors teacher-forced and free-running. OUT gets bounds.json, and learning.png with learning.tsv: the
reconstruction and the bounds over training, the losses of critic and adversary (figures 2 and 3 of A-VRNN's paper).

Example:
    speechdis bounds --exp exp/vrnn --exp exp/avrnn --features feats/test --out exp/bounds
"""

import argparse
import logging
from pathlib import Path
from typing import Any

from speechdis.cli import count, device_option, path_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "--exp",
        required=True,
        action="append",
        type=Path,
        metavar="EXP",
        help="experiment; its best checkpoint is measured (repeatable)",
    )
    path_option(parser, "--features", "frame store of held-out speakers", required=True)
    add("--samples", type=count, default=64, metavar="K", help="of the importance-weighted bound")
    add("--segments", type=count, default=500, metavar="M", help="at most, evenly spread")
    add("--seed", type=int, default=0, help="of the draws")
    path_option(parser, "--out", "where figures and numbers go", required=True)
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure, print the table, write figures and numbers."""
    import json
    from dataclasses import asdict

    from tqdm import tqdm

    from speechdis.data.atomic import replacing_folder
    from speechdis.data.record import Kind
    from speechdis.evaluation import learning
    from speechdis.evaluation.bounds import bounds, markdown
    from speechdis.features.store import Store
    from speechdis.plots.learning import plot_learning
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes
    from speechdis.training.provenance import provenance

    names = [exp.name for exp in args.exp]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(
            f"two experiments are called '{min(twice)}', and so would their rows be; rename a folder"
        )
    rows = learning.logged(args.exp)
    store, measured = Store.read(args.features), {}
    files = ("bounds.json", "learning.png", "learning.tsv")
    kind = Kind("folder of bounds", files, "|".join(files))
    with replacing_folder(args.out, kind) as out, processes(args.device) as device:
        made = provenance(device)
        for exp in tqdm(args.exp, unit="model", desc="bounds"):
            trained = checkpoint.load(exp, device)
            measured[exp.name] = bounds(trained, store, device, args.samples, args.segments, args.seed)
        plot_learning(out / "learning.png", rows)
        learning.write_table(out / "learning.tsv", rows)
        systems = {name: asdict(found) for name, found in measured.items()}
        result = {"systems": systems, "digest": store.digest, "seed": args.seed, "made": made}
        (out / "bounds.json").write_text(json.dumps(result, indent=1) + "\n")
    log = logging.getLogger(__name__)
    log.info("\n%s", markdown(measured))
    log.info("%d models, nats a frame of %s -> %s", len(measured), args.features, args.out)
    return result
