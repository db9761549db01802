"""Recipes: YAML into frozen dataclasses, with every mistake named.

    model: {name: cdsvae, static_size: 64, ...}      # fields of the model's Config
    training: {steps: 2000, batch: 128, ...}         # fields of Training
    paper: ...                                       # free text: what the numbers stand for

A key that does not exist or a value of the wrong type is an error that names the key and its nearest match.
"""

import contextlib
import difflib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import yaml

from speechdis import models
from speechdis.errors import InputError


@dataclass(frozen=True)
class Training:
    """How a model is trained.

    Attributes:
        steps: optimiser steps.
        batch: segments a step, over all processes.
        segment: frames a segment.
        learning_rate: of Adam; `schedule` holds it ("constant") or lets it fall to 0 ("cosine").
        clip: largest gradient norm; 0 leaves gradients alone.
        seed: of weights, segments and noise.
        validate_every: steps between looks at the validation speakers, which choose `best`.
        patience: looks without a better validation loss before training stops; 0 never stops.
        utterances: draw from this many at a time (from all, where there are fewer), a pass, and have the model's table
            begin anew with each: hierarchical sampling. 0 draws from all in one pass without end.
        pass_steps: optimiser steps of a pass; 0: as many as draw its utterances' segments once, on average.
        precision: "bfloat16" computes in mixed precision: for GPUs, and for CPUs that multiply in it (`amx_bf16`
            or `avx512_bf16` among lscpu's flags), where steps take 0.55 to 0.75 of the time; on others they take
            longer, and without AVX-512 it is refused.
        static_view: what the voice must survive: frames in another order ("shuffle", "reverse", or "either",
            drawn per batch), or "other": another segment of the same utterance, which overlaps it as little as can be
            (ours; it uses the utterance boundary as supervision, which the paper does not).
        static_channel_db: ours: random channel on the static view: standard deviation, dB, of each of its six
            filter terms, with noise at 10-25 dB; 0 for none.
        static_channel_share: ours: share of the segments whose static view goes through one.
        static_mask_bins: of the static view, two bands of up to so many bins are hidden (the frequency masks of
            SpecAugment, Park et al. 2019); 0 for none.
        twin_channel_db: ours: the same on the voice-converted twin.
    """

    steps: int = 2000
    batch: int = 256
    segment: int = 20
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    clip: float = 0.0
    seed: int = 0
    validate_every: int = 200
    patience: int = 0
    utterances: int = 0
    pass_steps: int = 0
    precision: Literal["float32", "bfloat16"] = "float32"
    static_view: Literal["shuffle", "reverse", "either", "other"] = "shuffle"
    static_channel_db: float = 0.0
    static_channel_share: float = 1.0
    static_mask_bins: int = 0
    twin_channel_db: float = 0.0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "segment", "validate_every"):
            if getattr(self, name) < 1:
                raise InputError(f"training.{name} must be 1 or more, not {getattr(self, name)}")


@dataclass(frozen=True)
class Recipe:
    """A whole recipe: the model's name and Config, and how to train it."""

    name: str
    model: Any
    training: Training

    def resolved(self) -> dict[str, Any]:
        """Every number, defaults included, in the form of a recipe file."""
        return {"model": {"name": self.name, **asdict(self.model)}, "training": asdict(self.training)}


def read(path: str | Path, settings: Sequence[str] = ()) -> Recipe:
    """The recipe in `path`, with `settings` ("training.steps=100") over it.

    Raises:
        InputError: no such file, not YAML, an unknown key, a wrong type, an unknown model.
    """
    try:
        content = yaml.safe_load(Path(path).read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a YAML file ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected 'model:' and 'training:' sections")
    for setting in settings:
        _set(content, setting)
    return recipe(content, str(path))


def recipe(content: Mapping[str, Any], where: str) -> Recipe:
    """The recipe that the parsed YAML `content` says; `where` names it in errors."""
    _known(content, ["model", "training", "paper"], where)
    model = content.get("model") or {}
    if not isinstance(model, dict) or "name" not in model:
        raise InputError(f"{where}: 'model.name' is missing; there are: {', '.join(models.names())}")
    name = model["name"]
    rest = {key: value for key, value in model.items() if key != "name"}
    config = fill(models.load(name).Config, rest, f"{where}: model")
    return Recipe(name, config, fill(Training, content.get("training") or {}, f"{where}: training"))


def fill(kind: type, values: Mapping[str, Any], where: str) -> Any:
    """A frozen dataclass `kind` from `values`. Raises InputError for an unknown key or a wrong type."""
    types = typing.get_type_hints(kind)
    _known(values, [f.name for f in fields(kind)], where)
    return kind(**{key: _checked(value, types[key], f"{where}.{key}") for key, value in values.items()})


def _set(content: dict[str, Any], setting: str) -> None:
    key, equals, value = setting.partition("=")
    *sections, last = key.split(".")
    if not equals or not sections:
        raise InputError(f"--set {setting}: expected section.key=value, such as training.steps=100")
    for section in sections:
        content[section] = content.get(section) or {}
        content = content[section]
        if not isinstance(content, dict):
            raise InputError(f"--set {setting}: '{section}' holds {content!r}, no keys")
    try:
        content[last] = yaml.safe_load(value)
    except yaml.YAMLError:
        raise InputError(f"--set {setting}: '{value}' is no YAML value") from None


def _known(values: Mapping[str, Any], names: Sequence[str], where: str) -> None:
    if not isinstance(values, Mapping):
        raise InputError(f"{where}: expected a mapping of keys to values, not {values!r}")
    for key in values:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, n=1, cutoff=0)[0]
            raise InputError(f"{where}: unknown key '{key}'; did you mean '{near}'?")


def _checked(value: Any, kind: Any, where: str) -> Any:
    if typing.get_origin(kind) is Literal:
        choices = typing.get_args(kind)
        if value not in choices:
            raise InputError(f"{where}: expected one of {', '.join(choices)}, not {value!r}")
        return value
    if kind is float and isinstance(value, str):  # YAML reads 1e-3 as a string
        with contextlib.suppress(ValueError):
            value = float(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InputError(f"{where}: expected {kind.__name__}, not {value!r}")
    return value
