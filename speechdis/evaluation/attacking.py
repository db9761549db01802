"""The ladder of attackers on codes: every rung's figures, the strongest's, and curves behind them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from speechdis.errors import InputError
from speechdis.evaluation.attacked import FLOORS, read_codes, sequences
from speechdis.evaluation.embeddings import embed
from speechdis.evaluation.results import strongest
from speechdis.evaluation.speech import Split
from speechdis.evaluation.table import grid
from speechdis.judges import back_end
from speechdis.judges.ladder import FUSION, Ladder, climb
from speechdis.judges.sequences import Sequences, learning
from speechdis.metrics.equal_error import eer_of
from speechdis.metrics.low_rates import low_rates
from speechdis.metrics.normal_scores import Kind
from speechdis.metrics.trials import all_pairs
from speechdis.metrics.verification import Verification, verify
from speechdis.training import checkpoint

_LOG = logging.getLogger(__name__)
LEARNT = 400  # utterances, at most, of the training speakers whose EER is measured
SHARES, DRAWS, BEYOND = (0.125, 0.25, 0.5), 2, 10  # of the training speakers; of each share; times as many


@dataclass(frozen=True)
class Attack:
    """Sequences of three sets of speakers: those learnt from, those that choose, those attacked."""

    known: Sequences
    unknown: Sequences
    test: Sequences
    step: int = 4

    def normal_scores(self, kind: Kind) -> "Attack":
        """The same, each utterance as `metrics.normal_scores` has it."""
        known, unknown, test = (part.normal_scores(kind) for part in (self.known, self.unknown, self.test))
        return Attack(known, unknown, test, self.step)

    @classmethod
    def of(
        cls,
        train: Sequences,
        dev: Sequences | None,
        test: Sequences,
        seed: int,
        step: int = 4,
        label: str = "no attacker",
    ) -> "Attack":
        """With those that `learning` holds out to choose; arguments and errors as of it."""
        return cls(*learning(train, dev, seed, label), test, step)


def read(
    data: Path,
    features: Path | None,
    codes: Path | None,
    models: Sequence[Path],
    split: str,
    device: torch.device,
    seed: int,
) -> Attack:
    """What is attacked: `codes` of another system, `features`, or dynamic codes of `models`, side by side."""
    folder = codes or features
    assert folder is not None
    names = _splits(folder, split)
    if codes is not None:
        found = {name: read_codes(codes / name, data / name) for name in names}
    else:
        trained = [checkpoint.load(checkpoint.resolve(model), device) for model in models]
        found = {}
        for name in names:
            store = Split.read(folder / name, data / name).store
            each = [embed(one, store, device).frames for one in trained] or [np.asarray(store.frames)]
            found[name] = Sequences.of(each[0] if len(each) == 1 else np.concatenate(each, 1), store)
    return Attack.of(found["train"], found.get("dev"), found[split], seed)


def floor(name: str, data: Path, features: Path, split: str, seed: int) -> Attack:
    """What cannot be hidden, by its name in `FLOORS`."""
    of = FLOORS[name]
    splits = {each: Split.read(features / each, data / each) for each in _splits(features, split)}
    if name == "text" and not all(u.text_phone for one in splits.values() for u in one.utterances):
        raise InputError(f"{data}: 'text_phone' lacks utterances; the text alone cannot be attacked")
    found = {each: sequences(of.of(one), one.store.spks) for each, one in splits.items()}
    return Attack.of(found["train"], found.get("dev"), found[split], seed, of.step)


def _splits(folder: Path, split: str) -> list[str]:
    """Those that learn, choose and are attacked: no `dev` where that is attacked itself, or is not there."""
    return ["train", *(["dev"] if split == "test" and (folder / "dev").is_dir() else []), split]


def attack(on: Attack, steps: int, seed: int, device: torch.device, curve: bool = False) -> dict[str, Any]:
    """Figures of a new ladder, as `figures` has them, and `curve` where asked for."""
    ladder = climb(
        on.known, on.unknown, steps, seed, device, on.step,
        say=lambda name, wrong: _LOG.info("%s: %.1f %% on speakers held out", name, 100 * wrong),
    )  # fmt: skip
    return figures(on, ladder) | ({"curve": over_speakers(on, ladder, seed)} if curve else {})


def figures(on: Attack, ladder: Ladder, resamples: int = 1000, seed: int = 0) -> dict[str, Any]:
    """What a ladder finds, as JSON.

    Returns:
        `rungs`: EER of every attacker on training speakers and on those held out, and its figures on test speakers;
        `strongest`, by those held out, with its `training` and `validation` EER; `speakers` and `utterances` of each.
    """
    pairs, spks = all_pairs(on.test.speakers), np.unique(on.test.speakers, return_inverse=True)[1]
    heard = on.known.some(LEARNT, seed)
    own = all_pairs(heard.speakers)
    training = {name: eer_of(scores, own.target) for name, scores in ladder.scores(heard, own).items()}
    validation = ladder.validation()
    rungs = []
    for name, scores in ladder.scores(on.test, pairs).items():
        found = verify(scores, pairs.target, spks[pairs.i], spks[pairs.j], resamples, seed)
        low = low_rates(scores[pairs.target], scores[~pairs.target])
        rungs.append(
            {"attacker": name, "training": training[name], "validation": validation[name]}
            | {"test": asdict(found) | asdict(low), **ladder.about(name)}
        )
    parts = {"training": on.known, "held_out": on.unknown, "test": on.test}
    return {
        "strongest": ladder.strongest,
        "training": training[ladder.strongest],
        "validation": validation[ladder.strongest],
        "rungs": rungs,
        "speakers": {name: part.people for name, part in parts.items()},
        "utterances": {name: len(part) for name, part in parts.items()},
    }


def verification(rung: Mapping[str, Any]) -> Verification:
    """Its figures on test speakers, without those at few false accepts."""
    return Verification(**{field.name: rung["test"][field.name] for field in fields(Verification)})


def over_speakers(on: Attack, ladder: Ladder, seed: int) -> dict[str, Any]:
    """Test EER of the best rung without a network, which learnt from fewer speakers; and a fit beyond.

    The fit is EER = 1/2 / (1 + (n / n0)^c): chance of no speakers, and a power law of many.
    """
    best = min((rung for rung in ladder.rungs if rung.measure), key=lambda rung: rung.validation)
    assert best.measure is not None
    known, held, test = (best.measure(of) for of in (on.known, on.unknown, on.test))
    pairs, own = all_pairs(on.test.speakers), all_pairs(on.unknown.speakers)
    names, rng = np.unique(on.known.speakers), np.random.default_rng(seed)
    points: list[tuple[int, float]] = []
    for share in SHARES:
        count = max(2, round(share * len(names)))
        errors = []
        for _ in range(DRAWS):
            rows = np.isin(on.known.speakers, rng.permutation(names)[:count])
            back = back_end.fit(
                known[rows],
                on.known.speakers[rows],
                held,
                lambda s: eer_of(s.pairs(own.i, own.j), own.target),
                seed,
            )
            errors.append(eer_of(back(test).pairs(pairs.i, pairs.j), pairs.target))
        points.append((count, float(np.mean(errors))))
    points.append(
        (len(names), eer_of(best.compare(best.vectors(on.test)).pairs(pairs.i, pairs.j), pairs.target))
    )
    slope, level = fit_logistic(points)
    beyond = [
        (round(n), logistic(n, slope, level)) for n in np.geomspace(points[0][0], BEYOND * len(names), 20)
    ]
    return {"attacker": best.name, "measured": points, "extrapolated": beyond, "slope": slope}


def fit_logistic(points: list[tuple[int, float]]) -> tuple[float, float]:
    """Slope and level of log odds of twice the EER against log n, by least squares, of (n, EER)."""
    n, wrong = np.array(points, float).T
    twice = np.clip(2 * wrong, 1e-3, 1 - 1e-3)
    slope, level = np.polyfit(np.log(n), np.log(twice / (1 - twice)), 1)
    return float(slope), float(level)


def logistic(n: float, slope: float, level: float) -> float:
    """The EER that the fit says of `n` training speakers."""
    return float(0.5 / (1 + np.exp(-(slope * np.log(n) + level))))


def plot(path: Path, result: Mapping[str, Any]) -> None:
    """Draw both curves of one `attack` whose `curve` was asked for."""
    from speechdis.plots.attackers import plot_attackers

    sizes: dict[str, list[tuple[float, float]]] = {}
    for rung in result["rungs"]:
        if rung["attacker"] != FUSION:
            kind = rung["attacker"].split(",")[0].split(" of ")[0]
            sizes.setdefault(kind, []).append((rung["size"], 100 * rung["test"]["eer"]))
    curve = result["curve"]
    measured, beyond = ([(n, 100 * e) for n, e in curve[name]] for name in ("measured", "extrapolated"))
    plot_attackers(path, {kind: sorted(points) for kind, points in sizes.items()}, measured, beyond)


def markdown(results: Mapping[str, Mapping[str, Any]]) -> str:
    """A table of what was attacked: every rung of one, or the strongest attacker on each of several."""
    columns = ["EER %", "held out", "misses at 1 %", "at 0.1 %", "min Cllr", "D_sys"]
    if len(results) == 1:
        (result,) = results.values()
        rows = [
            [rung["attacker"] + " (strongest)" * (rung["attacker"] == result["strongest"]), *_cells(rung)]
            for rung in result["rungs"]
        ]
        return grid(["attacker", *columns], rows)
    chosen = {name: strongest(of) for name, of in results.items()}
    return grid(
        ["attacked", "strongest attacker", *columns],
        [[name, rung["attacker"], *_cells(rung)] for name, rung in chosen.items()],
    )


def rate(rung: Mapping[str, Any]) -> str:
    """EER of an attacker on test speakers, in %, with its interval."""
    found = rung["test"]
    low, high = found["interval"]
    return f"{100 * found['eer']:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _cells(rung: Mapping[str, Any]) -> list[str]:
    found = rung["test"]
    return [
        rate(rung),
        f"{100 * rung['validation']:.1f}",
        f"{100 * found['miss_at_1']:.1f}",
        f"{100 * found['miss_at_01']:.1f}",
        f"{found['min_cllr']:.3f}",
        f"{found['linkability']:.3f}",
    ]
