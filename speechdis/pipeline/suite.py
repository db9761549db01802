"""A suite from recordings to a table: what is there is kept, what is missing is made."""

import datetime
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from speechdis.data.atomic import replacing_folder
from speechdis.data.outputs import check_folder
from speechdis.data.record import Kind
from speechdis.data.text import read_json
from speechdis.errors import InputError
from speechdis.evaluation import suite as suites
from speechdis.evaluation.results import Results
from speechdis.evaluation.suite import Suite, System
from speechdis.evaluation.table import upright
from speechdis.features.store import Store
from speechdis.pipeline.evaluation import Protocol, evaluate, floors, read_results
from speechdis.pipeline.frames import make_features, make_twins
from speechdis.pipeline.processes import side_by_side
from speechdis.pipeline.training import fit
from speechdis.training import config, identity, recipes, transcripts
from speechdis.training.distributed import place, processes
from speechdis.training.precision import settled
from speechdis.training.provenance import provenance
from speechdis.training.run_directory import RunDirectory
from speechdis.training.twins import twin_stores

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Benchmark:
    """A suite on a corpus.

    Attributes:
        suite: name, or YAML file.
        corpus: holds the data directories train, dev and the split.
        out: holds feats/, exp/ and the table; the layout of a recipe's --work.
        protocol: split, budget and device; its paths follow from `out`.
        kind: of features.
        recipes: what "{corpus}" means in the suite's recipes; None for the corpus's name.
        settings: "key=value", for every system.
        seeds: trainings of each system.
        jobs: trainings at a time.
        versions: twins of an utterance.
    """

    suite: str
    corpus: Path
    out: Path
    protocol: Protocol
    kind: str = "fbank"
    recipes: str | None = None
    settings: Sequence[str] = ()
    seeds: int = 1
    jobs: int = 1
    versions: int = 4

    @property
    def path(self) -> Path:
        """The suite's file."""
        return recipes.find_suite(self.suite)

    def read(self) -> Suite:
        """The suite. Raises InputError as `read_suite`."""
        return suites.read_suite(self.path, recipes.folder(), self.recipes or self.corpus.name)

    @property
    def twins(self) -> Path:
        """Holds the stores of twins."""
        return Path(f"{self.protocol.features}-twins")


def placed(
    suite: str, corpus: Path, out: Path, protocol: Protocol, kind: str = "fbank", **options: Any
) -> Benchmark:
    """A benchmark whose stores lie in `out`; `protocol` has the split, the budget and the device."""
    feats = out / "feats" / f"{corpus.name}-{kind}"
    there = replace(
        protocol,
        data=corpus,
        features=feats,
        channel=Path(f"{feats}-channel"),
        references=Path(f"{feats}-references-{protocol.split}.json"),
    )
    return Benchmark(suite, corpus, out, there, kind, **options)


def run(benchmark: Benchmark, begin: Callable[[], None]) -> list[dict[str, Any]]:
    """Make what is not there yet, and write the table, OUT/SUITE.md, .csv and .json; its rows.

    Args:
        benchmark: what to do.
        begin: called first in every process that trains beside others.

    Raises:
        InputError: no such suite; stores or runs in `out` of another kind.
    """
    suite, name, protocol = benchmark.read(), benchmark.path.stem, benchmark.protocol
    files = tuple(f"{name}{end}" for end in (".csv", ".json", ".md"))
    kind = Kind("folder of a suite", files, shared=True)
    check_folder(benchmark.out, kind)
    _frames(benchmark)
    known = floors(protocol)  # first, so that no two rows make them
    trainings = [(system, seed) for system in suite.systems for seed in range(benchmark.seeds)]
    rows = list(side_by_side(partial(_row, benchmark), trainings, benchmark.jobs, begin))
    seeds = benchmark.seeds
    table = [suites.summarise(row.title, [row]) for row in known] + [
        suites.summarise(
            replace(rows[k * seeds], system=system.title).title, rows[k * seeds : (k + 1) * seeds]
        )
        for k, system in enumerate(suite.systems)
    ]
    title = f"{name} on {benchmark.corpus.name}"
    caption = (
        f"Means of {seeds} trainings, with the range of each; EER in % of all pairs of {protocol.split}."
    )
    content = suites.committable(title, caption, table, _made(protocol.device))
    content["published"] = suite.published
    texts = (
        suites.as_csv(table),
        json.dumps(content, indent=1) + "\n",
        suites.markdown(table, suite.published),
    )
    with replacing_folder(benchmark.out, kind) as partial_folder:
        for file, text in zip(files, texts, strict=True):
            (partial_folder / file).write_text(text)
    _LOG.info("\n%s", suites.markdown(table, suite.published, upright))
    _LOG.info("%s: %d systems, %d seeds -> %s", name, len(suite.systems), seeds, benchmark.out / f"{name}.md")
    return table[len(known) :]


def _made(device: str) -> dict[str, Any]:
    """By which command, commit, day and machine the table is."""
    with processes(device) as place:
        return {**provenance(place), "date": datetime.date.today().isoformat()}


def _frames(benchmark: Benchmark) -> None:
    """The stores that are not there yet; a store appears whole or not at all."""
    protocol, corpus = benchmark.protocol, benchmark.corpus
    feats, channel = protocol.features, protocol.channel
    assert channel is not None
    for split in ("train", "dev", protocol.split):
        if not (feats / split).exists():
            _LOG.info("features of %s -> %s", corpus / split, feats / split)
            make_features(corpus / split, feats / split, benchmark.kind)
    for split in ("train", "dev", protocol.split):
        if not (channel / split).exists():
            _LOG.info("features of %s through channels -> %s", corpus / split, channel / split)
            make_features(corpus / split, channel / split, benchmark.kind, channel_seed=0)
    found = twin_stores(benchmark.twins)  # of older folders: those of the training set alone
    for split in ("train", "dev"):
        store = found.get(split, benchmark.twins / split)
        if store.exists():
            made = Store.read(store).settings["augment"]["versions"]
            if made != benchmark.versions:
                raise InputError(
                    f"{store}: holds {made} twins an utterance, not {benchmark.versions}; remove it"
                )
        elif found.get("train") != benchmark.twins:
            _LOG.info("twins of %s -> %s", corpus / split, store)
            make_twins(corpus / split, store, feats / split, benchmark.kind, benchmark.versions)


def _row(benchmark: Benchmark, training: tuple[System, int]) -> Results:
    """The figures of one training, of a system and a seed: made now or read."""
    system, seed = training
    protocol = benchmark.protocol
    feats, twins = protocol.features, benchmark.twins
    exp = benchmark.out / "exp" / benchmark.path.stem / feats.name / f"{system.slug}-{seed}"
    recipe = config.read(system.recipe, [*system.settings, *benchmark.settings, f"training.seed={seed}"])
    recipe = settled(recipe, exp, torch.device(place(protocol.device)))
    recipe = recipe.with_content(Store.read(feats / "train").content)
    results = exp / f"results-{protocol.split}.json"
    data = protocol.data if transcripts.reads(recipe) else None
    said = transcripts.needed(recipe, feats, data)
    identity.unchanged(exp, identity.run_identity(recipe, feats, twins, transcripts=said))
    if not _measured(protocol, results):
        _LOG.info("%s, seed %d -> %s", system.title, seed, exp)
        fit(recipe, feats, twins, exp, resume=True, device=protocol.device, data=data)
        evaluate(exp / "best", protocol, results).log()
    made = read_json(RunDirectory(exp).record)
    timed = made["step"] - made["from_step"]  # of a broken run only its last part
    seconds = made["seconds"] * made["step"] / timed if timed else made["seconds"]
    return replace(read_results(results)[1][0], seconds=seconds)


def _measured(protocol: Protocol, results: Path) -> bool:
    """Whether `results` are there, of these recordings and judges trained as long."""
    if not results.exists():
        return False
    assert protocol.channel is not None
    stores = {
        "train": protocol.features / "train",
        "train, channel": protocol.channel / "train",
        "clean": protocol.features / protocol.split,
        "channel": protocol.channel / protocol.split,
        **{f"held out, {name}": path for name, path in protocol.held.items()},
    }
    asked = protocol.asked({name: Store.read(path).digest for name, path in stores.items()})
    known = read_json(results)["protocol"]
    return all(known.get(key) == value for key, value in asked.items())
