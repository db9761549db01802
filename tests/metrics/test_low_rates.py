"""Figures at low false accepts against brute force, scikit-learn, closed forms and the published histogram code."""

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from speechdis.errors import InputError
from speechdis.metrics.low_rates import Tally, cllr, linkability, low_rates, min_cllr, miss_at


def draw(seed: int, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    t, n = rng.normal(1, 1, 200), rng.normal(0, 1.3, 700)
    return (np.round(t, 1), np.round(n, 1)) if ties else (t, n)


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.1, 0.5])
def test_misses_are_those_of_the_best_threshold(rate: float) -> None:
    t, n = draw(0)
    least = min((t < th).mean() for th in [*t, *n, np.inf] if (n >= th).mean() <= rate + 1e-12)
    assert miss_at(Tally.of(t, n), rate) == pytest.approx(least, abs=1 / len(n))
    assert miss_at(Tally.of(t, n), 1.0) == 0


def test_between_tied_scores_the_curve_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import roc_curve

    t, n = draw(1, ties=True)
    fa, hit, _ = roc_curve(
        np.repeat([1, 0], [len(t), len(n)]), np.concatenate([t, n]), drop_intermediate=False
    )
    for rate in (0.0013, 0.0123, 0.2004):  # no point of the curve
        assert miss_at(Tally.of(t, n), rate) == pytest.approx(1 - np.interp(rate, fa, hit))


@pytest.mark.parametrize("ties", [False, True])
def test_min_cllr_is_cllr_after_scikit_learns_isotonic_regression(ties: bool) -> None:
    from sklearn.isotonic import IsotonicRegression

    t, n = draw(2, ties)
    scores, labels = np.concatenate([t, n]), np.repeat([1.0, 0], [len(t), len(n)])
    p = IsotonicRegression().fit(scores, labels).predict(scores).clip(1e-12, 1 - 1e-12)
    ratio = np.log(p / (1 - p)) - np.log(len(t) / len(n))
    by_hand = (np.log2(1 + np.exp(-ratio[: len(t)])).mean() + np.log2(1 + np.exp(ratio[len(t) :])).mean()) / 2
    assert min_cllr(Tally.of(t, n)) == pytest.approx(by_hand, abs=1e-9)
    assert min_cllr(Tally.of(3 * t - 2, 3 * n - 2)) == pytest.approx(by_hand, abs=1e-9)  # no map changes it
    assert min_cllr(Tally.of(t, n)) <= cllr(Tally.of(t, n))


def test_cllr_of_true_ratios_is_the_integral() -> None:
    """Scores of variance v and means v/2 and -v/2 are their own log likelihood ratios."""
    v, points = 3.0, (np.arange(20_000) + 0.5) / 20_000
    t = norm.ppf(points, v / 2, np.sqrt(v))
    integral = quad(lambda x: norm.pdf(x, v / 2, np.sqrt(v)) * np.log2(1 + np.exp(-x)), -30, 30)[0]
    tally = Tally.of(t, -t)
    assert cllr(tally) == pytest.approx(integral, abs=1e-3)
    assert min_cllr(tally) == pytest.approx(integral, abs=1e-3)


def test_scores_that_tell_nothing_and_everything() -> None:
    same = np.tile(np.arange(10.0), 30)
    nothing, everything = low_rates(same, same), low_rates(same + 100, same)
    assert (nothing.min_cllr, nothing.linkability, nothing.miss_at_1) == pytest.approx((1, 0, 0.99))
    assert (everything.min_cllr, everything.miss_at_01) == (0, 0)
    assert linkability(Tally.of(np.ones(20), np.ones(30))) == 0
    with pytest.raises(InputError, match="no target trial"):
        low_rates(np.zeros(0), same)


def published(mated: np.ndarray, other: np.ndarray) -> float:
    """D_sys step by step, bin by bin, as Gomez-Barrero et al. 2018 define it and VoicePrivacy counts it."""
    edges = np.linspace(
        min(mated.min(), other.min()), max(mated.max(), other.max()), min(len(mated) // 10, 100) + 1
    )
    heights = []
    for k, (low, high) in enumerate(itertools.pairwise(edges)):
        last = k == len(edges) - 2
        a, b = (
            ((s >= low) & ((s <= high) if last else (s < high))).mean() / (high - low) for s in (mated, other)
        )
        d = 1.0 if b == 0 and a > 0 else 0.0
        if b > 0 and a / b > 1:
            d = 2 * (a / b) / (1 + a / b) - 1
        heights.append(d * a)
    return sum((one + two) / 2 * (edges[1] - edges[0]) for one, two in itertools.pairwise(heights))


@pytest.mark.parametrize("ties", [False, True])
def test_linkability_is_as_published(ties: bool) -> None:
    t, n = draw(3, ties)
    assert linkability(Tally.of(t, n)) == pytest.approx(published(t, n))


def test_linkability_of_two_normals_is_the_integral() -> None:
    points = (np.arange(200_000) + 0.5) / 200_000
    t, n = norm.ppf(points, 2), norm.ppf(points)
    integral = quad(lambda x: norm.pdf(x, 2) * (1 - 2 / (1 + np.exp(2 * x - 2))), 1, 9)[0]
    assert linkability(Tally.of(t, n)) == pytest.approx(integral, abs=5e-3)
