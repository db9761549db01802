"""Recipes: YAML into frozen dataclasses, with every mistake named.

    model: {name: cdsvae, static_size: 64, ...}      # fields of the model's Config
    training: {steps: 2000, batch: 128, ...}         # fields of Training
    paper: ...                                       # free text: what the numbers stand for
    extends: speech.yaml                             # another recipe: what stands here lies over it

A key that does not exist, or a value of the wrong type or outside the range that its field states (`ranges.py`), is
an error that names the key, and its nearest match where one is near.
"""

import difflib
import logging
import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

from speechdis import models
from speechdis.data.text import parse_yaml
from speechdis.errors import InputError
from speechdis.ranges import Count, CountOrNone, Decibels, Range, Rate, Share
from speechdis.training import extends

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Training:
    """How a model is trained.

    Attributes:
        steps: optimiser steps. A run that is over goes on where it is resumed with more.
        batch: segments a step, over all processes.
        segment: frames a segment.
        learning_rate: of Adam; `schedule` holds it ("constant") or lets it fall to 0 at the last step ("cosine"). Where
            a run goes on with more steps, the cosine is that of the new number, so the rate rises again first (a warm
            restart, Loshchilov & Hutter 2017): another result than that of as many steps in one run.
        clip: largest gradient norm; 0 leaves gradients alone.
        seed: of weights, segments and noise.
        validate_every: steps between looks at the validation speakers, which choose `best`.
        patience: looks without a better validation loss before training stops; 0 never stops.
        utterances: draw from this many at a time (from all, where there are fewer), a pass, and have the model's table
            begin anew with each: hierarchical sampling. 0 draws from all in one pass without end.
        pass_steps: optimiser steps of a pass, or of a pool (`pool_gb`); 0: as many as draw its utterances' segments
            once, on average.
        pool_gb: at most so many GB of training frames and twins are on the device at a time (1 GB is 10^9 bytes). Where
            there are more, half of it holds a pool of utterances, which a pass draws from, while the next pool is
            loaded into the other half. Of several processes each holds its share of a pool. With `utterances`, the
            pools are the passes, and each process holds them whole. 0 puts everything there.
        pool_precision: of the frames on the device; "bfloat16" halves them, and rounds them to 3 digits.
        precision: "bfloat16" computes in mixed precision: for GPUs, and for CPUs that multiply in it (`amx_bf16`
            or `avx512_bf16` among lscpu's flags), where steps take 0.55 to 0.75 of the time; on others they take
            longer, and without AVX-512 it is refused. "auto": bfloat16 where the device multiplies in it, else
            float32; the run's `config.yaml` says which, and a resumed run goes on in its own.
        captured: a step is recorded as a CUDA graph, and begun by one call, on one GPU and with all frames there; where
            that cannot be, a line says why. On a CPU it changes nothing. Not yet run on a GPU, so not the default.
        static_view: what the voice must survive: frames in another order ("shuffle", "reverse", or "either",
            drawn per batch), or "other": another segment of the same utterance, which overlaps it as little as can be
            (ours; it uses the utterance boundary as supervision, which the paper does not).
        static_channel_db: ours: random channel on the static view: standard deviation, dB, of each of its six
            filter terms, with noise at 10-25 dB; 0 for none.
        static_channel_share: ours: share of the segments whose static view goes through one.
        static_mask_bins: of the static view, two bands of up to so many bins are hidden (the frequency masks of
            SpecAugment, Park et al. 2019); 0 for none.
        twin_channel_db: ours: the same on the voice-converted twin.
        twin_view: what the motion must survive: "voice", a voice-converted twin from stores; or, of pictures, "image":
            another part of them, in other colours, blurred, made anew for each batch.
    """

    steps: Count = 2000
    batch: Annotated[int, Range(1, 10**6)] = 256
    segment: Annotated[int, Range(1, 10**5)] = 20
    learning_rate: Rate = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    clip: Annotated[float, Range(0, 1e12)] = 0.0
    seed: Annotated[int, Range(0, 2**63 - 1)] = 0
    validate_every: Count = 200
    patience: CountOrNone = 0
    utterances: CountOrNone = 0
    pass_steps: CountOrNone = 0
    pool_gb: Annotated[float, Range(0, 1e6)] = 0.0
    pool_precision: Precision = "float32"
    precision: Literal["float32", "bfloat16", "auto"] = "float32"
    captured: bool = False
    static_view: Literal["shuffle", "reverse", "either", "other"] = "shuffle"
    static_channel_db: Decibels = 0.0
    static_channel_share: Share = 1.0
    static_mask_bins: Annotated[int, Range(0, 10**5)] = 0
    twin_channel_db: Decibels = 0.0
    twin_view: Literal["voice", "image"] = "voice"


@dataclass(frozen=True)
class Recipe:
    """A whole recipe: the model's name and Config, and how to train it."""

    name: str
    model: Any
    training: Training

    def with_content(self, columns: int) -> "Recipe":
        """The same for frames whose last `columns` are content. Raises InputError where the model reads none."""
        try:
            return replace(self, model=models.load(self.name).Model.with_content(self.model, columns))
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from None

    def resolved(self) -> dict[str, Any]:
        """Every number, defaults included, in the form of a recipe file."""
        return {"model": {"name": self.name, **asdict(self.model)}, "training": asdict(self.training)}


def read(path: str | Path, settings: Sequence[str] = ()) -> Recipe:
    """The recipe in `path`, over what it extends, and `settings` ("training.steps=100") over both.

    Raises:
        InputError: no such file, not YAML, a circle of recipes, an unknown key, a wrong type, a value out of range, an
            unknown model.
    """
    content, where = extends.read(path)
    for setting in settings:
        _set(content, setting)
    return recipe(content, where)


def recipe(content: Mapping[str, Any], where: str) -> Recipe:
    """The recipe that the parsed YAML `content` says; `where` names it in errors."""
    _known(content, ["model", "training", "paper"], where)
    model = content.get("model")
    if not isinstance(model, dict) or "name" not in model:
        raise InputError(f"{where}: 'model.name' is missing; there are: {', '.join(models.names())}")
    name = model["name"]
    rest = {key: value for key, value in model.items() if key != "name"}
    kind = model_named(name, where).Config
    for old, new in zip(rest, renamed(kind, rest, f"{where}: model"), strict=True):
        if old != new:
            logging.getLogger(__name__).info("%s: model.%s is now called model.%s", where, old, new)
    config = fill(kind, rest, f"{where}: model")
    training = content.get("training")
    return Recipe(name, config, fill(Training, {} if training is None else training, f"{where}: training"))


def model_named(name: object, where: str) -> ModuleType:
    """The module of a model. Raises InputError, which says `where` it is named, if there is none."""
    try:
        return models.load(str(name))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def fill(kind: type, values: Mapping[str, Any], where: str) -> Any:
    """A frozen dataclass `kind` from `values`; a field is also known by the name that its metadata call "formerly".

    Raises:
        InputError: an unknown key, a wrong type, or a number outside the range that the field states.
    """
    types = typing.get_type_hints(kind, include_extras=True)
    values = renamed(kind, values, where)
    _known(values, [f.name for f in fields(kind)], where)
    return kind(**{key: _checked(value, types[key], f"{where}.{key}") for key, value in values.items()})


def renamed(kind: type, values: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """`values` under the names of today. Raises InputError where one is given under both names."""
    now = {f.metadata["formerly"]: f.name for f in fields(kind) if "formerly" in f.metadata}
    if not isinstance(values, Mapping) or not now.keys() & values.keys():
        return values
    for old in now.keys() & values.keys():
        if now[old] in values:
            raise InputError(f"{where}: '{old}' is the old name of '{now[old]}'; give one of them")
    return {now.get(key, key): value for key, value in values.items()}


def _set(content: dict[str, Any], setting: str) -> None:
    key, equals, value = setting.partition("=")
    *sections, last = key.split(".")
    if not equals or not sections:
        raise InputError(f"--set {setting}: expected section.key=value, such as training.steps=100")
    for section in sections:
        if content.get(section) is None:
            content[section] = {}
        content = content[section]
        if not isinstance(content, dict):
            raise InputError(f"--set {setting}: '{section}' holds {content!r}, no keys")
    content[last] = parse_yaml(value, f"--set {setting}")


def _known(values: Mapping[str, Any], names: Sequence[str], where: str) -> None:
    if not isinstance(values, Mapping):
        raise InputError(f"{where}: expected a mapping of keys to values, not {values!r}")
    for key in values:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names)}"
            raise InputError(f"{where}: unknown key '{key}'; {hint}")


def _checked(value: Any, kind: Any, where: str) -> Any:
    if typing.get_origin(kind) is Literal:
        choices = typing.get_args(kind)
        if value not in choices:
            raise InputError(f"{where}: expected one of {', '.join(choices)}, not {value!r}")
        return value
    span: Range | None = None
    if typing.get_origin(kind) is Annotated:
        kind, span = typing.get_args(kind)
    if typing.get_origin(kind) is dict:
        return _mapping(value, typing.get_args(kind)[1], where)
    number = _number(value, kind) if kind in (int, float) else value
    if not isinstance(number, kind) or (span is not None and number not in span):
        expected = _EXPECTED[kind] + (f" {span}" if span else "")
        raise InputError(f"{where}: expected {expected}, not {value!r}")
    return number


_EXPECTED = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def _mapping(value: Any, kind: Any, where: str) -> dict[str, Any]:
    """A mapping from names to values of a kind, or of any."""
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: expected a mapping of keys to values, not {value!r}")
    if kind is Any:
        return dict(value)
    return {key: _checked(one, kind, f"{where}.{key}") for key, one in value.items()}


def _number(value: Any, kind: type) -> int | float | None:
    """`value` as `kind`, int or float; None where it is none, or not finite. YAML reads 1e-3 as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if kind is int:
        return value if isinstance(value, int) else None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
