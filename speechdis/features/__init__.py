"""Frames of speech: filterbanks, spectra or samples, their statistics, and the store that holds them.

A feature type is a module with a frozen dataclass `Config` and

- `extract(wave, config) -> (T, F) float32` of a waveform in [-1, 1); every spectral type cuts the same T frames;
- `framing(config) -> (window, hop)` in samples: frame t is of samples t hop to t hop + window;
- `bins(config) -> Bins`, what each of the F dimensions measures, or None where they are no frequencies.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache, partial
from types import ModuleType
from typing import Any

import numpy as np

from speechdis.errors import InputError
from speechdis.features.blocks import frames_of


@dataclass(frozen=True, eq=False)
class Bins:
    """What the F dimensions of a log-spectral feature measure: `exponent` times the natural log of a power.

    Attributes:
        frequencies: (F,) centres, Hz, rising.
        white: (F,) expected power in each bin of white noise whose samples in [-1, 1) have mean square 1.
        exponent: 1 for log power, 0.5 for log magnitude.
        rate: Hz, of the waveform.
    """

    frequencies: np.ndarray
    white: np.ndarray
    exponent: float
    rate: int


@dataclass(frozen=True)
class Picture:
    """What a frame of moving pictures is: `channels` of `size` x `size` pixels."""

    channels: int
    size: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Picture | None":
        """That which a store or checkpoint with these `settings` has; None where its frames are no pictures."""
        if settings.get("type") != "video":
            return None
        config = settings.get("config") or {}
        channels, size = config.get("channels"), config.get("size")
        if type(channels) is not int or type(size) is not int or min(channels, size) < 1:
            raise InputError(f"settings of pictures that have no channels and size: {config}")
        return cls(channels, size)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a picture, as a tensor."""
        return self.channels, self.size, self.size

    def __str__(self) -> str:
        """As in "pictures of 3 x 64 x 64"."""
        return " x ".join(map(str, self.shape))


@dataclass(frozen=True)
class FeatureSettings:
    """How frames of speech were cut, of the settings that a store and a checkpoint keep.

    Attributes:
        type: of the features.
        rate: of the waveform, Hz.
        window, hop: s; frame t begins at t hop.
    """

    type: str
    rate: int
    window: float
    hop: float

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "FeatureSettings":
        """Those that `settings` tell. Raises InputError where they are not of speech.

        >>> FeatureSettings.of({"type": "fbank", "config": {"rate": 16000, "window": 0.025, "hop": 0.01}}).samples
        (400, 160)
        """
        speech_alone(settings)
        kind, config = settings.get("type"), settings.get("config") or {}
        if missing := [name for name in ("rate", "window", "hop") if name not in config]:
            raise InputError(f"'{kind}' features have no {missing[0]}: they are not of speech")
        return cls(str(kind), config["rate"], config["window"], config["hop"])

    @property
    def samples(self) -> tuple[int, int]:
        """Window and hop in samples."""
        return round(self.rate * self.window), round(self.rate * self.hop)


@cache
def names() -> tuple[str, ...]:
    """Every feature type."""
    return tuple(sorted(i.name for i in pkgutil.iter_modules(__path__) if hasattr(_module(i.name), "Config")))


def load(name: str) -> ModuleType:
    """The module of feature type `name`. Raises InputError with the known types for any other."""
    if name not in names():
        raise InputError(f"no feature type '{name}'; there are: {', '.join(names())}")
    return _module(name)


def settings_of(name: str, **options: int | None) -> dict[str, Any]:
    """Settings of feature type `name`, as a store keeps them: its defaults, but for the options that are set.

    Raises:
        InputError: no such type, an option it does not have, or a value that no wave can be cut by.
    """
    module = load(name)
    chosen = {key: value for key, value in options.items() if value is not None}
    known = [field.name for field in fields(module.Config)]
    for key, value in chosen.items():
        if key not in known:
            raise InputError(f"feature type '{name}' has no '{key}'; it has: {', '.join(known)}")
        if value < 1:
            raise InputError(f"{key} must be positive, not {value}")
    settings = {"type": name, "config": asdict(module.Config(**chosen))}
    if chosen:
        bins_of(settings)  # names numbers that do not go together before any work is done
    return settings


def extract(wave: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Frames (T, F) of `wave` as a store with these `settings` holds them."""
    return np.concatenate(list(extract_blocks([wave], settings)))


def extract_blocks(waves: Iterable[np.ndarray], settings: Mapping[str, Any]) -> Iterator[np.ndarray]:
    """`extract` of blocks (n,) that follow each other, in blocks (T, F): the frames of the whole, in little memory.

    Raises:
        InputError: together they are shorter than one window.
    """
    module = load(settings["type"])
    config = module.Config(**settings["config"])
    window, hop = module.framing(config)
    return frames_of(waves, window, hop, partial(module.extract, config=config))


def bins_of(settings: Mapping[str, Any]) -> Bins | None:
    """What the dimensions of a store with these `settings` measure; None where they are no frequencies."""
    if Picture.of(settings):
        return None
    module = load(settings["type"])
    return module.bins(module.Config(**settings["config"]))


def spectrum_of(settings: Mapping[str, Any]) -> Bins:
    """`bins_of` these `settings`. Raises InputError for features that are no log spectra."""
    speech_alone(settings)
    bins = bins_of(settings)
    if bins is None:
        raise InputError(f"'{settings['type']}' features are no log spectra: their voice cannot be changed")
    return bins


def speech_alone(settings: Mapping[str, Any], what: str = "frames") -> None:
    """Raise InputError, which says what `what` is, where frames of these `settings` are moving pictures."""
    if picture := Picture.of(settings):
        raise InputError(
            f"{what} of moving pictures, {picture} pixels each, not of speech: no voice and no phones are in them; "
            "'speechdis clips' judges a model of pictures"
        )


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")
