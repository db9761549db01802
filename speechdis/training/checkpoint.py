"""Checkpoints that open without running code: one safetensors file that says all it needs.

`NAME.safetensors` holds the weights, the training set's feature statistics and, as JSON in its header, the
model's name and Config, the feature settings and the segment length: enough to embed new speech. The state
for going on (`last.state.pt`: optimiser, random numbers, position) is read with `weights_only=True`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialised

from speechdis import features, models, weights
from speechdis.data.atomic import replacing
from speechdis.data.text import parse_json
from speechdis.errors import InputError
from speechdis.features import FeatureSettings, Picture, speech_alone
from speechdis.features.store import Store
from speechdis.models.base import Model
from speechdis.ranges import CountOrNone, Range
from speechdis.training.config import fill, model_named
from speechdis.training.run_directory import RunDirectory


@dataclass(frozen=True)
class Header:
    """What a checkpoint's header says; see `Checkpoint`. Only `validation` may be missing."""

    model: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    features: dict[str, Any] = field(default_factory=dict)
    segment: Annotated[int, Range(1, 10**5)] = 0
    step: CountOrNone = 0
    validation: dict[str, float] = field(default_factory=dict)


Kind = TypeVar("Kind", bound=Model)


@dataclass(frozen=True)
class Checkpoint:
    """A trained model with what it needs to read new speech.

    Attributes:
        model: on the device, in evaluation mode.
        name: the model's name.
        features: feature settings of the store it was trained on (type, rate, bins, ...).
        segment: frames a segment.
        mean, std: (F,) statistics of the training frames.
        step: optimiser steps taken.
        validation: terms of the loss on the validation speakers at that step, nats per segment.
    """

    model: Model
    name: str
    features: dict[str, Any]
    segment: int
    mean: np.ndarray
    std: np.ndarray
    step: int
    validation: dict[str, float] = field(default_factory=dict)

    @property
    def settings(self) -> FeatureSettings:
        """How the frames that it reads are cut. Raises InputError where they are not of speech."""
        return FeatureSettings.of(self.features)

    @property
    def content(self) -> int:
        """How many of the last columns of its frames are content frames."""
        return int(self.features.get("content", 0))

    def restored(self, frames: np.ndarray) -> np.ndarray:
        """Log frames (T, F) of normalised ones, which a model makes: without content frames."""
        bins = frames.shape[-1]
        return frames * self.std[:bins] + self.mean[:bins]

    def model_of(self, kind: type[Kind], otherwise: str) -> Kind:
        """The model, if it is of a `kind`. Raises InputError, "a 'NAME'" and what it is `otherwise`, if not."""
        if not isinstance(self.model, kind):
            raise InputError(f"a '{self.name}' {otherwise}")
        return self.model

    def check(self, store: Store) -> None:
        """Raise InputError where the frames of `store` are not made as those that the model was trained on."""
        if Picture.of(store.settings) is None:
            speech_alone(
                self.features, f"{store.path}: these are frames of speech, but this '{self.name}' is"
            )
        if self.content != store.content:
            raise InputError(
                f"{store.path}: has {store.content} content columns a frame, but the model reads {self.content}; "
                "see 'speechdis content'"
            )
        for key, trained in self.features.items():
            given = store.settings.get(key)
            if given != trained:
                raise InputError(
                    f"{store.path}: {key} is {given!r}, but the model was trained on {trained!r}; "
                    "make the features as the model's were made"
                )


def save(path: Path, checkpoint: Checkpoint, half: bool = False) -> None:
    """Write `checkpoint` to `path` (.safetensors), whole or not at all; `half`: its weights in half precision."""
    tensors = {f"model.{k}": v.detach().cpu().contiguous() for k, v in checkpoint.model.kept().items()}
    if half:
        tensors = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
    tensors |= {"cmvn.mean": torch.as_tensor(checkpoint.mean), "cmvn.std": torch.as_tensor(checkpoint.std)}
    header = {
        "model": checkpoint.name,
        "config": asdict(checkpoint.model.config),
        "features": checkpoint.features,
        "segment": checkpoint.segment,
        "step": checkpoint.step,
        "validation": checkpoint.validation,
    }
    with replacing(path) as partial:
        # Not safetensors' save_file: its files can be read by their owner alone, whatever the umask says.
        partial.write_bytes(serialised(tensors, metadata={"speechdis": json.dumps(header, sort_keys=True)}))


def resolve(path: str | Path) -> Path:
    """The checkpoint file that a person means by an experiment, `exp/best`, `exp/last` or the file itself.

    Where none of these is there, by the name of one that comes with the package. Raises InputError for others.
    """
    path = Path(path)
    candidates = [
        path,
        RunDirectory(path).checkpoint("best"),
        RunDirectory(path.parent).checkpoint(path.name),
    ]
    if str(path) in weights.names():
        candidates.append(weights.file_of(str(path)))
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise InputError(
        f"{path}: no checkpoint there; give an experiment directory, its 'best' or 'last', or a name: "
        f"{', '.join(weights.names())}"
    )


def load(path: str | Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Read a checkpoint.

    Raises:
        InputError: no such checkpoint; truncated, not a safetensors file (a pickle is never opened), not one
            of ours, or its weights are not those of the model it names.
    """
    path = resolve(path)
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            text = (file.metadata() or {}).get("speechdis", "null")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: truncated or not a safetensors checkpoint ({error}); train again"
        ) from None
    said = parse_json(text, f"{path}: header")
    if said is None:
        raise InputError(f"{path}: a safetensors file, but not a speechdis checkpoint")
    header = fill(Header, said, f"{path}: header")
    for key in ("model", "config", "features", "segment", "step"):
        if key not in said:
            raise InputError(f"{path}: header: '{key}' is missing")
    settings = _features(header.features, f"{path}: header")
    config = fill(model_named(header.model, str(path)).Config, header.config, f"{path}: config")
    mean, std = (_statistics(tensors, name, path) for name in ("cmvn.mean", "cmvn.std"))
    if len(mean) != len(std) or (std <= 0).any():
        raise InputError(f"{path}: its statistics (cmvn) are not those of features; train again")
    weights = {key.removeprefix("model."): value for key, value in tensors.items()}
    # A header may claim sizes beyond any memory: these must be the weights' before anything is built of them.
    finite = all(value.isfinite().all() for value in weights.values())
    if not finite or models.shapes(header.model, len(mean), config) != {
        key: value.shape for key, value in weights.items()
    }:
        raise InputError(f"{path}: its weights are not those of a '{header.model}' of its config")
    model = models.build(header.model, len(mean), config).to(device)
    model.load_state_dict(weights)
    return Checkpoint(
        model.eval(), header.model, settings, header.segment, mean, std, header.step, header.validation
    )


def _statistics(tensors: dict[str, torch.Tensor], name: str, path: Path) -> np.ndarray:
    found = tensors.pop(name, None)
    if found is None or found.dim() != 1 or not found.is_floating_point() or not found.isfinite().all():
        raise InputError(f"{path}: '{name}' is missing or holds no finite numbers; train again")
    return found.cpu().numpy()


def _features(settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Feature settings, of a type and with numbers that there are. Raises InputError for others."""
    kind = settings.get("type")
    if not isinstance(kind, str):
        raise InputError(f"{where}.features: 'type' is missing")
    if kind in features.names():
        if "config" not in settings:
            raise InputError(f"{where}.features: 'config' is missing")
        fill(features.load(kind).Config, settings["config"], f"{where}.features.config")
    return dict(settings)
