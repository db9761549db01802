"""Which words: phonemes by hama (CTC, English), phones by PocketSphinx as a second ear, and the phonemes of a text.

What an ear loses of a recording's own words is a count of edits: substitutions, insertions and deletions.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from speechdis.judges.outside import RATE, package

_PAUSES = ("SIL",)  # and +NOISE+, +SPN+ in PocketSphinx's output


def phonemes(wave: np.ndarray) -> tuple[str, ...]:
    """Phonemes (IPA) that hama hears in a waveform (n,)."""
    return tuple(_hama().transcribe_waveform(np.asarray(wave, np.float32), RATE).phonemes)


def phonemes_of(text: str) -> tuple[str, ...]:
    """Phonemes (IPA) of a text by hama's G2P, in the same alphabet."""
    return tuple(one.phoneme for one in _spelling().predict(text).alignments)


def phones(wave: np.ndarray) -> tuple[str, ...]:
    """Phones (ARPABET) that PocketSphinx hears in a waveform (n,), pauses and noises left out."""
    samples = np.rint(np.clip(wave, -1, 1) * 32767).astype(np.int16)
    decoder = _sphinx()
    decoder.start_stream()
    decoder.reinit_feat()  # its running mean of cepstra would else remember the recordings before
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()
    heard = [segment.word for segment in decoder.seg() or ()]
    return tuple(phone for phone in heard if phone not in _PAUSES and not phone.startswith("+"))


def edits(heard: Sequence[str], wanted: Sequence[str]) -> int:
    """Least number of substitutions, insertions and deletions that make `wanted` of `heard` (Levenshtein 1966).

    >>> edits("kitten", "sitting")
    3
    """
    column = np.arange(len(wanted) + 1)
    symbols = np.array([*wanted], dtype=object)
    for count, symbol in enumerate(heard, 1):
        changed = np.minimum(column[:-1] + (symbols != symbol), column[1:] + 1)
        found = np.concatenate([[count], changed])
        # Deletions go along the column: the least of what comes before, each step one more.
        column = np.minimum.accumulate(found - np.arange(len(found))) + np.arange(len(found))
    return int(column[-1])


@lru_cache(maxsize=1)
def _hama() -> Any:
    return package("hama").ASRModel()


@lru_cache(maxsize=1)
def _spelling() -> Any:
    return package("hama").G2PModel()


@lru_cache(maxsize=1)
def _sphinx() -> Any:
    pocketsphinx = package("pocketsphinx")
    language = pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin")
    # The weight and beams that its documentation gives for phone recognition.
    return pocketsphinx.Decoder(allphone=language, lw=2.0, beam=1e-20, pbeam=1e-20, loglevel="FATAL")
