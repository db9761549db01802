"""Supervised LDA: that of scikit-learn, learnt on training speakers, better than the raw cosine where it can be."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from speechdis.errors import InputError
from speechdis.metrics.equal_error import eer
from speechdis.metrics.lda import lda
from speechdis.metrics.trials import all_pairs, cosine_scores


def speech(speakers: int, seed: int) -> tuple[np.ndarray, list[str]]:
    """Vectors (8 speakers, 10): the voice in three dimensions, much louder noise in the others."""
    rng = np.random.default_rng(seed)
    voice = np.repeat(rng.normal(size=(speakers, 3)), 8, axis=0)
    vectors = np.concatenate(
        [voice + 0.1 * rng.normal(size=voice.shape), 5 * rng.normal(size=(len(voice), 7))], 1
    )
    return vectors + 2, [f"s{seed}-{i // 8}" for i in range(len(voice))]


def test_it_is_that_of_scikit_learn() -> None:
    train, spks = speech(12, 0)
    test, _ = speech(5, 1)
    direct = LinearDiscriminantAnalysis(n_components=3).fit(train, spks)
    np.testing.assert_array_equal(lda(train, spks, 3)(test), direct.transform(test))


def test_it_finds_the_voice_of_new_speakers() -> None:
    train, spks = speech(40, 0)
    test, others = speech(10, 1)
    pairs = all_pairs(others)

    def error(vectors: np.ndarray) -> float:
        scores = cosine_scores(vectors, pairs.i, pairs.j)
        return eer(scores[pairs.target], scores[~pairs.target]).value

    assert error(lda(train, spks, 3)(test)) < 0.1 < 0.35 < error(test)


@pytest.mark.parametrize(("speakers", "dimensions", "most"), [(4, 4, 3), (12, 11, 10), (12, -1, 10)])
def test_too_many_dimensions_are_named(speakers: int, dimensions: int, most: int) -> None:
    train, spks = speech(speakers, 0)
    with pytest.raises(InputError, match=f"--lda {dimensions}: .* allow 1 to {most}"):
        lda(train, spks, dimensions)
