"""How often attackers find who speaks in anonymised speech: the scenarios of the VoicePrivacy challenges.

Attackers compare trials with what is enrolled; they learnt from training speakers. Scenarios differ in which of the
three are anonymised (Tomashenko et al. 2020, sec. 3; the 2024 evaluation plan, sec. 4):

    scenario        training      enrolment    trials
    original        original      original     original
    ignorant        original      original     anonymised
    lazy-informed   original      anonymised   anonymised
    semi-informed   anonymised    anonymised   anonymised

As there, a speaker is enrolled by the mean of the vectors of the utterances. Attackers are those of a ladder, and the
strongest on speakers held out counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.judges.ladder import Ladder, climb
from speechdis.judges.sequences import Sequences, learning
from speechdis.metrics.files.trials import read_trials
from speechdis.metrics.low_rates import low_rates
from speechdis.metrics.trials import Trials
from speechdis.metrics.verification import Verification, verify

SCENARIOS = {  # which of training, enrolment and trials are anonymised
    "original": (False, False, False),
    "ignorant": (False, False, True),
    "lazy-informed": (False, True, True),
    "semi-informed": (True, True, True),
}


class List(NamedTuple):
    """Frames of the utterances of a set of trials, and the trials; None: everyone enrolled with every utterance."""

    store: Store
    trials: Trials | None

    @classmethod
    def read(cls, store: Store, data: Path) -> "List":
        """With the trials of a data directory, if it has a file of them. Raises InputError as `read_trials`."""
        file = data / "trials"
        return cls(store, read_trials(file) if file.exists() else None)


@dataclass(frozen=True)
class Side:
    """Recordings as they were, or anonymised.

    Attributes:
        train: of the training speakers; None where there are none.
        enroll: of the speakers whom the attacker knows; None where there are none.
        trials: by name.
        enrolled: utterances that are enrolled; None for all of them.
    """

    train: Store | None
    enroll: Store | None
    trials: Mapping[str, List]
    enrolled: Sequence[str] | None = None


class Compared(NamedTuple):
    """Trials between names that are enrolled and utterances, by number, with the speaker of both as numbers."""

    names: list[str]
    i: np.ndarray
    j: np.ndarray
    target: np.ndarray
    spk_a: np.ndarray
    spk_b: np.ndarray


def attacked(
    original: Side, anonymised: Side, steps: int, seed: int = 0, device: torch.device | str = "cpu"
) -> dict[str, Any]:
    """What attackers find in every scenario for which there is all that it needs.

    Args:
        original, anonymised: recordings of the same lists.
        steps: of each attacking network at most; it stops by itself. 0: no networks.
        seed: of the attackers.
        device: where they learn.

    Returns:
        `scenarios`, by name: `attacker`, the strongest, and its figures of each of `lists`; and `attackers`, by
        "original" and "anonymised": how they learnt.

    Raises:
        InputError: no scenario has all that it needs; training speakers too few; a list that does not fit.
    """
    sides = (original, anonymised)
    found: dict[str, Any] = {}
    about: dict[str, Any] = {}
    trained: dict[bool, Ladder] = {}
    for name, (train, enroll, trials) in SCENARIOS.items():
        known, enrolled, lists = sides[train].train, sides[enroll].enroll, sides[trials].trials
        if known is None or enrolled is None or not lists:
            continue
        if train not in trained:
            speech, title = Sequences.of(known.frames, known), "anonymised" if train else "original"
            label = f"attacker, {title}"
            parts = learning(speech, None, seed, label)
            trained[train] = climb(*parts, steps, seed, device, begin=trained.get(False), label=label)
            about[title] = _about(trained[train], speech, parts[1])
        each = {
            title: _measured(trained[train], enrolled, sides[enroll].enrolled, one, title)
            for title, one in lists.items()
        }
        found[name] = {"attacker": trained[train].strongest, "lists": each}
    if not found:
        raise InputError("no scenario has its training, enrolment and trials; see --help")
    return {"scenarios": found, "attackers": about}


def _about(found: Ladder, known: Sequences, held: Sequences) -> dict[str, Any]:
    return {
        "strongest": found.strongest,
        "utterances": len(known),
        "speakers": known.people,
        "held_out": {"speakers": held.people, "utterances": len(held)},
        "all": {
            name: {"validation": wrong, **found.about(name)} for name, wrong in found.validation().items()
        },
    }


def _measured(
    found: Ladder, enroll: Store, utts: Sequence[str] | None, of: List, title: str
) -> dict[str, Any]:
    """Figures of the attacker that is the strongest on what was held out, and the EER of all."""
    compared = pairs(enroll, utts, of, title)
    scores = scored(found, enroll, utts, of.store, compared)
    rates: dict[str, Verification] = {
        name: verify(values, compared.target, compared.spk_a, compared.spk_b)
        for name, values in scores.items()
    }
    best = scores[found.strongest]
    return {
        **asdict(rates[found.strongest]),
        **asdict(low_rates(best[compared.target], best[~compared.target])),
        "all": {name: rate.eer for name, rate in rates.items()},
    }


def pairs(enroll: Store, utts: Sequence[str] | None, of: List, title: str) -> Compared:
    """The trials of a list; without one, all speakers enrolled with all utterances that are not.

    A name that is enrolled is a speaker, or an utterance.

    Raises:
        InputError: a name or utterance that has no frames; no target or no non-target trial.
    """
    spks = dict(zip(enroll.utts, enroll.spks, strict=True))
    heard = dict(zip(of.store.utts, range(len(of.store)), strict=True))
    if of.trials is None:
        known = set(enroll.utts if utts is None else utts)
        names = sorted(set(enroll.spks))
        others = [k for utt, k in heard.items() if utt not in known]
        i = np.repeat(np.arange(len(names)), len(others))
        j = np.tile(np.array(others, np.int64), len(names))
        owners = np.array(of.store.spks)[j]
        target = np.array(names)[i] == owners
    else:
        utts, target = of.trials.utts, of.trials.pairs.target
        names = sorted({utts[k] for k in np.unique(of.trials.pairs.i)})
        number = {name: k for k, name in enumerate(names)}
        people = {*spks, *spks.values()}
        if lost := [name for name in names if name not in people]:
            raise InputError(f"{title}: '{lost[0]}' of the trials is not enrolled")
        if lost := [utts[k] for k in np.unique(of.trials.pairs.j) if utts[k] not in heard]:
            raise InputError(f"{title}: '{lost[0]}' of the trials has no recording")
        i = np.array([number[utts[k]] for k in of.trials.pairs.i])
        j = np.array([heard[utts[k]] for k in of.trials.pairs.j])
        owners = np.array(of.store.spks)[j]
    if not target.any() or target.all():
        raise InputError(f"{title}: needs target and non-target trials")
    codes = {spk: k for k, spk in enumerate(sorted({*enroll.spks, *of.store.spks}))}
    enrolled = np.array([codes[spks.get(name, name)] for name in names])
    return Compared(names, i, j, target, enrolled[i], np.array([codes[spk] for spk in owners]))


def scored(
    found: Ladder, enroll: Store, utts: Sequence[str] | None, heard: Store, compared: Compared
) -> dict[str, np.ndarray]:
    """Scores (P,) of the trials by each attacker, higher for one speaker."""
    owners = [_utterances_of(enroll, name, None if utts is None else set(utts)) for name in compared.names]
    used = np.unique(compared.j)
    known = found.vectors(Sequences.of(enroll.frames, enroll))
    others = found.vectors(Sequences.of(heard.frames, heard)[used])
    rows = {
        name: np.concatenate([np.stack([own[of].mean(0) for of in owners]), others[name]])
        for name, own in known.items()
    }
    return found.compared(rows, compared.i, len(owners) + np.searchsorted(used, compared.j))


def _utterances_of(enroll: Store, name: str, kept: set[str] | None) -> np.ndarray:
    """Numbers of the utterances by which a speaker, or an utterance, is enrolled."""
    if name in enroll.utts:
        return np.array([enroll.utts.index(name)])
    own = [k for k, spk in enumerate(enroll.spks) if spk == name]
    listed = [k for k in own if kept is None or enroll.utts[k] in kept]
    return np.array(listed or own)
