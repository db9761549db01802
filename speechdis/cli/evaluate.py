"""Measure a trained model by every metric of the protocol, beside floors and ceilings.

Reads the stores FEATURES/train and FEATURES/test (and CHANNEL/test: the same recordings through random channels)
and the data directories DATA/train and DATA/test. Prints one table; writes the figures to --out. The floors and
ceilings do not depend on the model: --references keeps them for the next one, and without --checkpoint they are all
that is measured.

Example:
    speechdis evaluate --checkpoint exp/cdsvae --data data/timit --features feats --channel feats-channel
"""

import argparse
import json
import logging
from pathlib import Path
from typing import Any

from speechdis.cli import checkpoint_option, count, device_option, vocoder_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    checkpoint_option(parser, required=False)
    add("--data", required=True, type=Path, metavar="DIR", help="holds the data directories")
    add("--features", required=True, type=Path, metavar="DIR", help="holds the stores")
    add("--channel", type=Path, metavar="DIR", help="holds the stores made with 'features --channel'")
    add(
        "--split",
        default="test",
        choices=["dev", "test"],
        help="speakers to test on; choose settings on dev",
    )
    add("--references", type=Path, metavar="JSON", help="floors and ceilings: read, or made and written")
    add(
        "--beside",
        action="append",
        default=[],
        type=Path,
        metavar="JSON",
        help="earlier --out to show (repeatable)",
    )
    add(
        "--attacker-steps",
        type=count,
        default=800,
        metavar="N",
        help="training of the attacker",
    )
    add(
        "--phone-steps",
        type=int,
        default=1200,
        metavar="N",
        help="training of the phone-sequence probe; 0 skips it",
    )
    add(
        "--lda",
        type=int,
        default=0,
        metavar="D",
        help="also score static vectors after a supervised LDA to D dimensions (training speakers' labels)",
    )
    add(
        "--swaps",
        type=int,
        default=0,
        metavar="N",
        help="also have judges hear N swaps of voices and train the two; 0: none",
    )
    vocoder_option(parser, "of the swaps; see 'speechdis swap --help'")
    add(
        "--out",
        type=Path,
        metavar="JSON",
        help="the figures (default: results.json in the experiment)",
    )
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Evaluate, print the table, write the figures."""
    from speechdis.data.atomic import replacing
    from speechdis.evaluation import measure, table
    from speechdis.synthesis import codes
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes
    from speechdis.training.provenance import provenance

    if args.checkpoint is None:
        return _floors(args)
    budget = measure.Budget(
        args.attacker_steps, args.phone_steps, lda=args.lda, swaps=args.swaps, vocoder=args.vocoder
    )
    with processes(args.device) as device:
        made = provenance(device)
        trained = checkpoint.load(args.checkpoint, device)
        if args.swaps:
            codes.check(trained)
        others = [_read(path, "row")["row"] for path in args.beside]
        speech = _speech(args)
        references = _references(args, speech, budget, device)
        row = measure.model_row(trained, speech, budget, device)
    row["system"] = checkpoint.resolve(args.checkpoint).parent.parent.name
    text = table.markdown([*references, *others, row])
    if "swaps" in row:
        text += "\n" + table.swaps(row["swaps"])
    result = {"row": row, "references": references, "protocol": _protocol(args, speech), "made": made}
    out = args.out or checkpoint.resolve(args.checkpoint).parent.parent / "results.json"
    with replacing(out) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n")
    log = logging.getLogger(__name__)
    log.info("\n%s", text)
    log.info(
        "static EER %.1f%%, dynamic EER %.1f%%: every figure -> %s",
        *(_clean(row, c) for c in ("static", "dynamic")),
        out,
    )
    return result


def _floors(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and keep what does not depend on a model."""
    from speechdis.evaluation import measure, table
    from speechdis.training.distributed import processes

    if args.references is None:
        raise InputError("give --checkpoint, or --references to measure the floors and ceilings alone")
    if args.swaps or args.lda or args.beside or args.out:
        raise InputError("--swaps, --lda, --beside and --out are of a model: give its --checkpoint")
    budget = measure.Budget(args.attacker_steps, args.phone_steps)
    with processes(args.device) as device:
        rows = _references(args, _speech(args), budget, device)
    log = logging.getLogger(__name__)
    log.info("\n%s", table.markdown(rows))
    log.info("%d floors and ceilings -> %s", len(rows), args.references)
    return {"references": rows}


def _clean(row: dict[str, Any], code: str) -> float:
    return 100 * row[code]["clean"]["raw"]["eer"]


def _read(path: Path, holds: str) -> dict[str, Any]:
    """What an earlier run wrote, figures under the key `holds` and their protocol."""
    try:
        content = json.loads(path.read_text())
    except ValueError:
        content = None
    if not isinstance(content, dict) or not {holds, "protocol"} <= content.keys():
        raise InputError(f"{path}: not what 'speechdis evaluate' writes: expected '{holds}' and 'protocol'")
    return content


def _speech(args: argparse.Namespace) -> Any:
    from speechdis.evaluation.speech import Speech, Split

    test = {"clean": Split.read(args.features / args.split, args.data / args.split)}
    if args.channel is not None:
        test["channel"] = Split.read(args.channel / args.split, args.data / args.split)
    return Speech(Split.read(args.features / "train", args.data / "train"), test)


def _protocol(args: argparse.Namespace, speech: Any) -> dict[str, Any]:
    """What the figures were measured on: the frames by digest, and the budgets."""
    stores = {"train": speech.train.store, **{name: split.store for name, split in speech.test.items()}}
    return {
        "split": args.split,
        "trials": "all pairs of different utterances",
        "digests": {name: store.digest for name, store in stores.items()},
        "attacker_steps": args.attacker_steps,
        "phone_steps": args.phone_steps,
        "resamples": 1000,
    }


def _references(args: argparse.Namespace, speech: Any, budget: Any, device: Any) -> list[dict[str, Any]]:
    """The reference rows from --references where they were made on the same frames, else made (and kept) now."""
    from speechdis.data.atomic import replacing
    from speechdis.evaluation.measure import reference_rows

    protocol = _protocol(args, speech)
    if args.references is not None and args.references.exists():
        kept = _read(args.references, "rows")
        if kept["protocol"] == protocol:
            return kept["rows"]
    rows = reference_rows(speech, budget, device)
    if args.references is not None:
        with replacing(args.references) as partial:
            partial.write_text(json.dumps({"protocol": protocol, "rows": rows}, indent=1) + "\n")
    return rows
