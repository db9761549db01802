"""Recordings of any system judged from outside: a list in, a table and a line for each recording out."""

import json
import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from speechdis.data.atomic import replacing
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.evaluation.outside import table
from speechdis.evaluation.outside.listening import Heard, Sound, Voice, listen_all, voices
from speechdis.evaluation.outside.manifest import Manifest, Take
from speechdis.evaluation.outside.table import Judged
from speechdis.evaluation.outside.verdict import Asked, Verdict, judge, others
from speechdis.evaluation.table import upright
from speechdis.judges.judges import Enrolled
from speechdis.judges.outside import words
from speechdis.judges.outside.voice import SIZE

_LOG = logging.getLogger(__name__)
Item = TypeVar("Item")
REAL = ("recording of A", "recording of B: no change")


@dataclass(frozen=True)
class Verdicts:
    """What was made of a list.

    Attributes:
        rows: of each take its verdict, or why there is none.
        systems: summaries of each system's, and of the real recordings that they were made of.
        speakers: by number.
        known_by_lent: takes whose A is known by the recordings alone that lent the voice.
    """

    rows: list[tuple[Take, Judged | str]]
    systems: dict[str, Any]
    speakers: list[str]
    known_by_lent: int

    @property
    def failures(self) -> list[dict[str, str]]:
        """Takes without a verdict."""
        return [{"path": str(take.path), "reason": row} for take, row in self.rows if isinstance(row, str)]

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "systems": self.systems,
            "judged": len(self.rows) - len(self.failures),
            "speakers": len(self.speakers),
            "known_by_lent": self.known_by_lent,
            "failures": self.failures,
        }

    def log(self) -> None:
        """The table, and what it rests on."""
        _LOG.info("\n%s", table.shown(self.systems, upright))
        made = len(self.rows) - len(self.failures)
        _LOG.info("%d recordings judged, %d not; %d speakers", made, len(self.failures), len(self.speakers))
        if self.known_by_lent:
            _LOG.warning(
                "%d of them: A is known only by the recordings that lent the voice; --data with other recordings of "
                "the speakers makes the judgement fair",
                self.known_by_lent,
            )

    def write(self, path: Path, lines: Path) -> None:
        """The summaries as JSON to `path`, and every recording's verdict, as a table with tabs, to `lines`."""
        with replacing(path) as partial:
            partial.write_text(json.dumps(self.as_dict(), indent=1) + "\n", "utf-8")
        with replacing(lines) as partial:
            partial.write_text("".join(self._lines()), "utf-8")

    def _lines(self) -> Iterator[str]:
        names = [name for name in Verdict.__dataclass_fields__ if name != "speaker"]
        yield "\t".join(["path", "system", "voice", "content", "heard_as", *names, "fault"]) + "\n"
        for take, row in self.rows:
            if isinstance(row, str):
                cells = [str(take.path), take.system, take.voice, "", "", *[""] * len(names), row]
            else:
                found = asdict(row.verdict)
                who = (self.speakers[k] for k in (row.voice, row.content, row.verdict.speaker))
                figures = ("" if found[name] is None else f"{found[name]:.6g}" for name in names)
                cells = [str(take.path), take.system, *who, *figures, ""]
            yield "\t".join(cell.replace("\t", " ") for cell in cells) + "\n"


def judge_all(manifest: Manifest, jobs: int = 1, strict: bool = False) -> Verdicts:
    """The verdict on every recording of a list, and on the real ones that it was made of.

    Args:
        manifest: the list.
        jobs: processes.
        strict: a recording that cannot be judged is an error; otherwise it is reported and left out.

    Raises:
        InputError: not one can be judged; or, under `strict`, one cannot.
    """
    takes = manifest.takes
    known = _Known.of(manifest.recordings, jobs)
    real = sorted({k for take in takes for k in (take.content, *take.lent[:1])})
    sounds = [*(_sound(manifest.recordings[k]) for k in real), *(Sound(take.path) for take in takes)]
    heard = list(_bar(listen_all(sounds, jobs), len(sounds), "judged"))
    bench = _Bench(manifest.recordings, known, dict(zip(real, heard, strict=False)))
    rows = [(take, bench.verdict(take, made)) for take, made in zip(takes, heard[len(real) :], strict=True)]
    systems: dict[str, list[Judged]] = {}
    good = []
    for take, row in rows:
        if isinstance(row, Judged):
            good.append(take)
            systems.setdefault(take.system or "judged", []).append(row)
        else:
            _report(take, row, strict)
    if not good:
        raise InputError(f"not one recording can be judged; the last: {rows[-1][1]}")
    found = {**bench.real(good), **systems}
    lonely = sum(bench.lonely(take) for take in good)
    return Verdicts(rows, {name: table.summary(one) for name, one in found.items()}, known.speakers, lonely)


def _report(take: Take, fault: str, strict: bool) -> None:
    if strict:
        raise InputError(fault)
    _LOG.warning("not judged: %s: %s", take.path.name, fault)


@dataclass(frozen=True)
class _Known:
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
    def of(cls, recordings: Sequence[Utterance], jobs: int) -> "_Known":
        heard = list(_bar(voices([_sound(u) for u in recordings], jobs), len(recordings), "enrolled"))
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
class _Bench:
    """Judges with what they know: real recordings, their voices, and what is heard in some."""

    recordings: Sequence[Utterance]
    known: _Known
    heard: dict[int, Heard | str]

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
        """Whether A is known only by what lent the voice."""
        return not others(self.known.enrolled, self._without(take))[self._number(take.voice)]

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


def _sound(u: Utterance) -> Sound:
    return Sound(u.path, u.start, u.end)


def _bar(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    with logging_redirect_tqdm():
        yield from tqdm(items, total=total, desc=what, unit="recording", leave=False)
