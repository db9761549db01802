"""Real recordings that judges know, and verdicts on what was made of them."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechdis.data.utterance import Utterance
from speechdis.evaluation.outside.listening import Heard, Voice, listen_all, progress, voices
from speechdis.evaluation.outside.manifest import Take
from speechdis.evaluation.outside.table import Judged
from speechdis.evaluation.outside.verdict import Asked, judge, others
from speechdis.judges.judges import Enrolled
from speechdis.judges.outside import words
from speechdis.judges.outside.voice import SIZE

_LOG = logging.getLogger(__name__)
REAL = ("recording of A", "recording of B: no change")


@dataclass(frozen=True)
class Known:
    """Real recordings as the speakers are known by them.

    Attributes:
        enrolled: one without a voice has the vector 0.
        levels: (R,) mean log F0 of each recording; NaN where it has none.
        speakers: names by number, of whom at least one recording has a voice.
    """

    enrolled: Enrolled
    levels: np.ndarray
    speakers: list[str]

    @classmethod
    def of(cls, recordings: Sequence[Utterance], jobs: int) -> "Known":
        heard = list(progress(voices(recordings, jobs), len(recordings), "enrolled"))
        for one in heard:
            if isinstance(one, str):
                _LOG.warning("not enrolled: %s", one)
        found = [Voice(np.zeros(SIZE), math.nan) if isinstance(one, str) else one for one in heard]
        names = sorted({u.spk for u, one in zip(recordings, heard, strict=True) if not isinstance(one, str)})
        number = {name: k for k, name in enumerate(names)}
        codes = np.array([number.get(u.spk, 0) for u in recordings])
        vectors = np.stack([one.vector for one in found])
        return cls(Enrolled(vectors, codes), np.array([one.log_f0 for one in found]), names)


@dataclass(frozen=True)
class Bench:
    """Judges with what they know: real recordings, their voices, and what is heard in some."""

    recordings: Sequence[Utterance]
    known: Known
    heard: dict[int, Heard | str]

    @classmethod
    def of(cls, recordings: Sequence[Utterance], used: Sequence[int], jobs: int) -> "Bench":
        """Enrol all recordings, and listen to those whose numbers are `used`; in `jobs` processes."""
        known = Known.of(recordings, jobs)
        heard = progress(listen_all([recordings[k] for k in used], jobs), len(used), "real recordings")
        return cls(recordings, known, dict(zip(used, heard, strict=True)))

    @property
    def speakers(self) -> list[str]:
        """Names of the speakers by number."""
        return self.known.speakers

    def verdict(self, take: Take, heard: Heard | str) -> Judged | str:
        """The verdict on a take, or why there is none."""
        source = self.heard[take.content]
        for one in (heard, source):
            if isinstance(one, str):
                return one
        for name in (take.voice, self.recordings[take.content].spk):
            if name not in self.known.speakers:
                return f"no recording of the speaker '{name}' can be used"
        assert isinstance(heard, Heard) and isinstance(source, Heard)
        return self._judged(take, heard, source, take.text, self._level(take))

    def real(self, takes: Sequence[Take]) -> dict[str, list[Judged]]:
        """Verdicts on the recordings of A and of B of every pair of which something was made."""
        found: dict[str, list[Judged]] = {name: [] for name in REAL}
        for take in dict.fromkeys(take._replace(path=Path(), system="") for take in takes):
            lender = self.heard[take.lent[0]] if take.lent else ""
            if isinstance(lender, Heard):
                said = self.recordings[take.lent[0]].text
                found[REAL[0]].append(self._judged(take, lender, None, said, math.nan))
            source = self.heard[take.content]
            assert isinstance(source, Heard)
            found[REAL[1]].append(self._judged(take, source, source, take.text, self._level(take)))
        return {name: rows for name, rows in found.items() if rows}

    def lonely(self, take: Take) -> bool:
        """Whether A or B is known only by what lent the voice or the words."""
        pair = [self._number(name) for name in (take.voice, self.recordings[take.content].spk)]
        return bool(others(self.known.enrolled, self._without(take))[pair].min() == 0)

    def _judged(self, take: Take, heard: Heard, source: Heard | None, text: str, log_f0: float) -> Judged:
        a, b = self._number(take.voice), self._number(self.recordings[take.content].spk)
        spelled = words.phonemes_of(text) if text else ()
        asked = Asked(a, b, self._without(take), source, spelled, log_f0)
        return Judged(judge(heard, asked, self.known.enrolled), a, b)

    def _number(self, speaker: str) -> int:
        return self.known.speakers.index(speaker)

    def _without(self, take: Take) -> tuple[int, ...]:
        return (take.content, *take.lent)

    def _level(self, take: Take) -> float:
        """Mean log F0 of the recordings that lent the voice, or of all of the speaker where none is named."""
        lent = list(take.lent) or np.flatnonzero(self.known.enrolled.speaker == self._number(take.voice))
        levels = self.known.levels[lent]
        return float(levels[~np.isnan(levels)].mean()) if not np.isnan(levels).all() else math.nan
