"""Digit strings cut by forced alignment with word models that are trained on the corpus itself.

The models begin as the isolated words of the training part, each divided evenly into states between its first
and its last sound; Viterbi training goes on with isolated words and then with strings (Rabiner 1989, III.C and
V.A). Every transcript then has one best path, which says where its words are.

Two figures say how far to trust it, both in nats a frame: `confidence` of a word is how much better its model
explains its own frames than any other word or silence does; `disagreement` of a recording is how much better
free words explain it than its transcript does.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechdis.data.audio import read_utterance
from speechdis.data.utterance import Interval, Utterance
from speechdis.errors import InputError
from speechdis.segmentation.cepstra import HOP, RATE, cepstra
from speechdis.segmentation.cuts import Cuts
from speechdis.segmentation.islands import Settings, islands
from speechdis.segmentation.viterbi import best_path, final_scores
from speechdis.segmentation.word_models import STATES, Statistics, WordModels

_FLOOR = 0.1  # least variance of a state, of that of all frames: silence without noise must not be too sure
_ROUNDS = (3, 4)  # of Viterbi training: isolated words alone, then with strings


@dataclass(frozen=True, eq=False)
class Recording:
    """What training needs of one: its words, its frames (T, 26), and the frames (first, last + 1) with sound."""

    words: tuple[str, ...]
    x: np.ndarray
    sound: tuple[int, int]


def chosen(utterances: Sequence[Utterance], most: int, seed: int) -> list[Utterance]:
    """At most `most` isolated words and as many strings, drawn at random: enough to train on, however large
    the corpus.

    Raises:
        InputError: a word of the transcripts is never isolated.
    """
    isolated = [u for u in utterances if len(u.text.split()) == 1]
    strings = [u for u in utterances if len(u.text.split()) > 1]
    rng = np.random.default_rng(seed)
    parts = [sorted(rng.permutation(len(part))[:most]) for part in (isolated, strings)]
    picked = [isolated[i] for i in parts[0]], [strings[i] for i in parts[1]]
    missing = {word for u in utterances for word in u.text.split()} - {u.text for u in picked[0]}
    if missing:
        raise InputError(
            f"no isolated recording of '{min(missing)}' to start from among {len(picked[0])} isolated words"
        )
    return picked[0] + picked[1]


def load(utterance: Utterance) -> Recording | str:
    """A recording to train on, or what is wrong with it."""
    try:
        wave, _ = read_utterance(utterance, RATE)
    except InputError as error:
        return str(error)
    x, found = cepstra(wave), islands(wave, RATE, Settings())
    sound = (int(found[0, 0] / HOP), round(found[-1, 1] / HOP)) if len(found) else (0, len(x))
    return Recording(tuple(utterance.text.split()), x, sound)


def train(recordings: Sequence[Recording]) -> WordModels:
    """Word models of recordings, among them isolated ones of every word."""
    words = tuple(sorted({word for r in recordings for word in r.words}))
    count, size = len(words) * STATES + 1, recordings[0].x.shape[1]
    isolated = [r for r in recordings if len(r.words) == 1]
    every = np.concatenate([r.x for r in isolated])
    floor = _FLOOR * every.var(0, dtype=np.float64)
    statistics = Statistics.zero(count, size)
    for r in isolated:
        first = words.index(r.words[0]) * STATES
        begin, end = r.sound
        states = np.full(len(r.x), count - 1)
        states[begin:end] = first + np.arange(end - begin) * STATES // (end - begin)
        statistics.add(r.x, states, np.arange(count))
    models = statistics.models(words, floor)
    for used in [isolated] * _ROUNDS[0] + [recordings] * _ROUNDS[1]:
        models, score = _trained(models, used, floor)
        logging.getLogger(__name__).info("training: %d recordings, %.3f nats a frame", len(used), score)
    return models


def _trained(
    models: WordModels, recordings: Sequence[Recording], floor: np.ndarray
) -> tuple[WordModels, float]:
    """One round of Viterbi training, and the log likelihood of a frame before it."""
    statistics = Statistics.zero(*models.mean.shape)
    total = 0.0
    for r in recordings:
        net = models.transcript(r.words)
        path, score = best_path(models.loglik(r.x), net)
        if score > -np.inf:
            statistics.add(r.x, path, net.emits)
            total += score
    return statistics.models(models.words, floor), total / statistics.frames.sum()


def cut(utterance: Utterance, models: WordModels, disagreement: float) -> Cuts:
    """Where the words of an utterance are, with their confidences.

    Args:
        utterance: with a transcript.
        models: of its words.
        disagreement: the most that is taken, nats a frame.

    Raises:
        InputError: the transcript and the audio disagree; as `read_audio` and `align`.
    """
    wave, _ = read_utterance(utterance, RATE)
    cuts, found = align(cepstra(wave), utterance.text.split(), models)
    if found > disagreement:
        raise InputError(
            f"transcript and audio disagree: other words than '{utterance.text}' are {found:.2f} nats a frame better"
        )
    return cuts


def align(x: np.ndarray, words: Sequence[str], models: WordModels) -> tuple[Cuts, float]:
    """The words in the frames (T, 26) of a recording, and its disagreement.

    Raises:
        InputError: there are too few frames for them, or a word has no model.
    """
    for word in words:
        if word not in models.words:
            raise InputError(f"no model of '{word}'; there are: {', '.join(models.words)}")
    loglik = models.loglik(x)
    path, score = best_path(loglik, models.transcript(words))
    if score == -np.inf:
        raise InputError(f"{len(x) * HOP:.2f} s are too short for {len(words)} words")
    free = final_scores(loglik, models.any_words()).max()
    placed, confidences = [], []
    for number, word in enumerate(words):
        first = number * (STATES + 1) + 1
        frames = np.flatnonzero((path >= first) & (path < first + STATES))
        begin, end = int(frames[0]), int(frames[-1]) + 1
        placed.append(Interval(max(0.0, (begin - 0.5) * HOP), (end - 0.5) * HOP, word))
        confidences.append(_confidence(loglik[begin:end], word, models))
    return Cuts(tuple(placed), tuple(confidences)), float(free - score) / len(x)


def _confidence(loglik: np.ndarray, word: str, models: WordModels) -> float:
    """Nats a frame by which the model of `word` is the best one of its own frames; negative if it is not."""
    scores = final_scores(loglik, models.competitors())
    ends = np.array([*range(STATES - 1, models.silence, STATES), models.silence])
    own = models.words.index(word)
    others = np.delete(scores[ends], own)
    return float(scores[ends[own]] - others.max()) / len(loglik)
