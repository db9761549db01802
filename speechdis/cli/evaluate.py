"""Measure a trained model by every metric of the protocol.

Reads the stores FEATURES/train and FEATURES/test and the data directories DATA/train and DATA/test; and, of the same
recordings through random channels, CHANNEL/test, and CHANNEL/train, from which attackers learn who know of channels.
Prints one table; writes the figures to --out. The floors and ceilings do not depend on the model: --references keeps
them for the next one, and without --checkpoint they are all that is measured.

Example:
    speechdis evaluate --checkpoint exp/cdsvae --data data/timit --features feats --channel feats-channel
"""

import argparse
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechdis.cli import (
    beside_option,
    checkpoint_option,
    count,
    device_option,
    none_or_more,
    split_option,
    vocoder_option,
)
from speechdis.errors import InputError

if TYPE_CHECKING:
    from speechdis.evaluation.results import Results

MOST_STEPS = 4000  # of the attacking network, which stops by itself


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    checkpoint_option(parser, required=False)
    add("--data", required=True, type=Path, metavar="DIR", help="holds the data directories")
    add("--features", required=True, type=Path, metavar="DIR", help="holds the stores")
    add("--channel", type=Path, metavar="DIR", help="holds the stores made with 'features --channel'")
    split_option(parser, "speakers to test on")
    add("--references", type=Path, metavar="JSON", help="floors and ceilings: read, or made and written")
    beside_option(parser, "--out")
    training_options(parser)
    add(
        "--lda",
        type=none_or_more,
        default=0,
        metavar="D",
        help="also score static vectors after a supervised LDA to D dimensions (training speakers' labels)",
    )
    add(
        "--swaps",
        type=none_or_more,
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
    add("--markdown", type=Path, metavar="MD", help="also write the table as Markdown")
    device_option(parser)


def training_options(parser: argparse.ArgumentParser) -> None:
    """Let `parser` say how long what listens is trained; `benchmark` hands it on."""
    parser.add_argument(
        "--attacker-steps",
        type=count,
        default=MOST_STEPS,
        metavar="N",
        help="the attacking network's training at most; it stops where held-out training speakers say so",
    )
    parser.add_argument(
        "--phone-steps",
        type=none_or_more,
        default=1200,
        metavar="N",
        help="training of the phone-sequence probe; 0 skips it",
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Evaluate, print the table, write the figures."""
    from speechdis.data.atomic import replacing
    from speechdis.data.outputs import check_file
    from speechdis.evaluation import measure, table
    from speechdis.synthesis import codes
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes
    from speechdis.training.provenance import provenance
    from speechdis.training.run_directory import RunDirectory

    if args.checkpoint is None:
        return _floors(args)
    budget = measure.Budget(
        args.attacker_steps, args.phone_steps, lda=args.lda, swaps=args.swaps, vocoder=args.vocoder
    )
    directory = RunDirectory.around(checkpoint.resolve(args.checkpoint))
    out = args.out or directory.new_results
    check_file(out, args.beside)
    with processes(args.device) as device:
        made = provenance(device)
        trained = checkpoint.load(args.checkpoint, device)
        if args.swaps:
            codes.check(trained)
        others = [_read(path, "row")[1][0] for path in args.beside]
        speech = _speech(args)
        _check(args, trained, speech, out)
        references = _references(args, speech, budget, device)
        row = measure.model_row(trained, speech, budget, device)
    row = replace(row, system=directory.name)
    rows = [*references, *others, row]
    told = [one.as_dict() for one in references]
    result = {"row": row.as_dict(), "references": told, "protocol": _protocol(args, speech), "made": made}
    with replacing(out) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n")
    _show(args, rows)
    log = logging.getLogger(__name__)
    if row.swaps is not None:
        log.info("\n%s", table.swaps(row.swaps, table.upright))
    log.info(
        "static EER %.1f%%, dynamic EER %.1f%%: every figure -> %s",
        *(100 * row.verified[code]["clean"]["raw"].eer for code in ("static", "dynamic")),
        out,
    )
    return result


def _floors(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and keep what does not depend on a model."""
    from speechdis.evaluation import measure
    from speechdis.training.distributed import processes

    if args.references is None:
        raise InputError("give --checkpoint, or --references to measure the floors and ceilings alone")
    if args.swaps or args.lda or args.beside or args.out:
        raise InputError("--swaps, --lda, --beside and --out are of a model: give its --checkpoint")
    budget = measure.Budget(args.attacker_steps, args.phone_steps)
    with processes(args.device) as device:
        rows = _references(args, _speech(args), budget, device)
    _show(args, rows)
    logging.getLogger(__name__).info("%d floors and ceilings -> %s", len(rows), args.references)
    return {"references": [row.as_dict() for row in rows]}


def _show(args: argparse.Namespace, rows: "Sequence[Results]") -> None:
    """Print the table, for a terminal; as Markdown write it to a file."""
    from speechdis.data.atomic import replacing
    from speechdis.evaluation import table

    logging.getLogger(__name__).info("\n%s", table.markdown(rows, table.upright))
    if args.markdown is not None:
        with replacing(args.markdown) as partial:
            partial.write_text(table.markdown(rows), "utf-8")


def _check(args: argparse.Namespace, trained: Any, speech: Any, out: Path) -> None:
    """Refuse, before any work, what would fail after it."""
    from speechdis.evaluation.swap_scores import pairs_of

    for split in (speech.train, *speech.test.values(), *speech.through.values()):
        trained.check(split.store)
    speakers = len(set(speech.train.store.spks))
    if args.lda >= speakers:
        raise InputError(f"--lda {args.lda}: {speakers} training speakers allow 1 to {speakers - 1}")
    if args.swaps:
        pairs_of(speech.clean.utterances, args.swaps)
    for path in filter(None, (out, args.markdown, args.references)):
        if path.is_dir():
            raise InputError(f"{path}: a folder, where a file is to be written")
        path.parent.mkdir(parents=True, exist_ok=True)


def _read(path: Path, holds: str) -> "tuple[dict[str, Any], list[Results]]":
    """What an earlier run wrote: its protocol, and the figures under the key `holds`."""
    from speechdis.data.text import read_json
    from speechdis.evaluation.results import Results

    content = read_json(path)
    if not isinstance(content, dict) or not {holds, "protocol"} <= content.keys():
        raise InputError(f"{path}: not what 'speechdis evaluate' writes: expected '{holds}' and 'protocol'")
    rows = content[holds] if isinstance(content[holds], list) else [content[holds]]
    return content["protocol"], [Results.read(row, str(path)) for row in rows]


def _speech(args: argparse.Namespace) -> Any:
    from speechdis.evaluation.speech import Speech, Split

    test = {"clean": Split.read(args.features / args.split, args.data / args.split)}
    through = {}
    if args.channel is not None:
        test["channel"] = Split.read(args.channel / args.split, args.data / args.split)
        if (args.channel / "train").exists():
            through["channel"] = Split.read(args.channel / "train", args.data / "train")
    speech = Speech(Split.read(args.features / "train", args.data / "train"), test, through)
    for line in _unmeasured(args, speech):
        logging.getLogger(__name__).warning("%s", line)
    return speech


def _unmeasured(args: argparse.Namespace, speech: Any) -> Iterator[str]:
    """What this speech does not allow to be measured, a line each."""
    from speechdis.judges import attackers

    train = args.data / "train"
    for name, split in (("train", speech.train), (args.split, speech.clean)):
        if args.phone_steps and not any(u.text_phone for u in split.utterances):
            timed = any(u.phones for u in split.utterances)
            more = "" if timed else "; nor 'phones' with times, so no phone probe either"
            yield f"{args.data / name}: no 'text_phone', so phone errors, the words left in z, are not measured{more}"
            break
    if "channel" in speech.test and not speech.through:
        yield (
            f"{args.channel}/train: not there, so no attacker learns through channels; "
            f"speechdis features --data {train} --out {args.channel}/train --channel 0 makes it"
        )
    for name, (split, _) in speech.attacked.items():
        if told := attackers.lacks(split.store.spks):
            yield f"{split.store.path}: no attacker, {name}: it {told}"


def _protocol(args: argparse.Namespace, speech: Any) -> dict[str, Any]:
    """What the figures were measured on: the frames by digest, by whom, and the budgets."""
    from speechdis.judges import attackers

    tested = speech.clean.store
    splits = {"train": speech.train, **{f"train, {name}": split for name, split in speech.through.items()}}
    return {
        "split": args.split,
        "trials": "all pairs of different utterances",
        "utterances": hashlib.sha256(
            "".join(f"{utt} {spk}\n" for utt, spk in zip(tested.utts, tested.spks, strict=True)).encode()
        ).hexdigest(),
        "digests": {name: split.store.digest for name, split in {**splits, **speech.test}.items()},
        "attackers": list(attackers.NAMES),
        "attacker_steps": args.attacker_steps,
        "phone_steps": args.phone_steps,
        "resamples": 1000,
    }


def _references(args: argparse.Namespace, speech: Any, budget: Any, device: Any) -> "list[Results]":
    """The reference rows from --references where they were made on the same frames, else made (and kept) now."""
    from speechdis.data.atomic import replacing
    from speechdis.evaluation.measure import reference_rows

    protocol = _protocol(args, speech)
    if args.references is not None and args.references.exists():
        before, kept = _read(args.references, "rows")
        if before == protocol:
            return kept
    rows = reference_rows(speech, budget, device)
    if args.references is not None:
        with replacing(args.references) as partial:
            partial.write_text(
                json.dumps({"protocol": protocol, "rows": [row.as_dict() for row in rows]}, indent=1) + "\n"
            )
    return rows
