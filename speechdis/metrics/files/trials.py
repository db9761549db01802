"""Files of trials and of scores: read in any form that `trial_forms` lists, written in Kaldi's.

A pair is ordered: the score of `b a` is not the one of the trial `a b`.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from speechdis.data.atomic import replacing
from speechdis.data.text import read_text
from speechdis.errors import InputError
from speechdis.metrics.files.columns import Index, Table, read_table
from speechdis.metrics.names import match_names
from speechdis.metrics.trials import Pairs, Trials, ascending

Columns = Sequence[str] | None  # roles of the columns of a file; None to recognise them


def read_trials(path: str | Path, columns: Columns = None) -> Trials:
    """Read a trial file. What stands twice counts twice.

    Raises:
        InputError: see `read_table`; or a trial stands twice, with different labels.
    """
    index = Index()
    table = read_table(path, {"label", "test"}, index, columns)
    trials = Trials(index.utts, Pairs(table.i, table.j, table.label))
    _once(path, trials.utts, table, table.label, "labels")
    return trials


def read_scores(path: str | Path, trials: Trials, columns: Columns = None) -> np.ndarray:
    """Scores (N,) float64 of `trials` from a score file in any order; what it has beyond those is left.

    Where ids of the two differ by a suffix or by folders alone, they are matched, with a note.

    Raises:
        InputError: see `read_table`; a pair has two different scores, or a trial has none.
    """
    index = Index()
    for utt in trials.utts:
        index[utt.encode("utf-8", "surrogateescape")]
    side = "alone" if np.array_equal(trials.pairs.i, trials.pairs.j) else "enroll"
    table = read_table(path, {"score", "test", side}, index, columns)
    scores = table.score
    if np.array_equal(trials.pairs.i, table.i) and np.array_equal(trials.pairs.j, table.j):
        _once(path, index.utts, table, scores, "scores")
        return scores
    table = _renamed(path, trials, table, index.utts)
    order = _once(path, index.utts, table, scores, "scores")
    wanted, given = (
        _keys(i, j, len(index)) for i, j in ((trials.pairs.i, trials.pairs.j), (table.i, table.j))
    )
    if order is not None:
        given = given[order]
    place = np.minimum(np.searchsorted(given, wanted), len(given) - 1)
    if (missing := np.flatnonzero(given[place] != wanted)).size:
        raise _unscored(path, trials, table, index.utts, missing)
    return scores[place if order is None else order[place]]


def read_labelled(
    scores: str | Path, labels: str | Path, score_columns: Columns = None, label_columns: Columns = None
) -> tuple[Trials, np.ndarray]:
    """Trials and scores from two files whose lines belong together one by one.

    Ids come from the file that has them, and `utts` is empty where neither has.

    Raises:
        InputError: see `read_table`; files of different length or of different pairs.
    """
    index = Index()
    scored = read_table(scores, {"score"}, index, score_columns)
    labelled = read_table(labels, {"label"}, index, label_columns)
    if len(scored.score) != len(labelled.label):
        raise InputError(
            f"{labels}: {len(labelled.label)} labels for the {len(scored.score)} scores of {scores}"
        )
    both = len(scored.i) and len(labelled.i)
    if both and (wrong := np.flatnonzero((scored.i != labelled.i) | (scored.j != labelled.j))).size:
        raise InputError(
            f"{labels}: its trial {wrong[0] + 1} is not the pair of that score of {scores}; of another order, "
            "give it as --trials"
        )
    ids = scored if len(scored.i) else labelled
    return Trials(index.utts, Pairs(ids.i, ids.j, labelled.label)), scored.score


def read_scored(path: str | Path, columns: Columns = None) -> tuple[Trials, np.ndarray]:
    """Trials and scores of one file that has scores and labels; `utts` is empty where it has no ids.

    Raises:
        InputError: see `read_table`.
    """
    index = Index()
    table = read_table(path, {"score", "label"}, index, columns)
    return Trials(index.utts, Pairs(table.i, table.j, table.label)), table.score


def read_utt2spk(path: str | Path) -> dict[str, str]:
    """Speaker of each utterance. Raises InputError, with the line, for anything but `utt spk`, utt once."""
    table: dict[str, str] = {}
    for number, line in enumerate(read_text(path, "surrogateescape").split("\n"), 1):
        fields = line.encode("utf-8", "surrogateescape").split()  # at ASCII's blanks, as Kaldi does
        utt, *spk = (field.decode("utf-8", "surrogateescape") for field in fields) if fields else ("",)
        if fields and (len(spk) != 1 or table.setdefault(utt, spk[0]) != spk[0]):
            shown = line.strip()[:80]
            raise InputError(f"{path}:{number}: expected 'utt spk', one speaker an utterance, got '{shown}'")
    return table


def write_all_pairs(
    path: str | Path, utts: Sequence[str], spks: Sequence[str], sessions: Sequence[str] | None = None
) -> None:
    """Write the trials of all unordered pairs of utterances, given each one's speaker, without holding them.

    Where `sessions` are given, no pair is of one session.
    """
    ends = {
        same: [f" {utt} {word}\n" for utt in utts] for same, word in ((True, "target"), (False, "nontarget"))
    }
    with replacing(path) as partial, partial.open("w", encoding="utf-8", errors="surrogateescape") as file:
        for k, (utt, spk) in enumerate(zip(utts, spks, strict=True)):
            rest = (
                ends[spk == other][m]
                for m, other in enumerate(spks[k + 1 :], k + 1)
                if sessions is None or sessions[k] != sessions[m]
            )
            file.write("".join(utt + end for end in rest))


def _once(
    path: str | Path, utts: Sequence[str], table: Table, values: np.ndarray, what: str
) -> np.ndarray | None:
    """The order of the pairs by their keys, None if they stand in it.

    Raises:
        InputError: a pair has two different values.
    """
    if ascending(table.i, table.j):
        return None
    keys = _keys(table.i, table.j, len(utts))
    order = np.argsort(keys, kind="stable")
    twice = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    unequal = twice[values[order[twice]] != values[order[twice + 1]]]
    if unequal.size:
        pairs = {f"{utts[table.i[k]]} {utts[table.j[k]]}" for k in order[unequal]}
        more = f" and of {len(pairs) - 1:,} more" if len(pairs) > 1 else ""
        raise InputError(
            f"{path}: different {what} of the pair '{min(pairs)}'{more}; keep one line of a pair"
        )
    if twice.size:
        logging.getLogger(__name__).info("%s: repeated lines: %s; each counts", path, f"{twice.size:,}")
    return order


def _renamed(path: str | Path, trials: Trials, table: Table, utts: Sequence[str]) -> Table:
    """`table` with the ids of `trials`, where those of the scores differ by suffix or folders alone."""
    known = len(trials.utts)
    unscored = np.setdiff1d(np.arange(known), np.union1d(table.i, table.j))
    names = match_names([utts[k] for k in unscored], utts[known:])
    if not names:
        return table
    number_of = dict(zip(utts, range(len(utts)), strict=True))
    number = np.arange(len(utts), dtype=np.int32)
    for wanted, given in names.items():
        number[number_of[given]] = number_of[wanted]
    wanted, given = next(iter(names.items()))
    logging.getLogger(__name__).info(
        "%s: '%s' is taken for '%s' of the trials, and so on: %d ids differ by suffix or folder",
        path, given, wanted, len(names),
    )  # fmt: skip
    return replace(table, i=number[table.i], j=number[table.j])


def _unscored(
    path: str | Path, trials: Trials, table: Table, utts: Sequence[str], missing: np.ndarray
) -> InputError:
    """What to say of trials without score; `missing` (M,) of them."""
    i, j = (utts[side[missing[0]]] for side in trials.pairs[:2])
    given = " ".join(dict.fromkeys((utts[table.i[0]], utts[table.j[0]])))
    first = f"'{i} {j}'" if i != j else f"'{i}'"
    of = f" and {len(missing) - 1:,} others" if len(missing) > 1 else ""
    turned = (
        " (that of the pair the other way round is another)" if _turned(table, trials, missing[0]) else ""
    )
    return InputError(f"{path}: no score for the trial {first}{of}{turned}; its first score is of '{given}'")


def _turned(table: Table, trials: Trials, k: int) -> bool:
    return bool(((table.i == trials.pairs.j[k]) & (table.j == trials.pairs.i[k])).any())


def _keys(i: np.ndarray, j: np.ndarray, count: int) -> np.ndarray:
    """One number (N,) int64 for each ordered pair."""
    return i * np.int64(count) + j
