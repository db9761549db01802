"""Train and measure a suite of systems, and write one table.

Takes a prepared corpus (a folder of data directories) to the table by the commands that a recipe runs one by one:
features, the same through random channels, twins; then train and evaluate for every system and seed. Run again
after a kill, it goes on where it was. Writes OUT/SUITE.md, .csv and .json, floors and ceilings first; OUT has the
layout of a recipe's --work.

Example:
    speechdis benchmark --suite static-dynamic --corpus data/timit --out bench --seeds 3
"""

import argparse
import datetime
import functools
import json
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from speechdis.cli import command_line, count, device_option, show_notices
from speechdis.cli.evaluate import training_options
from speechdis.errors import InputError

if TYPE_CHECKING:
    from speechdis.evaluation.results import Results
    from speechdis.evaluation.suite import System

Item = TypeVar("Item")
Result = TypeVar("Result")

_LOG = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--suite", required=True, metavar="NAME", help="a name in recipes/suites, or a YAML file")
    add("--corpus", required=True, type=Path, metavar="DIR", help="data directories train, dev and test")
    add("--out", required=True, type=Path, metavar="DIR", help="holds feats/, exp/ and the table")
    add(
        "--recipes",
        metavar="NAME",
        help="{corpus} in the suite's recipes (default: the name of --corpus); where a model has none, speech",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override a number in every system (repeatable)",
    )
    add("--seeds", type=count, default=1, metavar="N", help="trainings of each system")
    add(
        "--jobs",
        type=count,
        default=1,
        metavar="N",
        help="trainings at a time, on the CPU each with its share of the cores",
    )
    add("--features", default="fbank", choices=["fbank", "spectrogram"], help="what models are trained on")
    add("--versions", type=count, default=4, metavar="V", help="twins of an utterance")
    add("--split", default="test", choices=["dev", "test"], help="speakers measured on")
    training_options(parser)
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Run what is not there yet, and write the table."""
    from speechdis.data.atomic import replacing_folder
    from speechdis.data.outputs import check_folder
    from speechdis.data.record import Kind
    from speechdis.data.text import read_json
    from speechdis.evaluation import suite as suites
    from speechdis.evaluation.results import Results
    from speechdis.evaluation.table import upright
    from speechdis.training import recipes

    path = recipes.find_suite(args.suite)
    suite = suites.read_suite(path, recipes.folder(), args.recipes or args.corpus.name)
    feats = args.out / "feats" / f"{args.corpus.name}-{args.features}"
    kind = Kind(
        "folder of a suite", tuple(f"{path.stem}{end}" for end in (".csv", ".json", ".md")), shared=True
    )
    check_folder(args.out, kind)
    _frames(args, feats)
    trainings = [(system, seed) for system in suite.systems for seed in range(args.seeds)]
    _command("evaluate", *_protocol(args, feats))  # floors and ceilings: first, so that no two rows make them
    row = functools.partial(_row, args, feats, args.out / "exp" / path.stem / feats.name)
    rows = list(_each(row, trainings, args.jobs))
    summaries = [
        suites.summarise(system.title, rows[k * args.seeds : (k + 1) * args.seeds])
        for k, system in enumerate(suite.systems)
    ]
    kept = _references(args, feats)
    known = [Results.read(row, str(kept)) for row in read_json(kept)["rows"]]
    floors = [suites.summarise(row.system, [row]) for row in known]
    title = f"{path.stem} on {args.corpus.name}"
    caption = (
        f"Means of {args.seeds} trainings, with the range of each; EER in % of all pairs of {args.split}."
    )
    content = suites.committable(title, caption, [*floors, *summaries], _made(args.device))
    content["published"] = suite.published
    table = args.out / path.stem
    with replacing_folder(args.out, kind) as partial:
        for suffix, text in {
            ".md": suites.markdown([*floors, *summaries], suite.published),
            ".csv": suites.as_csv([*floors, *summaries]),
            ".json": json.dumps(content, indent=1) + "\n",
        }.items():
            (partial / f"{path.stem}{suffix}").write_text(text)
    _LOG.info("\n%s", suites.markdown([*floors, *summaries], suite.published, upright))
    _LOG.info("%s: %d systems, %d seeds -> %s.md", path.stem, len(suite.systems), args.seeds, table)
    return {"systems": summaries}


def _made(device: str) -> dict[str, Any]:
    """By which command, commit, day and machine the table is."""
    from speechdis.training.distributed import processes
    from speechdis.training.provenance import provenance

    with processes(device) as place:
        return {**provenance(place), "date": datetime.date.today().isoformat()}


def _frames(args: argparse.Namespace, feats: Path) -> None:
    """The stores that are not there yet; a store appears whole or not at all."""
    from speechdis.features.store import Store
    from speechdis.training.twins import twin_stores

    kind = ["--type", args.features]
    for split in ("train", "dev", args.split):
        if not (feats / split).exists():
            _command("features", "--data", args.corpus / split, "--out", feats / split, *kind)
    for split in ("train", args.split):
        channel = Path(f"{feats}-channel") / split
        if not channel.exists():
            _command("features", "--data", args.corpus / split, "--out", channel, *kind, "--channel", 0)
    twins = Path(f"{feats}-twins")
    found = twin_stores(twins)  # of older folders: those of the training set alone
    for split in ("train", "dev"):
        store = found.get(split, twins / split)
        if store.exists():
            made = Store.read(store).settings["augment"]["versions"]
            if made != args.versions:
                raise InputError(f"{store}: holds {made} twins an utterance, not {args.versions}; remove it")
        elif found.get("train") != twins:
            told = ["--data", args.corpus / split, "--features", feats / split, "--out", store]
            _command("augment", *told, *kind, "--versions", args.versions)


def _each(function: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> Iterator[Result]:
    """`function` of each item, in order; of `jobs` of them at a time, each in a process of its own.

    Unlike those of `map_utterances`, the processes end with this one, however it ends: a training that went on
    would write where the next run resumes.
    """
    if jobs == 1:
        yield from map(function, items)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    fresh = multiprocessing.get_context("spawn")
    quiet = not _LOG.isEnabledFor(logging.INFO)
    with ProcessPoolExecutor(jobs, fresh, _begin, (threads, quiet)) as pool:
        yield from pool.map(function, items)


def _begin(threads: int, quiet: bool) -> None:
    """Begin a process of `_each`, which ends when its parent does, be that killed."""
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))  # read when torch is imported
    show_notices(quiet)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _row(args: argparse.Namespace, feats: Path, exps: Path, training: "tuple[System, int]") -> "Results":
    """The figures of one training, of a system and a seed: made now or read."""
    from speechdis.data.text import read_json
    from speechdis.evaluation.results import Results
    from speechdis.training import config, experiment
    from speechdis.training.run_directory import RunDirectory

    system, seed = training
    exp = exps / f"{system.slug}-{seed}"
    recipe, settings = system.recipe, [*system.settings, *args.set, f"training.seed={seed}"]
    results, twins = exp / f"results-{args.split}.json", Path(f"{feats}-twins")
    experiment.unchanged(exp, experiment.run_identity(config.read(recipe, settings), feats, twins))
    if not _measured(args, feats, results):
        told = [word for setting in settings for word in ("--set", setting)]
        stores = ["--features", feats, "--augmented", twins]
        _command(
            "train", "--config", recipe, *told, *stores, "--out", exp, "--resume", "--device", args.device
        )
        _command("evaluate", "--checkpoint", exp / "best", "--out", results, *_protocol(args, feats))
    made = read_json(RunDirectory(exp).record)
    timed = made["step"] - made["from_step"]  # of a broken run only its last part
    seconds = made["seconds"] * made["step"] / timed if timed else made["seconds"]
    return replace(Results.read(read_json(results)["row"], str(results)), seconds=seconds)


def _protocol(args: argparse.Namespace, feats: Path) -> list[object]:
    """What `evaluate` is told of every system alike."""
    stores = ["--data", args.corpus, "--features", feats, "--channel", f"{feats}-channel"]
    steps = ["--attacker-steps", args.attacker_steps, "--phone-steps", args.phone_steps]
    kept = ["--references", _references(args, feats), "--split", args.split, "--device", args.device]
    return [*stores, *steps, *kept]


def _references(args: argparse.Namespace, feats: Path) -> Path:
    """Floors and ceilings, which do not depend on a system."""
    return Path(f"{feats}-references-{args.split}.json")


def _measured(args: argparse.Namespace, feats: Path, results: Path) -> bool:
    """Whether `results` are there, of these recordings and judges trained as long."""
    from speechdis.data.text import read_json
    from speechdis.features.store import Store
    from speechdis.judges import attackers

    if not results.exists():
        return False
    protocol = read_json(results)["protocol"]
    channel = Path(f"{feats}-channel")
    stores = {
        "train": feats / "train",
        "train, channel": channel / "train",
        "clean": feats / args.split,
        "channel": channel / args.split,
    }
    asked = {
        "attackers": list(attackers.NAMES),
        "digests": {name: Store.read(path).digest for name, path in stores.items()},
        "attacker_steps": args.attacker_steps,
        "phone_steps": args.phone_steps,
    }
    return all(protocol.get(key) == value for key, value in asked.items())


def _command(name: str, *words: object) -> None:
    """Run another command of this program, in this process."""
    args = command_line().parse_args([name, *map(str, words)])
    _LOG.info("%s %s", name, " ".join(map(str, words)))
    args.run(args)
