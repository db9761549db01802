"""Normal scores: what they forget of an utterance, what they keep, and short or still ones."""

import numpy as np
import pytest
from scipy.stats import norm, spearmanr

from speechdis.errors import InputError
from speechdis.metrics.normal_scores import Kind, normal_scores, of_each


def codes(frames: int = 400, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, size=(frames, 3))


def test_every_dimension_has_the_same_values_and_hardly_a_correlation() -> None:
    found = normal_scores(codes() @ np.random.default_rng(1).normal(size=(3, 3)) + 5)
    expected = norm.ppf((np.arange(400) + 0.5) / 400)
    for dimension in found.T:
        np.testing.assert_allclose(np.sort(dimension), expected, atol=1e-6)
    assert np.abs(np.corrcoef(found.T) - np.eye(3)).max() < 0.15


def test_a_level_and_a_scale_of_each_utterance_are_forgotten() -> None:
    x = codes()
    np.testing.assert_allclose(normal_scores(7 * x - 3), normal_scores(x), atol=1e-6)


def test_uncorrelated_codes_keep_their_order() -> None:
    time = np.arange(256) * 2 * np.pi / 256
    waves = np.stack([np.sin(time), 3 * np.cos(time)], 1)
    found = normal_scores(waves)
    for k in range(2):
        assert spearmanr(found[:, k], waves[:, k]).statistic > 0.9999


@pytest.mark.parametrize("still", [np.zeros((1, 4)), np.ones((5, 2)), np.eye(3)[[0, 0, 1]]])
def test_short_and_still_utterances(still: np.ndarray) -> None:
    found = normal_scores(still)
    assert found.shape == still.shape and np.isfinite(found).all()
    np.testing.assert_array_equal(found[0], normal_scores(still)[0])
    if (still == still[0]).all():
        assert not found.any()


def test_by_sound_less_is_left_of_how_a_voice_says_each_sound() -> None:
    """Two voices say the same forty sounds, each a little elsewhere than the other."""
    rng = np.random.default_rng(0)
    sounds, middles, habits = rng.integers(40, size=4000), rng.normal(size=(40, 8)), rng.normal(size=(40, 8))
    within = 0.4 * rng.normal(size=(4000, 8))
    one, other = (middles[sounds] + within + sign * 0.2 * habits[sounds] for sign in (1, -1))

    def left(kind: Kind) -> float:
        a, b = (normal_scores(x, kind) for x in (one, other))
        means = [np.stack([x[sounds == k].mean(0) for k in range(40)]) for x in (a, b)]
        return float(((means[0] - means[1]) ** 2).mean() / a[sounds == 0].var(0).mean())

    assert left("by-sound") < 0.9 * left("whole")
    kept = normal_scores(one, "by-sound")[sounds == 3]
    assert min(spearmanr(kept[:, k], within[sounds == 3][:, k]).statistic for k in range(8)) > 0.5


def test_a_mistyped_kind_hides_no_less_in_silence() -> None:
    with pytest.raises(InputError, match="normal scores 'by_sound': there are whole and by-sound"):
        normal_scores(codes(), "by_sound")  # type: ignore[arg-type]


def test_each_utterance_is_scored_alone() -> None:
    a, b = codes(50), codes(80, 1)
    both = of_each(np.concatenate([a, b]), np.array([0, 50]), np.array([50, 80]))
    np.testing.assert_array_equal(both, np.concatenate([normal_scores(a), normal_scores(b)]))
