"""An experiment directory: what a run was told, what it learnt, and how it was made."""

import json
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
import yaml

from speechdis import models
from speechdis.data.atomic import replacing
from speechdis.data.lock import alone
from speechdis.data.text import parse_json
from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.models.base import GeneratorModel, Model, PairedModel, SegmentModel, VocoderModel
from speechdis.nn import parallel
from speechdis.training import log, memory
from speechdis.training.batches import Batches
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.config import Recipe
from speechdis.training.distributed import processes, reached
from speechdis.training.identity import LONGER, run_identity, unchanged
from speechdis.training.log import JOURNAL, journal
from speechdis.training.loop import Source, Trainer
from speechdis.training.mend import mend
from speechdis.training.paired_batches import paired
from speechdis.training.precision import settled
from speechdis.training.provenance import provenance
from speechdis.training.run_directory import RunDirectory
from speechdis.training.sound_batches import sounds
from speechdis.training.start import Start, start
from speechdis.training.state import writing
from speechdis.training.transcripts import Transcripts, needed
from speechdis.training.twins import twin_stores

_LOG = logging.getLogger(__name__)


def train(
    recipe: Recipe,
    features: Path,
    augmented: Path | None,
    out: Path,
    resume: bool = False,
    device: str = "auto",
    digits: tuple[Path, Path] | None = None,
    init: Path | None = None,
    waveforms: Path | None = None,
    data: Path | None = None,
) -> dict[str, Any]:
    """Train `recipe` on the stores `features/train` and `features/dev` and fill `out`.

    Args:
        augmented: stores of the voice-converted twins of `features/train` and `features/dev`, or one store, of those
            of `features/train`; needed where the model reads twins (see `twin_stores`).
        resume: go on from the state in `out` if there is one; the result is that of an unbroken run. With more
            `training.steps` than the run had, it goes on to those.
        device: "cpu", "cuda" or "auto".
        digits: for a model of paired modalities: data directories that say which digits are spoken, and the stores of
            written ones; each with `train` and `dev`.
        init: a checkpoint to start from, see `training.start`. It is read once: a resumed run has its own copy.
        waveforms: for a vocoder: stores of the samples of `features/train` and `features/dev`; `augmented` are then
            frames as a model decodes them, which it shall speak too.
        data: for a model that learns from transcripts: data directories of `features/train` and `features/dev`.

    Returns:
        What `out/run.json` holds: steps, best validation loss, speed, seed, commit, versions, hardware.

    Raises:
        InputError: missing or unfit stores, an `init` that does not fit, an `out` in use, a resumed run with another
            configuration, too large a batch, a full disk.
        Interrupted: a signal came; the state is kept.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is no folder; choose another --out")
    with processes(device) as place, memory.enough(recipe.training):
        torch.manual_seed(recipe.training.seed)
        torch.use_deterministic_algorithms(place.type == "cpu")
        # Not needed for the same results, but a debugging aid that costs a tenth of a step.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        began = start(init, out)
        recipe = settled(recipe, out, place)
        recipe = recipe.with_content(Store.read(features / "train").content)
        transcripts = needed(recipe, features, data)
        trainer = _trainer(recipe, features, augmented, digits, out, place, began, waveforms, transcripts)
        identity = run_identity(recipe, features, augmented, digits, waveforms, transcripts)
        if began is not None:
            identity["init"] = began.said
        directory = RunDirectory(out)
        found = directory.found
        if found and not resume:
            raise InputError(
                f"{out}: holds a run already ({found[0]}); add --resume to go on with it, or choose another --out"
            )
        if found and not directory.ours:
            raise InputError(
                f"{out}: its {found[0]} is of no experiment of this program; choose another --out"
            )
        with alone(out) if trainer.writes else nullcontext():
            if resume:
                unchanged(out, identity, LONGER)
            resumed = trainer.resume()
            if resumed and trainer.writes:
                mend(trainer)
            made = _made(out) if resumed and trainer.over else None
            parallel.wait()  # until all have looked at what is in `out`
            if made is not None:
                return made
            if not trainer.writes:
                return _run(trainer, recipe, place)
            _begin(out, identity, began)
            with journal(out):
                return _recorded(trainer, recipe, place, resumed, began)


def _recorded(
    trainer: Trainer, recipe: Recipe, place: torch.device, resumed: bool, began: Start | None
) -> dict[str, Any]:
    """Train, write `run.json`, and tell the journal of it."""
    out, directory = trainer.out, RunDirectory(trainer.out)
    JOURNAL.info("%s: %s at step %d", recipe.name, "resumed" if resumed else "begun", trainer.step)
    try:
        damaged = log.restore(out, trainer.looked if resumed else -1)
        if damaged:
            _LOG.warning("%s: left out %d damaged lines", directory.metrics, damaged)
        result = _run(trainer, recipe, place) | ({} if began is None else {"init": began.said})
        with writing(directory.record), replacing(directory.record) as partial:
            partial.write_text(json.dumps(result, indent=2) + "\n")
    except BaseException as error:
        JOURNAL.error("stopped at step %d: %s", trainer.step, str(error) or type(error).__name__)
        raise
    JOURNAL.info("done: %d steps, best validation loss %.2f", result["step"], result["best_loss"])
    return result


def _run(trainer: Trainer, recipe: Recipe, place: torch.device) -> dict[str, Any]:
    made = provenance(place)  # before it trains: a commit may be made meanwhile
    kept = {"model": recipe.name, "seed": recipe.training.seed, "precision": recipe.training.precision}
    kept["processes"] = parallel.world()
    if trainer.model.label:
        kept["label"] = trainer.model.label
    with reached():
        return trainer.run() | kept | made


def _made(out: Path) -> dict[str, Any] | None:
    """What `run.json` says; None where it is missing or damaged, and is to be made again."""
    try:
        made = parse_json(RunDirectory(out).record.read_text(), str(out))
    except (OSError, ValueError):
        return None
    return (
        made
        if isinstance(made, dict) and {"step", "best_loss", "segments_per_second"} <= made.keys()
        else None
    )


def _trainer(
    recipe: Recipe,
    features: Path,
    augmented: Path | None,
    digits: tuple[Path, Path] | None,
    out: Path,
    device: torch.device,
    began: Start | None = None,
    waveforms: Path | None = None,
    transcripts: Mapping[str, Transcripts] = MappingProxyType({}),
) -> Trainer:
    store, validation = Store.read(features / "train"), Store.read(features / "dev")
    if validation.settings != store.settings:
        raise InputError(f"{validation.path}: made with other settings than {store.path}; make both again")
    twins = {name: Store.read(path) for name, path in twin_stores(augmented).items()}
    if recipe.training.batch % parallel.world():
        raise InputError(
            f"training.batch={recipe.training.batch} does not divide among {parallel.world()} processes"
        )
    training, mean, std = recipe.training, store.mean, store.std
    if began is not None:
        began.check(recipe)
        began.check_frames(store)
        mean, std = began.checkpoint.mean, began.checkpoint.std
    if device.type == "cpu":
        memory.require(recipe, len(mean))
    model: Model
    batches: Source
    looks: Source
    kind = models.load(recipe.name).Model
    if waveforms is not None and not issubclass(kind, VocoderModel):
        raise InputError(f"{recipe.name}: has no use for --waveforms; vocos has")
    if issubclass(kind, PairedModel):
        if digits is None:
            raise InputError(
                f"{recipe.name}: needs written digits beside the spoken ones: give --images and --data"
            )
        digit_model: PairedModel = kind(len(mean), recipe.model).to(device)
        batches, looks = paired(training, features, *digits, device, digit_model.names)
        model = digit_model
    elif digits is not None:
        raise InputError(f"{recipe.name}: has no use for --images; pvae, jmvae and vae have")
    elif issubclass(kind, VocoderModel):
        model = vocoder = kind(len(mean), recipe.model).to(device)
        given = {"train": store, "dev": validation}
        batches, looks = sounds(vocoder, training, given, twins, waveforms, (mean, std), device)
    elif issubclass(kind, GeneratorModel):
        sequences = Batches(store, None, training, mean, std, device)
        batches, looks = sequences, _looks(validation, None, sequences)
        model = kind(len(mean), recipe.model).to(device)
    else:
        said = transcripts.get("train")
        segments = Batches(store, twins.get("train"), training, mean, std, device, said)
        config = kind.for_utterances(recipe.model, segments.rows)
        speech_model: SegmentModel = kind(len(mean), config)
        if said is not None:
            speech_model.learn_units(said.units.classes)
        if began is not None:
            began.give(speech_model)
        speech_model = speech_model.to(device)
        needed = training.twin_view == "voice" and _twins_needed(recipe.name, speech_model, augmented, twins)
        looked = twins.get("dev") if needed else None
        batches, looks = segments, _looks(validation, looked, segments, transcripts.get("dev"))
        model = speech_model
    current = Checkpoint(model, recipe.name, store.settings, training.segment, mean, std, step=0)
    return Trainer(current, training, batches, looks, out, trained=began is not None)


def _twins_needed(name: str, model: SegmentModel, augmented: Path | None, twins: Mapping[str, Store]) -> bool:
    """Whether the model reads twins from stores. Raises InputError where it does and there are none."""
    if model.reads_twins is None:
        return False
    if not twins:
        raise InputError(
            f"{name} as told needs voice-converted twins: give --augmented (see 'speechdis augment'), "
            f"or --set model.{model.reads_twins}"
        )
    if "dev" not in twins and parallel.rank() == 0:
        _LOG.warning(
            "%s: no twins of the validation speakers, so 'best' is chosen without the terms that read them; "
            "'speechdis augment' over the folder of train and dev makes both",
            augmented,
        )
    return True


def _looks(
    store: Store, twins: Store | None, training: Batches, transcripts: Transcripts | None = None
) -> Batches:
    """Batches of the validation speakers, of all their utterances, to be compared with those of `training`."""
    all_of_them = replace(training.training, utterances=0, pool_gb=0.0, pool_precision="float32")
    statistics = (training.reader.mean, training.reader.std)
    looks = Batches(store, twins, all_of_them, *statistics, training.device, transcripts)
    looks.population = training.population  # estimates of information with another N differ by its logarithm
    return looks


def _begin(out: Path, identity: dict[str, Any], began: Start | None) -> None:
    directory = RunDirectory(out)
    with writing(directory.config):
        directory.checkpoints.mkdir(parents=True, exist_ok=True)
        if began is not None:
            began.keep(directory)
        with replacing(directory.config) as partial:
            partial.write_text(yaml.safe_dump(identity, sort_keys=False))
