"""Words that anonymised speech has lost: phonemes that an outside recogniser hears otherwise than in the original."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from speechdis.data.audio import read_utterance
from speechdis.data.jobs import map_utterances
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.evaluation.outside.listening import progress
from speechdis.judges.outside import RATE, words
from speechdis.metrics.people import mean_over_people


class Lost(NamedTuple):
    """Edits between the phonemes heard in a recording anew and as it was, and how many those are."""

    wrong: int
    phonemes: int
    spk: str


def lost_words(
    original: Sequence[Utterance], anonymised: Sequence[Utterance], most: int | None = None, jobs: int = 1
) -> Mapping[str, Any]:
    """Phonemes wrong, in %, with a 95 % interval over speakers; utterances are told by their ids.

    Args:
        original, anonymised: the same utterances.
        most: that are heard at most, evenly spread; None for all.
        jobs: processes.

    Raises:
        InputError: no utterance is in both; a package of the extra is not there.
    """
    known = {u.utt: u for u in original}
    both = [(known[u.utt], u) for u in anonymised if u.utt in known]
    if not both:
        raise InputError("no utterance of the trials is in the original ones; were they given new ids?")
    if most is not None and most < len(both):
        both = [both[k] for k in np.linspace(0, len(both) - 1, most).round().astype(int)]
    heard = list(progress(map_utterances(_lost, both, jobs), len(both), "words"))
    found = [one for one in heard if one is not None and one.phonemes]
    if not found:
        raise InputError("the recogniser hears no phoneme in the original recordings")
    count = np.array([one.phonemes for one in found], float)
    people = np.unique([one.spk for one in found], return_inverse=True)[1]
    rate = mean_over_people(100 * np.array([one.wrong for one in found]) / count, count, people, people)
    return {
        "wrong_percent": rate.value,
        "interval_percent": rate.interval and list(rate.interval),
        "phonemes": int(count.sum()),
        "utterances": len(found),
    }


def _lost(both: tuple[Utterance, Utterance]) -> Lost | None:
    """None where a recording cannot be read."""
    try:
        was, now = (words.phonemes(read_utterance(u, RATE)[0]) for u in both)
    except InputError:
        return None
    return Lost(words.edits(now, was), len(was), both[0].spk)
