"""Whose voice: Resemblyzer's speaker encoder (GE2E, Wan et al. 2018), trained on LibriSpeech and VoxCeleb."""

from functools import lru_cache
from typing import Any

import numpy as np

from speechdis.errors import InputError
from speechdis.judges.outside import RATE, package

SIZE = 256
SHORTEST = 0.1  # s of speech


def embed(wave: np.ndarray) -> np.ndarray:
    """The voice of a waveform (n,): (256,) float32 of unit length. Long silences do not count.

    Raises:
        InputError: it holds less than a tenth of a second of speech; the package is not there.
    """
    encoder, audio = _encoder(), package("resemblyzer.audio")
    spoken = audio.preprocess_wav(np.asarray(wave, np.float32))
    if len(spoken) < SHORTEST * RATE:
        raise InputError("the judge of voices hears no speech in it")
    vector = encoder.embed_utterance(spoken)
    if not np.isfinite(vector).all():
        raise InputError("the judge of voices makes no vector of it")
    return np.asarray(vector, np.float32)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Of two vectors (E,)."""
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


@lru_cache(maxsize=1)
def _encoder() -> Any:
    return package("resemblyzer").VoiceEncoder("cpu", verbose=False)
