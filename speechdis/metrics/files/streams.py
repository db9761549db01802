"""Trials of a file that is too large for a list: it is read a few times as a stream, and its scores are counted.

Memory is that of the ids and of the trials that the bootstrap draws. The figures are those of the list, of scores in
float32, with one check less: a pair that stands twice is not looked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from speechdis.errors import InputError
from speechdis.metrics.counted import Block, Counts, count
from speechdis.metrics.files.columns import Index, Table, table_blocks
from speechdis.metrics.files.embeddings import Embeddings
from speechdis.metrics.intervals import BOOTSTRAP_TRIALS, resampled, some_trials
from speechdis.metrics.trials import NoSpeakers, components, contradiction, speakers_of
from speechdis.metrics.verification import Verification

LARGE = 1 << 30  # bytes of a file: some 25 million trials
Scorer = Callable[[Table], np.ndarray]  # scores (N,) float32 of the trials of a block


def measure(
    path: Path,
    columns: Sequence[str] | None = None,
    utt2spk: Mapping[str, str] | None = None,
    embeddings: Embeddings | None = None,
) -> tuple[Verification, str, int, Counts]:
    """Figures of a file; why there is no interval; number of utterances; the counts of scores.

    Args:
        columns: see `read_table`.
        utt2spk: speaker of each utterance; None for those that target trials join.
        embeddings: what scores the trials; None where the file has scores.

    Raises:
        InputError: as `read_table` and `Embeddings.read`; an utterance without speaker.
    """
    stream = Stream(path, {"label", "test" if embeddings else "score"}, columns)
    speakers, reason = None, ""
    try:
        speakers = stream.speakers(utt2spk)
    except NoSpeakers as error:
        reason = str(error)
    score: Scorer = lambda block: block.score  # noqa: E731
    if embeddings:
        if stream.alone:
            raise InputError(f"{path}: a trial there is one utterance; --embeddings needs two to compare")
        _, scoring = embeddings.read(stream.utts)
        score = lambda block: scoring.pairs(block.i, block.j)  # noqa: E731
    streamed = Streamed(stream, score, speakers, "other target trials" if utt2spk is None else "utt2spk")
    found, wrong = streamed.verify()
    return found, reason or wrong, len(stream.utts), streamed.counts


class Stream:
    """A file of trials, read once to see whose they are; `utts` are their ids, empty where it has none."""

    def __init__(self, path: Path, needs: set[str], columns: Sequence[str] | None = None) -> None:
        """Count the trials.

        Raises:
            InputError: see `read_table`; no target or no non-target trial.
        """
        self.path, self.needs, self.columns = path, needs, columns
        self.index, self.sizes, self.alone = Index(), np.zeros(2, np.int64), False
        self.joined = np.zeros(0, np.int64)  # of each utterance, one that target trials join it with
        for table in self.tables():
            self.sizes += np.bincount(table.label, minlength=2)
            self.alone |= table.i is table.j
            if not self.alone:
                known, number = len(self.joined), np.arange(len(self.index))
                edges = np.concatenate([self.joined, number[known:]])
                i, j = (
                    np.concatenate([side[table.label], also])
                    for side, also in ((table.i, number), (table.j, edges))
                )
                self.joined = components(len(number), i, j)
        for size, kind in zip(self.sizes, ("non-target", "target"), strict=True):
            if not size:
                raise InputError(f"{path}: there is no {kind} trial; an error rate needs both kinds")
        self.utts = self.index.utts

    def tables(self) -> Iterator[Table]:
        """The trials, a block at a time."""
        return table_blocks(self.path, self.needs, self.index, self.columns)

    def speakers(self, utt2spk: Mapping[str, str] | None) -> np.ndarray:
        """Speaker of each utterance as a number from 0, (U,), as `trials.speakers` without its check of labels."""
        if not self.utts:
            raise NoSpeakers("no utterance ids")
        if self.alone:
            raise NoSpeakers("each trial is one utterance, not a pair of them")
        if utt2spk is not None:
            return np.unique(speakers_of(self.utts, utt2spk), return_inverse=True)[1]
        rank = np.empty(len(self.utts), np.int64)
        rank[sorted(range(len(rank)), key=self.utts.__getitem__)] = np.arange(len(rank))
        first = (
            rank.copy()
        )  # the first by its id of those that are joined: speakers stand in the order of a list's
        np.minimum.at(first, self.joined, rank)
        return np.unique(first[self.joined], return_inverse=True)[1]


class Streamed:
    """The figures of a stream of scored trials."""

    def __init__(
        self, stream: Stream, score: Scorer, speakers: np.ndarray | None, told: str, seed: int = 0
    ) -> None:
        """Nothing is scored yet.

        Args:
            speakers: (U,) of each utterance of the stream; None for no interval.
            told: what says so, of messages.
        """
        self.stream, self.score, self.speakers, self.told = stream, score, speakers, told
        self.rng, self.wrong = np.random.default_rng(seed), 0
        self.first: tuple[str, bool] = ("", False)
        self.kept = []
        for size in stream.sizes[::-1].tolist() if speakers is not None else ():  # target trials first
            some = some_trials(size, self.rng, BOOTSTRAP_TRIALS)
            ranks = np.arange(size) if some is None else some
            self.kept.append((ranks, np.zeros(len(ranks), np.float32), *np.zeros((2, len(ranks)), np.int64)))

    @cached_property
    def counts(self) -> Counts:
        """Of all scores."""
        return count(self._scored)

    def verify(self, resamples: int = 1000) -> tuple[Verification, str]:
        """All figures, and why there is no interval."""
        counts = self.counts
        if self.speakers is None or self.wrong:
            reason = str(contradiction(self.wrong, *self.first, self.told)) if self.wrong else ""
            return counts.figures(None, None), reason
        drawn = []
        for _, scores, a, b in self.kept:
            order = np.argsort(scores, kind="stable")
            drawn.append((scores[order], a[order], b[order]))
        (t, spk, _), (n, a, b) = drawn
        people = int(self.speakers.max()) + 1
        return counts.figures(resampled(people, t, n, spk, a, b, resamples, self.rng), people), ""

    def _scored(self) -> Iterator[Block]:
        """One pass; what the bootstrap draws is kept, the same at each pass."""
        done, self.wrong = [0, 0], 0
        for table in self.stream.tables():
            scores = self.score(table).astype(np.float32, copy=False)
            if self.speakers is not None:
                self._keep(table, scores, done)
            yield scores, scores[table.label]

    def _keep(self, table: Table, scores: np.ndarray, done: list[int]) -> None:
        assert self.speakers is not None
        a, b = self.speakers[table.i], self.speakers[table.j]
        wrong = np.flatnonzero((a == b) != table.label)
        if len(wrong) and not self.wrong:
            k = wrong[0]
            pair = f"{self.stream.utts[table.i[k]]} {self.stream.utts[table.j[k]]}"
            self.first = (pair, bool(table.label[k]))
        self.wrong += len(wrong)
        for m, (kind, (ranks, *columns)) in enumerate(zip((True, False), self.kept, strict=True)):
            place = np.flatnonzero(table.label == kind)
            part = slice(*np.searchsorted(ranks, [done[m], done[m] + len(place)]))
            chosen = place[ranks[part] - done[m]]
            for column, values in zip(columns, (scores, a, b), strict=True):
                column[part] = values[chosen]
            done[m] += len(place)
