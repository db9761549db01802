"""A model trained on frame stores; and, in one step, on recordings."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from speechdis import models
from speechdis.data.directory import read_directory
from speechdis.errors import InputError
from speechdis.features import settings_of
from speechdis.features.store import Store
from speechdis.models.base import PairedModel, SegmentModel
from speechdis.pipeline.frames import make_features, make_twins
from speechdis.training import config, experiment, recipes, transcripts
from speechdis.training.config import Recipe
from speechdis.training.start import start

_LOG = logging.getLogger(__name__)


def fit(
    recipe: Recipe,
    features: Path,
    twins: Path | None,
    out: Path,
    resume: bool = False,
    device: str = "auto",
    digits: tuple[Path, Path] | None = None,
    init: Path | None = None,
    waveforms: Path | None = None,
    data: Path | None = None,
) -> dict[str, Any]:
    """`training.experiment.train`, which says what all of this is; a line is logged of what came out."""
    made = experiment.train(recipe, features, twins, out, resume, device, digits, init, waveforms, data)
    _LOG.info(
        "%s: %d steps, validation loss %.1f, %.0f segments/s -> %s",
        recipe.name,
        made["step"],
        made["best_loss"],
        made["segments_per_second"],
        out,
    )
    return made


def train(
    recipe: Path,
    data: Path,
    out: Path,
    settings: Sequence[str] = (),
    feature_type: str = "fbank",
    device: str = "auto",
    init: Path | None = None,
) -> None:
    """Train into `out`, with features in `out/features` and twins, for a model that reads them, in `out/twins`.

    Stores that hold all of the data are used as they are; a training that was broken off goes on.

    Args:
        recipe: a name or a YAML file.
        data: holds the data directories train and dev.
        out: the experiment.
        settings: "key=value", over the recipe.
        feature_type: of the frames.
        device: "cpu", "cuda" or "auto".
        init: a checkpoint to start from; its features must be of this type.

    Raises:
        InputError: no such recipe, an `init` that does not fit, one of digits in pairs, no data directories, or an
            `out` with another run.
    """
    what = config.read(recipes.find(recipe), settings)
    kind = models.load(what.name).Model
    if issubclass(kind, PairedModel):
        raise InputError(f"{what.name}: is of written and spoken digits; use 'speechdis train --images'")
    if not issubclass(kind, SegmentModel):
        raise InputError(f"{what.name}: is a vocoder; use 'speechdis train --waveforms'")
    began = start(init, out)
    if began is not None:  # said before the work
        began.check(what)
        reads = began.checkpoint.features["type"]
        if reads != feature_type:
            raise InputError(f"{began.name}: reads features of type {reads}; give feature_type='{reads}'")
    features, twins = out / "features", out / "twins"
    for split in ("train", "dev"):
        if not _whole(features / split, data / split, feature_type):
            make_features(data / split, features / split, feature_type)
    reads_twins = _reads_twins(what, len(Store.read(features / "train").mean))
    if reads_twins:
        for split in ("train", "dev"):
            source = Store.read(features / split)
            if not (twins / split).exists() or _source(twins / split) != source.digest:
                make_twins(data / split, twins / split, features / split)
    said = data if transcripts.reads(what) else None
    fit(what, features, twins if reads_twins else None, out, True, device, init=init, data=said)


def _whole(store: Path, data: Path, feature_type: str) -> bool:
    """Whether `store` holds every utterance of `data`, in such features."""
    if not store.exists():
        return False
    found = Store.read(store)
    return found.settings == settings_of(feature_type) and set(found.utts) == {
        u.utt for u in read_directory(data)
    }


def _source(twins: Path) -> str | None:
    """Digest of the frames that twins were made of."""
    return Store.read(twins).settings.get("augment", {}).get("source")


def _reads_twins(recipe: Recipe, bins: int) -> bool:
    kind = models.load(recipe.name).Model
    with torch.device("meta"):  # no weights: only what the model says of itself
        return kind(bins, kind.for_utterances(recipe.model, 1)).reads_twins is not None
