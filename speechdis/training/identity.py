"""What makes a run the same run, by which one that is broken off goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from speechdis import models
from speechdis.data.text import read_yaml
from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.training.config import Recipe, Training, renamed
from speechdis.training.run_directory import RunDirectory
from speechdis.training.transcripts import Transcripts
from speechdis.training.twins import twin_stores

LONGER = ("steps", "patience")  # of Training: how long a run is, which may change when it is resumed
_TWINS = {"train": "augmented", "dev": "augmented_dev"}  # what a configuration calls them


def run_identity(
    recipe: Recipe,
    features: Path,
    augmented: Path | None,
    digits: tuple[Path, Path] | None = None,
    waveforms: Path | None = None,
    transcripts: Mapping[str, Transcripts] = MappingProxyType({}),
) -> dict[str, Any]:
    """What makes a run the same run: every number of its recipe, and which frames it reads, whatever their place."""
    stores = {"train": features / "train", "dev": features / "dev"}
    stores |= {_TWINS[name]: path for name, path in twin_stores(augmented).items()}
    if digits is not None:
        stores |= {f"images_{part}": digits[1] / part for part in ("train", "dev")}
    if waveforms is not None:
        stores |= {f"waveforms_{part}": waveforms / part for part in ("train", "dev")}
    digests = {name: Store.read(path).digest for name, path in stores.items()}
    digests |= {f"transcripts_{part}": said.digest for part, said in transcripts.items()}
    return {**recipe.resolved(), "data": digests}


def unchanged(out: Path, identity: dict[str, Any], apart: Sequence[str] = ()) -> None:
    """Raise InputError, naming the first difference, unless the run in `out`, if any, is the same run.

    Args:
        out: an experiment, or what will be one.
        identity: of a run now; see `run_identity`.
        apart: keys of `training` that may differ.
    """
    config = RunDirectory(out).config
    if not config.exists():
        return
    before = read_yaml(config)
    if isinstance(before, dict):
        before.setdefault("init", {})  # of most runs, which start from nothing
    if not isinstance(before, dict) or not all(isinstance(before.get(section), dict) for section in identity):
        raise InputError(
            f"{config}: damaged: it does not say what the run was told; delete it to go on with the recipe given"
        )
    kind = models.load(identity["model"]["name"]).Config
    before["training"] = (
        asdict(Training()) | before["training"]
    )  # what an older version did not have, it did so
    before["model"] = renamed(kind, before["model"], f"{config}: model")
    for section, values in identity.items():
        for key in sorted(
            {*values, *before[section]} - ({*apart} if section == "training" else set()), key=str
        ):
            old, new = before[section].get(key), values.get(key)
            if old != new:
                raise InputError(
                    f"{config}: cannot resume with another configuration: {section}.{key} was {old!r}, now {new!r}; "
                    "choose another --out"
                )
