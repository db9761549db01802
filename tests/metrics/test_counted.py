"""Scores that are counted give the figures of scores that are sorted, to the last bit."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from speechdis.errors import InputError
from speechdis.metrics.counted import count
from speechdis.metrics.equal_error import ascending
from speechdis.metrics.verification import det, figures


def passes(target: np.ndarray, nontarget: np.ndarray, blocks: int = 3) -> object:
    """Scores as `count` takes them, some at a time."""
    scores = np.concatenate([target, nontarget]).astype(np.float32)
    own = np.arange(len(scores)) < len(target)
    order = np.random.default_rng(0).permutation(len(scores))

    def scored() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for part in np.array_split(order, blocks):
            yield scores[part], scores[part][own[part]]

    return scored


DRAWN = {
    "apart": lambda rng: (rng.normal(3, 1, 300), rng.normal(0, 1, 5000)),
    "alike": lambda rng: (rng.normal(0, 1, 400), rng.normal(0, 1, 400)),
    "worse than chance": lambda rng: (rng.normal(-1, 1, 40), rng.normal(0, 1, 70)),
    "without overlap": lambda rng: (rng.uniform(2, 3, 20), rng.uniform(-1, 1, 20)),
    "reversed": lambda rng: (rng.uniform(-1, 1, 20), rng.uniform(2, 3, 20)),
    "cosines": lambda rng: (np.tanh(rng.normal(0.6, 0.3, 2000)), np.tanh(rng.normal(0, 0.3, 60000))),
    "ties": lambda rng: (rng.integers(0, 4, 50), rng.integers(-2, 3, 200)),
    "all the same": lambda rng: (np.zeros(5), np.zeros(9)),
    "both zeros": lambda rng: (np.array([0.0, -0.0, 1.0]), np.array([-0.0, 0.0, -1.0])),
    "met exactly": lambda rng: (np.array([1.0, 2, 3, 4]), np.array([0.0, 0.5, 1.5, 0.2])),
    "one of each": lambda rng: (rng.normal(size=1), rng.normal(size=1)),
    "any size": lambda rng: (
        rng.normal(size=60) * 10.0 ** rng.integers(-40, 38, 60),
        rng.normal(size=90) * 10.0 ** rng.integers(-40, 38, 90),
    ),
}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("drawn", DRAWN)
def test_figures_are_those_of_sorted_scores(drawn: str, seed: int) -> None:
    target, nontarget = (x.astype(np.float32) for x in DRAWN[drawn](np.random.default_rng(seed)))
    wanted = figures(*ascending(target, nontarget), (0.1, 0.2), 7)
    found = count(passes(target, nontarget)).figures((0.1, 0.2), 7)
    assert found.eer == pytest.approx(
        wanted.eer, rel=1e-14, abs=1e-16
    )  # where miss = fa, as 1 - (1 - fa) is rounded
    assert replace(found, eer=wanted.eer) == wanted


def test_the_curve_lies_on_that_of_sorted_scores() -> None:
    target, nontarget = DRAWN["cosines"](np.random.default_rng(0))
    miss, fa = count(passes(target, nontarget)).det()
    t, n = ascending(target.astype(np.float32), nontarget.astype(np.float32))
    thresholds = np.append(np.union1d(t, n), np.inf)
    true = set(
        zip(np.searchsorted(t, thresholds) / len(t), 1 - np.searchsorted(n, thresholds) / len(n), strict=True)
    )
    assert set(zip(miss, fa, strict=True)) <= true
    assert (np.diff(miss) >= 0).all() and (miss[-1], fa[-1]) == (1, 0)
    assert len(miss) > len(det(target, nontarget)[0]) / 2


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused(bad: float) -> None:
    for kind in ("target", "non-target"):
        scores = [np.array([1.0, bad]), np.array([0.0])]
        with pytest.raises(InputError, match=f"a {kind} score is NaN or infinite"):
            count(passes(*(scores if kind == "target" else scores[::-1])))
        with pytest.raises(InputError, match=f"no {kind} trial"):
            count(passes(*([[], [1.0]] if kind == "target" else [[1.0], []])))
