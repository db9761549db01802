"""Text files of trials and scores, as Kaldi has them.

A trial file has lines `enroll test target|nontarget` (`1|0` is read too), a score file `enroll test score`. A
pair is ordered: the score of `b a` is not the one of the trial `a b`.
"""

from array import array
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from speechdis.data.atomic import replacing
from speechdis.errors import InputError
from speechdis.evaluation.trials import Pairs, Trials

_LABELS = {"target": True, "nontarget": False, "1": True, "0": False}
_LINE = "'enroll test {}'"
_TARGET = "target|nontarget"


def read_trials(path: str | Path) -> Trials:
    """Read a trial file.

    Raises:
        InputError: with the line, for anything but `enroll test target|nontarget`, and for an empty file.
    """
    index: dict[str, int] = {}
    i, j, labels = _read(path, _LABELS.__getitem__, _LINE.format(_TARGET), index, bare=False)
    return Trials(tuple(index), Pairs(i, j, labels.astype(bool)))


def read_scores(path: str | Path, trials: Trials) -> np.ndarray:
    """Scores (N,) float64 of `trials` from a score file in any order; what it has beyond those is left.

    Raises:
        InputError: a malformed line, a score that is not finite, a pair twice, or a trial without a score.
    """
    index = {utt: k for k, utt in enumerate(trials.utts)}
    i, j, scores = _read(path, _finite, f"{_LINE.format('score')} (finite)", index, bare=False)
    wanted = trials.pairs.i * np.int64(len(index)) + trials.pairs.j
    given = i * np.int64(len(index)) + j
    if np.array_equal(wanted, given):
        return scores
    utts = tuple(index)
    order = np.argsort(given, kind="stable")
    given = given[order]
    if (twice := np.flatnonzero(given[1:] == given[:-1])).size:
        raise InputError(f"{path}: the pair '{_pair(utts, given[twice[0]])}' has two scores; remove one")
    place = np.minimum(np.searchsorted(given, wanted), len(given) - 1)
    if (missing := np.flatnonzero(given[place] != wanted)).size:
        raise InputError(f"{path}: no score for the trial '{_pair(utts, wanted[missing[0]])}'")
    return scores[order[place]]


def read_labelled(scores: str | Path, labels: str | Path) -> tuple[Trials, np.ndarray]:
    """Trials and scores from two files whose lines belong together one by one.

    Lines are `score` and `target|nontarget`, or the same after `enroll test`; ids come from the file that has
    them, and `utts` is empty where neither has.

    Raises:
        InputError: a malformed line, files of different length or of different pairs.
    """
    index: dict[str, int] = {}
    i, j, values = _read(scores, _finite, f"'score' or {_LINE.format('score')} (finite)", index, bare=True)
    form = f"'{_TARGET}' or {_LINE.format(_TARGET)}"
    enroll, test, target = _read(labels, _LABELS.__getitem__, form, index, bare=True)
    if len(values) != len(target):
        raise InputError(f"{labels}: {len(target)} labels for the {len(values)} scores of {scores}")
    if len(i) and len(enroll) and (wrong := np.flatnonzero((i != enroll) | (j != test))).size:
        raise InputError(f"{labels}:{wrong[0] + 1}: not the pair on that line of {scores}")
    if not len(i):
        i, j = enroll, test
    return Trials(tuple(index), Pairs(i, j, target.astype(bool))), values


def read_utt2spk(path: str | Path) -> dict[str, str]:
    """Speaker of each utterance. Raises InputError, with the line, for anything but `utt spk`, utt once."""
    table: dict[str, str] = {}
    with Path(path).open(encoding="utf-8", errors="surrogateescape") as file:
        for number, line in enumerate(file, 1):
            fields = line.split()
            if len(fields) != 2 or fields[0] in table:
                raise InputError(f"{path}:{number}: expected 'utt spk', each utt once, got '{line.strip()}'")
            table[fields[0]] = fields[1]
    return table


def write_trials(path: str | Path, trials: Trials) -> None:
    """Write lines `enroll test target|nontarget`."""
    _write(path, trials, (("nontarget", "target")[label] for label in trials.pairs.target.tolist()))


def write_scores(path: str | Path, trials: Trials, scores: np.ndarray) -> None:
    """Write lines `enroll test score`; scores (N,) keep 7 significant digits."""
    _write(path, trials, (f"{score:.7g}" for score in scores.tolist()))


def _write(path: str | Path, trials: Trials, values: Iterable[str]) -> None:
    utts, lines = trials.utts, zip(trials.pairs.i.tolist(), trials.pairs.j.tolist(), values, strict=True)
    with replacing(path) as partial, partial.open("w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(f"{utts[i]} {utts[j]} {value}\n" for i, j, value in lines)


def _read(
    path: str | Path, parse: Callable[[str], float], form: str, index: dict[str, int], bare: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers of both utterances (new ids go into `index`; empty without ids) and the last column, (N,)."""
    i, j, values = array("i"), array("i"), array("d")
    width = 0
    with Path(path).open(encoding="utf-8", errors="surrogateescape") as file:
        for number, line in enumerate(file, 1):
            parts = line.split()
            width = width or len(parts)
            try:
                if len(parts) != width or not (width == 3 or (bare and width == 1)):
                    raise ValueError
                values.append(parse(parts[-1]))
            except (KeyError, ValueError):
                raise InputError(f"{path}:{number}: expected {form}, got '{line.strip()}'") from None
            if width == 3:
                if parts[0] == parts[1]:
                    raise InputError(
                        f"{path}:{number}: '{parts[0]}' is compared with itself; remove the line"
                    )
                i.append(index.setdefault(parts[0], len(index)))
                j.append(index.setdefault(parts[1], len(index)))
    if not values:
        raise InputError(f"{path}: empty; expected lines {form}")
    return np.array(i, np.int32), np.array(j, np.int32), np.array(values)


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0:  # NaN or infinite
        raise ValueError
    return value


def _pair(utts: tuple[str, ...], key: np.integer) -> str:
    return " ".join(utts[k] for k in divmod(int(key), len(utts)))
