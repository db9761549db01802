"""An experiment directory: what a run was told, what it learnt, and how it was made."""

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import yaml

from speechdis import models
from speechdis.data.atomic import replacing
from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.nn import parallel
from speechdis.training import memory
from speechdis.training.batches import Batches
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.config import Recipe
from speechdis.training.distributed import processes
from speechdis.training.loop import Source, Trainer
from speechdis.training.paired import paired
from speechdis.training.provenance import provenance
from speechdis.training.twins import twin_stores

_LOG = logging.getLogger(__name__)
_TWINS = {"train": "augmented", "dev": "augmented_dev"}  # what a configuration calls them


def train(
    recipe: Recipe,
    features: Path,
    augmented: Path | None,
    out: Path,
    resume: bool = False,
    device: str = "auto",
    digits: tuple[Path, Path] | None = None,
) -> dict[str, Any]:
    """Train `recipe` on the stores `features/train` and `features/dev` and fill `out`.

    Args:
        augmented: stores of the voice-converted twins of `features/train` and `features/dev`, or one store, of those
            of `features/train`; needed where the model reads twins (see `twin_stores`).
        resume: go on from the state in `out` if there is one; the result is that of an unbroken run.
        device: "cpu", "cuda" or "auto".
        digits: for a model of paired modalities: data directories that say which digits are spoken, and the stores of
            written ones; each with `train` and `dev`.

    Returns:
        What `out/run.json` holds: steps, best validation loss, speed, seed, commit, versions, hardware.

    Raises:
        InputError: missing or unfit stores, an `out` in use, a resumed run with another configuration.
    """
    with processes(device) as place:
        torch.manual_seed(recipe.training.seed)
        torch.use_deterministic_algorithms(place.type == "cpu")
        # Not needed for the same results, but a debugging aid that costs a tenth of a step.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        memory.keep_freed()
        trainer = _trainer(recipe, features, augmented, digits, out, place)
        told = told_of(recipe, features, augmented, digits)
        if (out / "checkpoints").is_dir() and not resume:
            raise InputError(
                f"{out}: holds a run already; add --resume to go on with it, or choose another --out"
            )
        if resume:
            unchanged(out, told)
        resumed = trainer.resume()
        if resumed and trainer.over and (out / "run.json").exists():
            return json.loads((out / "run.json").read_text())
        parallel.wait()  # until all have looked at what is in `out`
        if parallel.rank() == 0:
            _begin(out, told, trainer, resumed)
        made = provenance(place)  # now: a commit may be made while it trains
        result = trainer.run()
        result |= {"model": recipe.name, "seed": recipe.training.seed, "processes": parallel.world(), **made}
        if parallel.rank() == 0:
            with replacing(out / "run.json") as partial:
                partial.write_text(json.dumps(result, indent=2) + "\n")
    return result


def _trainer(
    recipe: Recipe,
    features: Path,
    augmented: Path | None,
    digits: tuple[Path, Path] | None,
    out: Path,
    device: torch.device,
) -> Trainer:
    store, validation = Store.read(features / "train"), Store.read(features / "dev")
    if validation.settings != store.settings:
        raise InputError(f"{validation.path}: made with other settings than {store.path}; make both again")
    twins = {name: Store.read(path) for name, path in twin_stores(augmented).items()}
    if recipe.training.batch % parallel.world():
        raise InputError(
            f"training.batch={recipe.training.batch} does not divide among {parallel.world()} processes"
        )
    training, mean, std, config = recipe.training, store.mean, store.std, recipe.model
    batches: Source
    looks: Source
    reads_pairs = getattr(models.load(recipe.name).Model, "reads_pairs", False)
    if reads_pairs:
        if digits is None:
            raise InputError(
                f"{recipe.name}: needs written digits beside the spoken ones: give --images and --data"
            )
        batches, looks = paired(training, features, *digits, device)
    elif digits is not None:
        raise InputError(f"{recipe.name}: has no use for --images; pvae, jmvae and vae have")
    else:
        batches = segments = Batches(store, twins.get("train"), training, mean, std, device)
        if hasattr(config, "rows"):
            config = replace(config, rows=segments.rows)
    model = models.build(recipe.name, len(mean), config).to(device)
    without = getattr(model, "reads_twins", "")
    if without and not twins:
        raise InputError(
            f"{recipe.name} as told needs voice-converted twins: give --augmented (see 'speechdis augment'), "
            f"or --set model.{without}"
        )
    if not reads_pairs:
        looks = _looks(validation, twins.get("dev") if without else None, segments)
        if without and "dev" not in twins and parallel.rank() == 0:
            _LOG.warning(
                "%s: no twins of the validation speakers, so 'best' is chosen without the terms that read them; "
                "'speechdis augment' over the folder of train and dev makes both",
                augmented,
            )
    current = Checkpoint(model, recipe.name, store.settings, training.segment, mean, std, step=0)
    return Trainer(current, training, batches, looks, out)


def _looks(store: Store, twins: Store | None, training: Batches) -> Batches:
    """Batches of the validation speakers, of all their utterances, to be compared with those of `training`."""
    told = replace(training.training, utterances=0)
    looks = Batches(store, twins, told, training.mean, training.std, training.device)
    looks.population = training.population  # estimates of information with another N differ by its logarithm
    return looks


def told_of(
    recipe: Recipe, features: Path, augmented: Path | None, digits: tuple[Path, Path] | None = None
) -> dict[str, Any]:
    """What makes a run the same run: every number of its recipe, and which frames it reads, whatever their place."""
    stores = {"train": features / "train", "dev": features / "dev"}
    stores |= {_TWINS[name]: path for name, path in twin_stores(augmented).items()}
    if digits is not None:
        stores |= {f"images_{part}": digits[1] / part for part in ("train", "dev")}
    return {**recipe.resolved(), "data": {name: Store.read(path).digest for name, path in stores.items()}}


def unchanged(out: Path, told: dict[str, Any]) -> None:
    """Raise InputError, naming the first difference, unless the run in `out`, if any, was told what `told_of` says."""
    config = out / "config.yaml"
    if not config.exists():
        return
    before = yaml.safe_load(config.read_text())
    for section, values in told.items():
        for key in sorted({*values, *before.get(section, {})}):
            old, new = before.get(section, {}).get(key), values.get(key)
            if old != new:
                raise InputError(
                    f"{config}: cannot resume with another configuration: {section}.{key} was {old!r}, now {new!r}; "
                    "choose another --out"
                )


def _begin(out: Path, told: dict[str, Any], trainer: Trainer, resumed: bool) -> None:
    if not resumed:
        shutil.rmtree(out / "tb", ignore_errors=True)
    (out / "checkpoints").mkdir(parents=True, exist_ok=True)
    with replacing(out / "config.yaml") as partial:
        partial.write_text(yaml.safe_dump(told, sort_keys=False))
    trainer.restore_log()
