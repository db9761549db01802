"""Error rates against closed forms, brute force and scikit-learn; intervals against simulated speakers."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechdis.errors import InputError
from speechdis.metrics.equal_error import EER, eer
from speechdis.metrics.intervals import bootstrap
from speechdis.metrics.verification import det, min_dcf, verify

SCORES = st.lists(st.integers(-5, 5), min_size=1, max_size=12).map(lambda x: np.array(x, float))  # many ties


def curve(target: np.ndarray, nontarget: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(miss, fa) at every score there is and above all, by counting."""
    thresholds = [*np.unique(np.concatenate([target, nontarget])), np.inf]
    return (
        np.array([(target < s).mean() for s in thresholds]),
        np.array([(nontarget >= s).mean() for s in thresholds]),
    )


def crossing(miss: np.ndarray, fa: np.ndarray) -> float:
    """Where straight lines through the points meet the diagonal: 0 of miss - fa, which never falls."""
    k = int(np.argmax(miss >= fa))
    if miss[k] == fa[k]:
        return miss[k]
    share = (fa[k - 1] - miss[k - 1]) / ((miss[k] - miss[k - 1]) + (fa[k - 1] - fa[k]))
    return miss[k - 1] + share * (miss[k] - miss[k - 1])


@given(SCORES, SCORES)
def test_eer_is_the_crossing_found_by_brute_force(target: np.ndarray, nontarget: np.ndarray) -> None:
    assert eer(target, nontarget).value == pytest.approx(crossing(*curve(target, nontarget)), abs=1e-12)


@given(SCORES, SCORES)
def test_the_curve_passes_the_eer_at_its_threshold(target: np.ndarray, nontarget: np.ndarray) -> None:
    found = eer(target, nontarget)
    at, above = found.threshold, np.nextafter(found.threshold, np.inf)
    assert (target < at).mean() - 1e-12 <= found.value <= (target < above).mean() + 1e-12
    assert (nontarget >= above).mean() - 1e-12 <= found.value <= (nontarget >= at).mean() + 1e-12


@given(SCORES, SCORES, st.sampled_from([0.01, 0.05, 0.5, 0.9]), st.sampled_from([1.0, 10.0]))
def test_min_dcf_is_the_least_cost_of_all_thresholds(
    target: np.ndarray, nontarget: np.ndarray, p_target: float, c_miss: float
) -> None:
    miss, fa = curve(target, nontarget)
    truth = (c_miss * p_target * miss + (1 - p_target) * fa).min() / min(c_miss * p_target, 1 - p_target)
    assert min_dcf(target, nontarget, p_target, c_miss) == pytest.approx(truth, abs=1e-12)
    assert min_dcf(target, nontarget, p_target, c_miss) <= 1 + 1e-12


@pytest.mark.parametrize("distance", [0.0, 1.0, 3.0])
def test_gaussian_scores_have_the_eer_of_their_distance(distance: float) -> None:
    quantiles = np.array([NormalDist().inv_cdf((k + 0.5) / 20_001) for k in range(20_001)])
    assert eer(quantiles + distance, quantiles).value == pytest.approx(
        NormalDist().cdf(-distance / 2), abs=1e-4
    )


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64])
def test_a_rising_function_of_the_scores_changes_nothing(kind: type) -> None:
    rng = np.random.default_rng(0)
    target, nontarget = rng.integers(0, 50, 300).astype(kind), rng.integers(-20, 30, 4000).astype(kind)
    before, after = eer(target, nontarget), eer(target.astype(float) ** 3, nontarget.astype(float) ** 3)
    assert after.value == before.value
    assert after.threshold == pytest.approx(before.threshold**3)
    assert min_dcf(target**3, nontarget**3, 0.05) == min_dcf(target, nontarget, 0.05)


def test_eer_and_det_lie_on_the_roc_of_scikit_learn() -> None:
    from sklearn.metrics import roc_curve

    rng = np.random.default_rng(1)
    target, nontarget = np.round(rng.normal(1, 1, 700), 2), np.round(rng.normal(0, 1, 9000), 2)
    labels = np.repeat([1, 0], [700, 9000])
    fa, hit, _ = roc_curve(labels, np.concatenate([target, nontarget]), drop_intermediate=False)
    value = eer(target, nontarget).value
    assert np.interp(value, fa, 1 - hit) == pytest.approx(value, abs=1e-12)
    ours = det(target, nontarget)
    assert (np.diff(ours[0]) >= 0).all() and (np.diff(ours[1]) <= 0).all()
    truth = set(zip(np.round(1 - hit, 9), np.round(fa, 9), strict=True))
    assert set(zip(np.round(ours[0], 9), np.round(ours[1], 9), strict=True)) <= truth


def test_perfect_useless_and_inverted_scores() -> None:
    low, high = np.arange(10.0), np.arange(10.0) + 20
    assert eer(high, low) == EER(0.0, 20.0)
    assert eer(low, low).value == 0.5
    assert eer(low, high).value == 1.0
    assert min_dcf(high, low, 0.01) == 0.0


@pytest.mark.parametrize(
    ("target", "nontarget", "says"),
    [
        ([], [1.0], "no target trial"),
        ([1.0], [], "no non-target trial"),
        ([1.0, np.nan], [1.0], "NaN"),
        ([1.0], [1.0, np.inf], "infinite"),
        ([1.0], [-np.inf, 1.0], "infinite"),
    ],
)
def test_bad_scores_are_refused(target: list[float], nontarget: list[float], says: str) -> None:
    for figure in (eer, det, lambda t, n: min_dcf(t, n, 0.01)):
        with pytest.raises(InputError, match=says):
            figure(np.array(target), np.array(nontarget))


def simulated(rng: np.random.Generator, people: int, spread: float) -> tuple[np.ndarray, ...]:
    """Scores, targets and speakers of all pairs of 4 utterances each; people differ in ease."""
    spk = np.repeat(np.arange(people), 4)
    i, j = np.triu_indices(len(spk), 1)
    target = spk[i] == spk[j]
    ease = rng.normal(0, spread, people)
    return rng.normal(size=len(i)) + target * (2 + ease[spk[i]]), target, spk[i], spk[j]


def test_bootstrap_is_the_eer_of_literally_drawn_speakers() -> None:
    scores, target, a, b = simulated(np.random.default_rng(0), 6, 1.0)
    rng, values = np.random.default_rng(3), []
    for _ in range(40):
        drawn = rng.integers(6, size=6)
        copies = [np.flatnonzero(target & (a == s)) for s in drawn]
        cross = [
            np.flatnonzero(((a == s) & (b == r)) | ((a == r) & (b == s)))
            for k, s in enumerate(drawn)
            for r in drawn[k + 1 :]
            if s != r
        ]
        if cross:
            values.append(eer(scores[np.concatenate(copies)], scores[np.concatenate(cross)]).value)
    expected = np.quantile(values, [0.025, 0.975])
    np.testing.assert_allclose(bootstrap(scores, target, a, b, resamples=40, seed=3), expected, atol=1e-12)


def test_bootstrap_covers_the_truth_and_widens_with_fewer_speakers() -> None:
    rng = np.random.default_rng(0)
    # d' of a target trial is N(2, 1) over speakers: targets N(2, 2), non-targets N(0, 1).
    truth = eer(rng.normal(2, np.sqrt(2), 10**6), rng.normal(size=10**6)).value
    hits, widths = 0, []
    for people in [20] * 60 + [80] * 5:
        low, high = bootstrap(*simulated(rng, people, 1.0), resamples=200)
        hits += (low <= truth <= high) and people == 20
        widths.append(high - low)
    assert 0.85 <= hits / 60 <= 1
    assert np.mean(widths[60:]) == pytest.approx(np.mean(widths[:60]) / 2, rel=0.35)


def test_bootstrap_is_reproducible_and_thins_long_lists() -> None:
    trials = simulated(np.random.default_rng(0), 40, 0.5)
    full = bootstrap(*trials, resamples=200, seed=1)
    assert full == bootstrap(*trials, resamples=200, seed=1)
    np.testing.assert_allclose(bootstrap(*trials, resamples=200, seed=1, most=5000), full, atol=0.02)


def test_bootstrap_refuses_one_speaker_and_wrong_labels() -> None:
    scores, target, a, b = simulated(np.random.default_rng(0), 3, 0.0)
    with pytest.raises(InputError, match="one speaker"):
        bootstrap(scores[target], target[target], a[target] * 0, b[target] * 0)
    with pytest.raises(InputError, match="trial 1 contradicts"):
        bootstrap(scores, ~target, a, b)


def test_verify_gathers_the_single_figures() -> None:
    scores, target, a, b = simulated(np.random.default_rng(0), 10, 0.5)
    found = verify(scores, target, a, b, resamples=50)
    assert EER(found.eer, found.threshold) == eer(scores[target], scores[~target])
    assert found.min_dcf_01 == min_dcf(scores[target], scores[~target], 0.01)
    assert found.interval == bootstrap(scores, target, a, b, resamples=50)
    assert (found.target, found.nontarget, found.speakers) == (60, 720, 10)
    assert verify(scores, target).interval is None
