"""Islands of speech in silence, by energy: voice activity detection that knows the noise of its recording.

A frame is speech where its level is above a threshold between the recording's own noise floor and its peak
(`librosa.effects.split`). Islands that are close to each other are one (the closure in "ocho"), and a short one
that is left is no speech (a click).
"""

from dataclasses import dataclass

import numpy as np

from speechdis.data.audio import read_utterance
from speechdis.data.utterance import Interval, Utterance
from speechdis.errors import InputError
from speechdis.segmentation.cuts import Cuts

_FRAME, _HOP = 0.030, 0.005  # s
_LOUD, _QUIET = 98, 10  # percentiles of the level that count as its peak and as its noise floor


@dataclass(frozen=True)
class Settings:
    """When sound is speech.

    Attributes:
        threshold: where between the noise floor (0) and the peak (1) of the level in dB speech begins.
        range_db: and at most so far below the peak, dB.
        gap: islands less than this apart are one, s.
        shortest: a shorter island is no speech, s.
        margin: what is kept before and after an island, s.
    """

    threshold: float = 0.15
    range_db: float = 40.0
    gap: float = 0.2
    shortest: float = 0.08
    margin: float = 0.02


def islands(wave: np.ndarray, rate: int, settings: Settings) -> np.ndarray:
    """(N, 2) beginning and end of each island in s, in order and apart, of a waveform (K,); N may be 0."""
    import librosa

    frame, hop = round(_FRAME * rate), round(_HOP * rate)
    level = librosa.amplitude_to_db(
        librosa.feature.rms(y=wave, frame_length=frame, hop_length=hop)[0], top_db=None
    )
    floor, peak = np.percentile(level, (_QUIET, _LOUD))
    below = min((1 - settings.threshold) * (peak - floor), settings.range_db)
    found = librosa.effects.split(
        wave, top_db=below, ref=10 ** (peak / 20), frame_length=frame, hop_length=hop
    )
    spans: list[list[float]] = []
    for start, end in found / rate:
        if spans and start - spans[-1][1] < settings.gap:
            spans[-1][1] = end
        else:
            spans.append([start, end])
    kept = np.array([span for span in spans if span[1] - span[0] >= settings.shortest]).reshape(-1, 2)
    margins = np.array([-settings.margin, settings.margin])
    return np.clip(kept + margins, 0, len(wave) / rate)


def cut(utterance: Utterance, settings: Settings) -> Cuts:
    """The words of an utterance, one an island; without confidences.

    Raises:
        InputError: the number of islands is not the number of words; as `read_audio`.
    """
    wave, rate = read_utterance(utterance)
    found, words = islands(wave, rate, settings), utterance.text.split()
    if len(found) != len(words):
        raise InputError(f"{len(found)} islands of speech for {len(words)} words ({utterance.text})")
    pairs = zip(found.tolist(), words, strict=True)
    return Cuts(tuple(Interval(start, end, word) for (start, end), word in pairs))
