"""Measure a model of spoken and written digits by its clusters.

Reads the stores FEATURES/SPLIT and IMAGES/SPLIT and the texts of DATA/SPLIT; trains a judge of each modality on their
`train`. Prints purities beside those of the PVAE paper's Table 1 and writes to OUT: digits.json (every figure),
inertia.png (its figure 3), tsne.png (12 to 15), tsne-pooled.png (13) and, of a model without styles (JMVAE), what codes
read from one modality are decoded to in both: decoded-speech.png and decoded-image.png (2).

Example:
    speechdis clusters --checkpoint exp/pvae --features feats --data data/fsdd --images feats/mnist
"""

import argparse
import json
import logging
from pathlib import Path
from typing import Any

from speechdis.cli import beside_option, checkpoint_option, count, device_option, path_option, split_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    checkpoint_option(parser)
    path_option(parser, "--features", "holds the stores of spoken digits", required=True)
    path_option(parser, "--data", "holds the data directories of spoken digits", required=True)
    path_option(parser, "--images", "holds the stores of written digits", required=True)
    split_option(parser, "which part to measure on")
    path_option(parser, "--out", "where figures and numbers go (default: the checkpoint's experiment)")
    beside_option(parser, "digits.json")
    add("--judge-steps", type=count, default=1500, metavar="N", help="training of each judge")
    add("--seed", type=int, default=0, help="of clusters, judges and drawn pairs")
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure, print the tables, write figures and plots."""
    from speechdis.data.atomic import replacing_folder
    from speechdis.data.outputs import check_folder
    from speechdis.data.record import Kind
    from speechdis.evaluation import digit_table, digits
    from speechdis.judges.digit_judge import DigitJudge
    from speechdis.metrics import clusters
    from speechdis.plots.grid import plot_grid
    from speechdis.plots.inertia import plot_inertia
    from speechdis.plots.maps import plot_maps, plot_pooled
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes
    from speechdis.training.paired_batches import samples_of
    from speechdis.training.provenance import provenance
    from speechdis.training.run_directory import RunDirectory

    exp = RunDirectory.around(checkpoint.resolve(args.checkpoint)).path
    out = args.out or exp
    kind = Kind(
        "folder of digit figures",
        ("digits.json", "inertia.png", "tsne.png"),
        r"tsne-pooled\.png|decoded-\w+\.png",
        shared=True,
    )
    check_folder(out, kind)
    others = [_earlier(path) for path in args.beside]
    with processes(args.device) as device:
        made = provenance(device)
        trained = checkpoint.load(args.checkpoint, device)
        train, tested = (
            samples_of(trained, args.features / part, args.data / part, args.images / part, device)
            for part in ("train", args.split)
        )
        judges = {name: DigitJudge.train(name, train[name], args.judge_steps, args.seed) for name in train}
        codes = {name: digits.infer(trained, name, samples) for name, samples in tested.items()}
        result: dict[str, Any] = {"system": exp.name, "model": trained.name, "step": trained.step}
        result |= digits.clustered(codes, tested, args.seed)
        result["judges"] = {name: judge.accuracy(tested[name]) for name, judge in judges.items()}
        result["generation"] = digits.generated(trained, codes, tested, judges, seed=args.seed)
        shown: dict[str, Any] = {}
        if "style" not in next(iter(codes.values())):
            result["existence"] = digits.existence(trained, codes, tested)
            if len(codes) > 1:
                shown = {name: digits.decoded(trained, codes, tested, name) for name in codes}
        stores = {name: samples.store.digest for name, samples in tested.items()}
    result["protocol"] = {
        "split": args.split,
        "seed": args.seed,
        "restarts": clusters.RESTARTS,
        "digests": stores,
    }
    result["made"] = made
    maps = {
        f"{code} of {name}": clusters.mapped(mean.cpu().numpy(), tested[name].digits, args.seed)
        for name, found in codes.items()
        for code, mean in found.items()
    }
    with replacing_folder(out, kind) as partial:
        plot_maps(partial / "tsne.png", maps)
        if len(codes) > 1:
            shared = {name: next(iter(found.values())).cpu().numpy() for name, found in codes.items()}
            pooled = {name: (values, tested[name].digits) for name, values in shared.items()}
            plot_pooled(partial / "tsne-pooled.png", clusters.mapped_together(pooled, args.seed))
        for source, (inputs, rows) in shown.items():
            blank: list[None] = [None] * len(rows)
            plot_grid(partial / f"decoded-{source}.png", inputs, blank, rows, f"read from\n{source}")
        plot_inertia(partial / "inertia.png", result["inertia"])
        (partial / "digits.json").write_text(json.dumps(result, indent=1) + "\n")
    log = logging.getLogger(__name__)
    log.info("\n%s", digit_table.markdown([*others, result]))
    purities = {name: 100 * next(iter(c.values()))["purity"] for name, c in result["clusters"].items()}
    log.info(
        "purity of %s: every figure -> %s",
        ", ".join(f"{name} {value:.2f}%" for name, value in purities.items()),
        out / "digits.json",
    )
    return result


def _earlier(path: Path) -> dict[str, Any]:
    """What an earlier run wrote, if a table can be made of it."""
    from speechdis.data.text import read_json
    from speechdis.errors import InputError
    from speechdis.evaluation import digit_table

    content = read_json(path)
    try:
        digit_table.markdown([content])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: not a digits.json of this command, or damaged ({error!r})") from None
    return content
