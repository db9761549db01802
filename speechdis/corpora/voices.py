"""Speakers for generated corpora: what is fixed in a voice, and what changes between sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from speechdis.corpora.espeak import Voice

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    import numpy as np

_FORMANTS = 6
# Hz, bottom of the intonation range
_PITCH = {"m": 92.0, "f": 165.0, "boy": 205.0, "girl": 215.0}
# formants against espeak's own: a shorter vocal tract has higher ones
_TRACT = {"m": 0.96, "f": 1.12, "boy": 1.2, "girl": 1.23}


@dataclass(frozen=True)
class Speaker:
    """A speaker of known factors.

    Attributes:
        spk: id in the form of the corpus.
        gender: "m" or "f".
        tract: common factor of all formants of `voice`.
        voice: the voice at rest; each sentence is a small variation of it.
    """

    spk: str
    gender: str
    tract: float
    voice: Voice


def draw_speaker(spk: str, kind: str, rng: np.random.Generator, language: str = "gmw/en-US") -> Speaker:
    """A speaker whose pitch, vocal tract, timbre and rate are drawn around those of the kind.

    Args:
        spk: id.
        kind: "m", "f", "boy" or "girl".
        rng: draws.
        language: see `espeak.Voice`.
    """
    import numpy as np

    tract = _TRACT[kind] * np.exp(rng.normal(0, 0.05))
    voice = Voice(
        pitch=float(_PITCH[kind] * np.exp(rng.normal(0, 0.15))),
        range=float(1.2 + 0.5 * rng.random()),
        rate=int(rng.integers(140, 200)),
        formants=_floats(tract * np.exp(rng.normal(0, 0.04, _FORMANTS))),
        heights=_floats(np.exp(rng.normal(0, 0.18, _FORMANTS))),
        widths=_floats(np.exp(rng.normal(0, 0.18, _FORMANTS))),
        breath=int(rng.integers(0, 3)),
        language=language,
    )
    gender = {"boy": "m", "girl": "f"}.get(kind, kind)
    return Speaker(spk, gender, round(float(tract), 3), voice)


def vary(voice: Voice, rng: np.random.Generator) -> Voice:
    """The voice in one sentence: pitch, its range, pace, vocal effort and, a little, the formants move."""
    import numpy as np

    effort = np.exp(rng.normal(0, 0.15) * np.linspace(0, 1, _FORMANTS))  # tilts the spectrum
    return replace(
        voice,
        pitch=float(voice.pitch * np.exp(rng.normal(0, 0.06))),
        range=float(1 + (voice.range - 1) * np.exp(rng.normal(0, 0.2))),
        rate=round(voice.rate * np.exp(rng.normal(0, 0.06))),
        formants=_floats(np.multiply(voice.formants, np.exp(rng.normal(0, 0.015, _FORMANTS)))),
        heights=_floats(np.multiply(voice.heights, effort)),
    )


def speaker_table(cast: Mapping[str, Speaker]) -> str:
    """What is true of every speaker, by the folder of the speaker: tab-separated; units as in `espeak.Voice`."""
    rows = ["folder\tgender\ttract\tpitch\trange\trate\tbreath\tformants\theights\twidths"]
    for folder, speaker in cast.items():
        v = speaker.voice
        single = f"{speaker.gender}\t{speaker.tract:.3f}\t{v.pitch:.1f}\t{v.range:.3f}\t{v.rate}\t{v.breath}"
        shapes = (" ".join(f"{value:.3f}" for value in shape) for shape in (v.formants, v.heights, v.widths))
        rows.append("\t".join((folder, single, *shapes)))
    return "\n".join(rows) + "\n"


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 3) for value in values)
