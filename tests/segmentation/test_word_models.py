"""Word models: their networks are probabilities, and what is drawn from known models is estimated again."""

import numpy as np
import pytest

from speechdis.segmentation.align import Recording, align, train
from speechdis.segmentation.cepstra import HOP
from speechdis.segmentation.viterbi import best_path, final_scores
from speechdis.segmentation.word_models import STATES, Statistics, WordModels

SIZE = 4


def known(rng: np.random.Generator) -> WordModels:
    """Two words whose states are far apart."""
    count = 2 * STATES + 1
    mean = rng.normal(0, 3, (count, SIZE))
    return WordModels(("oh", "one"), mean, rng.uniform(0.3, 1, mean.shape), rng.uniform(0.4, 0.8, count))


def drawn(models: WordModels, words: list[str], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Frames (T, SIZE) and states (T,) of silence, the words one after the other, and silence."""
    emits = [models.silence]
    for word in words:
        first = models.words.index(word) * STATES
        emits += [*range(first, first + STATES)]
    emits += [models.silence]
    lengths = rng.geometric(1 - models.stay[emits])
    states = np.repeat(emits, lengths)
    return rng.normal(models.mean[states], np.sqrt(models.var[states])), states


def test_likelihood_against_scipy() -> None:
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(0)
    models, x = known(rng), rng.normal(size=(5, SIZE))
    for g in (0, 7, models.silence):
        expected = multivariate_normal(models.mean[g], np.diag(models.var[g])).logpdf(x)
        np.testing.assert_allclose(models.loglik(x)[:, g], expected)


def test_statistics_of_known_states_give_the_parameters_back() -> None:
    rng = np.random.default_rng(1)
    models = known(rng)
    statistics = Statistics.zero(*models.mean.shape)
    for _ in range(600):
        for word in models.words:
            x, states = drawn(models, [word], rng)
            statistics.add(x, states, np.arange(len(models.mean)))
    found = statistics.models(models.words, np.full(SIZE, 1e-3))
    np.testing.assert_allclose(found.mean, models.mean, atol=0.2)
    np.testing.assert_allclose(found.var, models.var, rtol=0.3)
    np.testing.assert_allclose(found.stay[:-1], models.stay[:-1], atol=0.06)


def test_training_finds_the_models_that_drew_the_recordings() -> None:
    """Up to how a word may be cut into states; so what is compared is where words are, and how likely all is."""
    rng = np.random.default_rng(2)
    models = known(rng)
    recordings, losses = [], []
    for number in range(240):
        words = ["oh", "one"][number % 2 :][:1] if number < 160 else list(rng.choice(["oh", "one"], 3))
        x, states = drawn(models, words, rng)
        sound = np.flatnonzero(states != models.silence)
        recordings.append(Recording(tuple(words), x, (int(sound[0]), int(sound[-1]) + 1)))
    found = train(recordings)
    assert found.words == models.words
    for r in recordings[::10]:
        cuts, disagreement = align(r.x, r.words, found)
        assert abs(cuts.words[0].start / HOP + 0.5 - r.sound[0]) <= 1
        assert abs(cuts.words[-1].end / HOP + 0.5 - r.sound[1]) <= 1
        assert min(cuts.confidences) > 0 and disagreement < 0.1
        own, ideal = (best_path(m.loglik(r.x), m.transcript(r.words))[1] for m in (found, models))
        losses.append((ideal - own) / len(r.x))
    assert 0 < np.mean(losses) < 0.5  # nats a frame; the variance floor alone costs some


def test_free_words_are_at_least_as_good_as_any_transcript() -> None:
    """The transcript's path is one of the free ones, but for the probability of choosing its words."""
    rng = np.random.default_rng(3)
    models = known(rng)
    loglik = models.loglik(drawn(models, ["one", "oh"], rng)[0])
    free = final_scores(loglik, models.any_words()).max()
    scores = {}
    for words in (["oh"], ["one"], ["one", "oh"], ["oh", "one"], ["one", "oh", "oh"]):
        scores[" ".join(words)] = best_path(loglik, models.transcript(words))[1]
        assert scores[" ".join(words)] + len(words) * np.log(0.5) + np.log(0.1) < free + 1e-9
    assert max(scores, key=lambda words: scores[words]) == "one oh"


@pytest.mark.parametrize("kind", ["any_words", "competitors"])
def test_what_leaves_a_state_is_at_most_everything(kind: str) -> None:
    net = getattr(known(np.random.default_rng(4)), kind)()
    leaving = np.zeros(len(net.emits))
    np.add.at(leaving, net.sources, np.exp(net.weights))
    assert (leaving < 1 + 1e-9).all()
