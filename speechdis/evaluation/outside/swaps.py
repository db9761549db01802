"""Swaps of pairs of test speakers, and what a swap must beat, judged from outside.

Every row is asked the same: does it have the voice of A, and the words of B? The recording of A has the voice, that of
B the words; copy-synthesis is B by the vocoder alone. Trivial conversions take pitch, formants or band statistics.
"""

import logging
from collections.abc import Iterator, Sequence
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
from speechdis.synthesis import trivial, vocoders
from speechdis.synthesis.conversion import content_of, convert, pitched, unclipped, voice_of
from speechdis.synthesis.words import words_of
from speechdis.training.checkpoint import Checkpoint

Waves = dict[str, np.ndarray]  # by system
AT_A_TIME = 4  # pairs: made here, then heard side by side
_LOG = logging.getLogger(__name__)


def judge_swaps(
    checkpoint: Checkpoint,
    utterances: Sequence[Utterance],
    pairs: Sequence[tuple[int, int]],
    vocoder: str = vocoders.DEFAULT,
    jobs: int = 1,
    resamples: int = 1000,
) -> dict[str, Any]:
    """Every system's figures, with intervals over speakers.

    Args:
        checkpoint: a model with static and dynamic factors.
        utterances: of the test speakers, by whose other recordings each is known.
        pairs: numbers of the utterances that lend voice and words.
        vocoder: of every conversion.
        jobs: processes that listen.
        resamples: of the speakers.

    Raises:
        InputError: a package of the extra is not there; no pair can be judged.
    """
    takes = [Take(utterances[b].path, "", utterances[a].spk, (a,), b, utterances[b].text) for a, b in pairs]
    bench = Bench.of(utterances, sorted({k for pair in pairs for k in pair}), jobs)
    found: dict[str, list[Judged]] = {}
    good, failures = [], []
    for take, verdicts in _verdicts(
        bench, takes, _made(checkpoint, utterances, pairs, vocoder), checkpoint, jobs
    ):
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
        "vocoder": vocoder,
        "pairs": len(good),
        "speakers": len(bench.speakers),
        "systems": {name: table.summary(rows, resamples) for name, rows in systems.items()},
        "failures": failures,
    }


def _verdicts(
    bench: Bench, takes: Sequence[Take], made: Iterator[Waves], checkpoint: Checkpoint, jobs: int
) -> Iterator[tuple[Take, dict[str, Judged | str]]]:
    """Each take with the verdict on every system, or why there is none; a few pairs are heard at a time."""
    rate = FeatureSettings.of(checkpoint.features).rate
    parts = range(0, len(takes), AT_A_TIME)
    for first in progress(parts, len(parts), "swaps"):
        waves = [(take, next(made)) for take in takes[first : first + AT_A_TIME]]
        heard = listen_to_waves([wave for _, systems in waves for wave in systems.values()], rate, jobs)
        for take, systems in waves:
            yield take, {name: bench.verdict(take, next(heard)) for name in systems}


def _made(
    checkpoint: Checkpoint, utterances: Sequence[Utterance], pairs: Sequence[tuple[int, int]], vocoder: str
) -> Iterator[Waves]:
    """Of each pair what every system makes of it, (n,) at the model's rate."""
    settings = checkpoint.features
    rate = FeatureSettings.of(settings).rate
    for a, b in pairs:
        one, other = (read_utterance(utterances[k], rate)[0] for k in (a, b))
        voice, content = voice_of(checkpoint, one), content_of(checkpoint, other)
        lender, words = words_of(one, settings), content.words
        moved = pitched(words, lender.log_f0, settings, vocoder)
        yield {
            "copy-synthesis of B": trivial.copied(words, settings, vocoder),
            "pitch of A": unclipped(moved.wave),
            "pitch and formants of A": trivial.warped(moved, lender, settings, vocoder),
            "pitch and band statistics of A": trivial.matched(moved, lender, settings, vocoder),
            "swap": np.asarray(convert(checkpoint, content, voice, vocoder)),
            "swap, plain": np.asarray(convert(checkpoint, content, voice, vocoder, detail=False)),
        }
