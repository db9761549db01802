"""Swaps of pairs of test speakers, and what a swap must beat, judged from outside.

Every row is asked the same: does it have the voice of A, and the words of B? The recording of A has the voice, that of
B the words; copy-synthesis is B by the vocoder alone. Trivial conversions take pitch, formants or band statistics.
Several models swap the same pairs; what they must beat is made once.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from speechdis.data.audio import read_utterance
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.evaluation.outside import table
from speechdis.evaluation.outside.bench import Bench
from speechdis.evaluation.outside.listening import listen_to_waves, progress
from speechdis.evaluation.outside.manifest import Take
from speechdis.evaluation.outside.table import Judged
from speechdis.features import FeatureSettings
from speechdis.synthesis import trivial
from speechdis.synthesis.content import content_of, pitched
from speechdis.synthesis.conversion import convert, unclipped
from speechdis.synthesis.manner import Manner
from speechdis.synthesis.voices import voice_of
from speechdis.synthesis.words import words_of
from speechdis.training.checkpoint import Checkpoint

Waves = dict[str, np.ndarray]  # by system
ENDS = {1.0: "swap", 0.0: "swap, plain"}  # of the detail that is kept
AT_A_TIME = 4  # pairs: made here, then heard side by side
_LOG = logging.getLogger(__name__)


def judge_swaps(
    models: Mapping[str, Checkpoint],
    utterances: Sequence[Utterance],
    pairs: Sequence[tuple[int, int]],
    manners: Sequence[Manner],
    jobs: int = 1,
    resamples: int = 1000,
) -> dict[str, Any]:
    """Every system's figures, with intervals over speakers.

    Args:
        models: with static and dynamic factors, by the names that their rows have if there are several; all read the
            same features.
        utterances: of the test speakers, by whose other recordings each is known.
        pairs: numbers of the utterances that lend voice and words.
        manners: of making swaps, a row each; all by one vocoder, which makes the other conversions too.
        jobs: processes that listen.
        resamples: of the speakers.

    Raises:
        InputError: a package of the extra is not there; models of different features; no pair can be judged.
    """
    settings = _alike(models)
    takes = [Take(utterances[b].path, "", utterances[a].spk, (a,), b, utterances[b].text) for a, b in pairs]
    bench = Bench.of(utterances, sorted({k for pair in pairs for k in pair}), jobs)
    found: dict[str, list[Judged]] = {}
    good, failures = [], []
    made = _made(models, settings, utterances, pairs, manners)
    for take, verdicts in _verdicts(bench, takes, made, FeatureSettings.of(settings).rate, jobs):
        faults = [f"{name}: {one}" for name, one in verdicts.items() if isinstance(one, str)]
        if faults:
            names = {"voice": utterances[take.lent[0]].utt, "content": utterances[take.content].utt}
            failures.append({**names, "reason": faults[0]})
            _LOG.warning("not judged: the words of %s: %s", names["content"], faults[0])
            continue
        good.append(take)
        for name, one in verdicts.items():
            found.setdefault(name, []).extend([one] if isinstance(one, Judged) else [])
    if not good:
        raise InputError(f"not one swap can be judged; the last: {failures[-1]['reason']}")
    systems = bench.real(good) | found
    return {
        "vocoder": manners[0].vocoder,
        "pairs": len(good),
        "speakers": len(bench.speakers),
        "systems": {name: table.summary(rows, resamples) for name, rows in systems.items()},
        "failures": failures,
    }


def _verdicts(
    bench: Bench, takes: Sequence[Take], made: Iterator[Waves], rate: int, jobs: int
) -> Iterator[tuple[Take, dict[str, Judged | str]]]:
    """Each take with the verdict on every system, or why there is none; a few pairs are heard at a time."""
    parts = range(0, len(takes), AT_A_TIME)
    for first in progress(parts, len(parts), "swaps"):
        waves = [(take, next(made)) for take in takes[first : first + AT_A_TIME]]
        heard = listen_to_waves([wave for _, systems in waves for wave in systems.values()], rate, jobs)
        for take, systems in waves:
            yield take, {name: bench.verdict(take, next(heard)) for name in systems}


def _made(
    models: Mapping[str, Checkpoint],
    settings: Mapping[str, Any],
    utterances: Sequence[Utterance],
    pairs: Sequence[tuple[int, int]],
    manners: Sequence[Manner],
) -> Iterator[Waves]:
    """Of each pair what every system makes of it, (n,) at the models' rate."""
    vocoder = manners[0].vocoder
    for a, b in pairs:
        one, other = (read_utterance(utterances[k], FeatureSettings.of(settings).rate)[0] for k in (a, b))
        lender, words = words_of(one, settings), words_of(other, settings)
        moved = pitched(words, lender.log_f0, settings, vocoder)
        made = {
            "copy-synthesis of B": trivial.copied(words, settings, vocoder),
            "pitch of A": unclipped(moved.wave),
            "pitch and formants of A": trivial.warped(moved, lender, settings, vocoder),
            "pitch and band statistics of A": trivial.matched(moved, lender, settings, vocoder),
        }
        for name, checkpoint in models.items():
            before = f"{name}: " if len(models) > 1 else ""
            voice, content = voice_of(checkpoint, one), content_of(checkpoint, other)
            for manner in manners:
                row = ENDS.get(manner.detail, f"swap, {100 * manner.detail:g} % of the detail")
                row += f", what is slower than {manner.slow:g} frames" if manner.slow else ""
                made[before + row] = np.asarray(convert(checkpoint, content, voice, manner))
        yield made


def _alike(models: Mapping[str, Checkpoint]) -> dict[str, Any]:
    """The features that all models read."""
    (first, one), *others = models.items()
    for name, other in others:
        if other.features != one.features:
            raise InputError(f"{name} reads other features than {first}; judge them one by one")
    return one.features
