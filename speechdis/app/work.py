"""What the page asks for: each piece of work says what it is doing, and gives its result last."""

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np

from speechdis.app.recordings import Dropped, Limits, read, shown
from speechdis.errors import InputError
from speechdis.model import Speech, TrainedModel
from speechdis.plots.voices import MOST, write_voices

Event: TypeAlias = dict[str, Any]  # {"doing": what}, or at the end {"result": ...}
_FAINT = 1e-4  # weight of an earlier recording in the choice of the map's plane
SIZE = (420, 300)  # CSS pixels of the map


def hear(model: TrainedModel, files: Sequence[Dropped], limits: Limits) -> Iterator[Event]:
    """A recording, as the model hears it."""
    (file,) = _several(files, 1)
    yield {"doing": f"Reading {file.name}"}
    codes = read(model, file, limits)
    assert codes.wave is not None  # it was read from a file
    yield {"result": shown(model, Speech(codes.wave, model.sample_rate), codes.static)}


def swap(model: TrainedModel, files: Sequence[Dropped], limits: Limits) -> Iterator[Event]:
    """The words of the second recording in the voice of the first."""
    a, b = _several(files, 2)
    yield {"doing": f"Reading {a.name}"}
    voice = read(model, a, limits)
    yield {"doing": f"Reading {b.name}"}
    content = read(model, b, limits)
    yield {"doing": f"Saying the words of {b.name} in the voice of {a.name}"}
    yield from _made(model, model.swap(voice, content))


def anonymise(
    model: TrainedModel, files: Sequence[Dropped], limits: Limits, seed: int = 0
) -> Iterator[Event]:
    """The words of a recording in a voice that is nobody's."""
    (file,) = _several(files, 1)
    yield {"doing": f"Reading {file.name}"}
    content = read(model, file, limits)
    yield {"doing": f"Saying the words of {file.name} in a voice that is nobody's"}
    yield from _made(model, model.anonymise(content, seed))


def _made(model: TrainedModel, speech: Speech) -> Iterator[Event]:
    yield {"doing": "Drawing what it sounds like"}
    heard = model.embed(np.asarray(speech.wave), rate=speech.rate)
    yield {"result": shown(model, speech, heard.static)}


def _several(files: Sequence[Dropped], count: int) -> Sequence[Dropped]:
    if len(files) != count:
        raise InputError(f"{len(files)} recordings came; this takes {count}")
    return files


def draw(text: bytes) -> Iterator[Event]:
    """The map of a session, in a light and a dark copy (SVG).

    Args:
        text: JSON of points, each with static (S,), kind ("voice", "words" or "made"), label ("" for none) and now
            (whether it is what the page shows).
    """
    try:
        points = json.loads(text)
        kinds, labels = ([str(one[key]) for one in points] for key in ("kind", "label"))
        now = [bool(one["now"]) for one in points]
        static = np.array([one["static"] for one in points], float)
        if static.ndim != 2 or not 1 <= len(static) <= MOST or not np.isfinite(static).all():
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise InputError(f"no map of this: it is of 1 to {MOST} vectors of one size") from None
    with TemporaryDirectory() as folder:
        write_voices(Path(folder), flattened(static, now), kinds, labels, now, SIZE)
        yield {
            "result": {
                theme: base64.b64encode(Path(folder, f"voices-{theme}.svg").read_bytes()).decode()
                for theme in ("light", "dark")
            }
        }


def flattened(vectors: np.ndarray, now: Sequence[bool]) -> np.ndarray:
    """Vectors (N, S) on the plane in which those that are shown `now` spread most (N, 2): of three, as far as they are.

    The plane is that of their first two principal components; the others count where it is free, as of two vectors.
    The sign of a component means nothing: the largest of its values is made positive.
    """
    weight = np.where(now, 1, _FAINT)[:, None]
    centred = vectors - (weight * vectors).sum(0) / weight.sum()
    _, _, axes = np.linalg.svd(weight * centred, full_matrices=False)
    plane = np.zeros((len(vectors), 2))
    found = centred @ axes[:2].T  # (N, at most 2)
    plane[:, : found.shape[1]] = found
    largest = plane[np.abs(plane).argmax(0), [0, 1]]
    return plane * np.where(largest < 0, -1, 1)
