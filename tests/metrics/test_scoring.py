"""Cosine, PLDA and AS-norm against their definitions, one pair at a time."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from speechdis.errors import InputError
from speechdis.metrics.every_pair import EveryPair, Sizes
from speechdis.metrics.plda import Plda, train
from speechdis.metrics.scoring import Scoring, adaptive_norm, cosine
from speechdis.nn.speechbrain_modules import drop_lazy_modules

RNG = np.random.default_rng(0)
BETWEEN, WITHIN = (a @ a.T / 40 + 0.05 * np.eye(4) for a in RNG.normal(size=(2, 4, 5)))
PLDA = Plda(RNG.normal(size=4), 0.1 * RNG.normal(size=4), BETWEEN, WITHIN)
VECTORS = RNG.normal(size=(30, 4))
FIRST, SECOND = (part.ravel() for part in np.triu_indices(30, 1))


def drawn(speakers: int, each: Any, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of the model, and their speakers."""
    rng = np.random.default_rng(seed)
    spks = np.repeat(np.arange(speakers), each)
    y = rng.multivariate_normal(np.zeros(4), BETWEEN, speakers)
    return 3 + y[spks] + rng.multivariate_normal(np.zeros(4), WITHIN, len(spks)), spks


def test_plda_is_the_ratio_of_two_densities() -> None:
    x = VECTORS - PLDA.centre
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    total, mean = BETWEEN + WITHIN, np.tile(PLDA.mean, 2)
    one = multivariate_normal(mean, np.block([[total, BETWEEN], [BETWEEN, total]]))
    two = multivariate_normal(mean, np.kron(np.eye(2), total))
    pairs = np.hstack([x[FIRST], x[SECOND]])
    assert PLDA.scoring(VECTORS).pairs(FIRST, SECOND) == pytest.approx(
        one.logpdf(pairs) - two.logpdf(pairs), abs=1e-4
    )


def stored(sb: Any, x: np.ndarray, names: np.ndarray) -> Any:
    """Vectors as SpeechBrain keeps them."""
    segments, none = np.array([f"u{k:03d}" for k in range(len(x))], "|O"), np.array([None] * len(x))
    return sb.StatObject_SB(names, segments, none, none, np.ones((len(x), 1)), x.copy())


def test_plda_scores_are_speechbrains() -> None:
    sb = pytest.importorskip("speechbrain.processing.PLDA_LDA")
    drop_lazy_modules()
    x = VECTORS - PLDA.centre
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    names = np.array([f"u{k:03d}" for k in range(len(x))], dtype="|O")
    trials, factor = sb.Ndx(models=names, testsegs=names), np.linalg.cholesky(BETWEEN)
    sides = (stored(sb, x, names) for _ in range(2))
    wanted = sb.fast_PLDA_scoring(*sides, trials, PLDA.mean, factor, WITHIN).scoremat
    assert PLDA.scoring(VECTORS).pairs(FIRST, SECOND) == pytest.approx(wanted[FIRST, SECOND], abs=1e-4)


def test_training_is_speechbrains() -> None:
    sb = pytest.importorskip("speechbrain.processing.PLDA_LDA")
    drop_lazy_modules()
    vectors, spks = drawn(60, np.random.default_rng(1).integers(1, 9, 60))
    found = train(vectors, spks, 200)
    wanted = sb.PLDA(rank_f=4, nb_iter=200)
    wanted.plda(
        stored(sb, found._prepared(vectors) + found.mean, np.array([f"s{k:02d}" for k in spks], "|O"))
    )
    assert found.mean == pytest.approx(wanted.mean, abs=1e-9)
    assert found.between == pytest.approx(wanted.F @ wanted.F.T, abs=1e-5)
    assert found.within == pytest.approx(wanted.Sigma, abs=1e-5)


def test_training_with_equal_counts_has_its_closed_form() -> None:
    vectors, spks = drawn(200, 6)
    found = train(vectors, spks)
    x = vectors - vectors.mean(0)
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).reshape(200, 6, 4) - found.mean
    within = np.einsum("snd,sne->de", *[x - x.mean(1, keepdims=True)] * 2) / (200 * 5)
    between = x.mean(1).T @ x.mean(1) / 200 - within / 6
    assert found.within == pytest.approx(within, abs=1e-7)
    assert found.between == pytest.approx(between, abs=1e-7)


def test_training_climbs_to_a_maximum_of_the_likelihood() -> None:
    vectors, spks = drawn(60, np.random.default_rng(1).integers(1, 9, 60))

    def likelihood(model: Plda) -> float:
        x = model._prepared(vectors)
        total = 0.0
        for spk in np.unique(spks):
            own = x[spks == spk]
            n = len(own)
            covariance = np.kron(np.ones((n, n)), model.between) + np.kron(np.eye(n), model.within)
            total += multivariate_normal(np.zeros(4 * n), covariance).logpdf(own.ravel())
        return total

    climbed = [likelihood(train(vectors, spks, k)) for k in (0, 1, 2, 5, 200)]
    assert (np.diff(climbed) > -1e-9).all()
    best = train(vectors, spks, 200)
    for scale in (0.98, 1.02):
        assert likelihood(Plda(best.centre, best.mean, scale * best.between, best.within)) < climbed[-1]
        assert likelihood(Plda(best.centre, best.mean, best.between, scale * best.within)) < climbed[-1]


def test_too_little_is_no_training() -> None:
    vectors, spks = drawn(5, 2)
    with pytest.raises(InputError, match="needs two speakers, and 4 vectors more than speakers"):
        train(vectors[:6], spks[:6])
    flat = np.hstack([drawn(9, 9)[0], np.ones((81, 1))])
    with pytest.raises(InputError, match="do not vary in every dimension"):
        train(flat, drawn(9, 9)[1])


@pytest.mark.parametrize("make", [cosine, PLDA.scoring])
def test_adaptive_norm_is_its_definition(make: Any) -> None:
    cohort = np.random.default_rng(2).normal(size=(50, 4))
    both = make(np.vstack([VECTORS, cohort]))
    plain = make(VECTORS).pairs(FIRST, SECOND)
    c = np.arange(30, 80)
    best = [np.sort(both.pairs(np.full(50, u), c).astype(np.float64))[-20:] for u in range(30)]
    wanted = [
        ((s - best[i].mean()) / best[i].std() + (s - best[j].mean()) / best[j].std()) / 2
        for s, i, j in zip(plain, FIRST, SECOND, strict=True)
    ]
    normed = adaptive_norm(both, 50, 20, block=200)
    assert normed.pairs(FIRST, SECOND) == pytest.approx(np.array(wanted), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("top", [1, 51])
def test_a_cohort_must_be_large_enough(top: int) -> None:
    with pytest.raises(InputError, match=f"--top {top}: the cohort has 50 vectors, which allow 2 to 50"):
        adaptive_norm(cosine(np.ones((60, 3))), 50, top)
    with pytest.raises(InputError, match="needs a spread"):
        adaptive_norm(cosine(np.ones((60, 3))), 50, 10)


def scorings() -> list[Scoring]:
    """One of each kind, of 30 utterances."""
    cohort = np.random.default_rng(2).normal(size=(50, 4))
    stacked = np.vstack([VECTORS, cohort])
    return [
        cosine(VECTORS),
        PLDA.scoring(VECTORS),
        adaptive_norm(cosine(stacked), 50, 20),
        adaptive_norm(PLDA.scoring(stacked), 50, 20),
    ]


@pytest.mark.parametrize("kind", range(4))
def test_blocks_are_pairs_and_the_figures_theirs(kind: int) -> None:
    scoring = scorings()[kind]
    block = scoring.blocks()(slice(0, 30), slice(0, 30))
    assert block[FIRST, SECOND] == pytest.approx(scoring.pairs(FIRST, SECOND), rel=1e-4, abs=1e-5)
    assert block == pytest.approx(block.T, rel=1e-4, abs=1e-5)
    spks = np.arange(30) % 7
    listed, counted = (EveryPair(scoring, spks, Sizes(n, 100)).verify(100) for n in (1 << 24, 0))
    assert counted.eer == pytest.approx(listed.eer, abs=1e-6)
    assert counted.interval == pytest.approx(listed.interval, abs=1e-6)
