"""The ladder on voices that show in different ways, and its parts against other libraries and by hand."""

import numpy as np
import pytest
import torch

from speechdis.judges import back_end, ladder
from speechdis.judges.codebook import Codebook
from speechdis.judges.ladder import FUSION, LINEAR, climb, fuse
from speechdis.judges.sequences import Sequences
from speechdis.metrics.equal_error import eer_of
from speechdis.metrics.scoring import cosine
from speechdis.metrics.trials import all_pairs


def speech(rng: np.random.Generator, people: int, voice: float, utterances: int = 8) -> Sequences:
    """Two sounds, (-3, 0) and (3, 0), as often as each other. A speaker moves them by opposite steps along the second
    dimension, and turns the steps of half of the frames: the mean over frames tells nothing."""
    speakers = np.repeat(np.arange(people), utterances)
    counts = rng.integers(40, 80, size=len(speakers)) * 2
    sound = np.concatenate([rng.permutation(np.repeat([-1, 1], count // 2)) for count in counts])
    moved = np.repeat((voice * rng.normal(size=people))[speakers], counts) * sound
    frames = np.stack([3.0 * sound, moved], 1) + 0.5 * rng.normal(size=(len(sound), 2))
    names = np.array([f"s{k:03}" for k in speakers])
    return Sequences(frames.astype(np.float32), np.cumsum(counts) - counts, counts, names)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "CODEBOOKS", ((4, False), (4, True)))
    monkeypatch.setattr(ladder, "KERNELS", (60,))
    monkeypatch.setattr(ladder, "CHANNELS", (8,))
    monkeypatch.setattr(ladder, "CROP", 20)


def test_a_codebook_finds_how_a_sound_is_said_where_the_mean_does_not() -> None:
    rng = np.random.default_rng(0)
    known, unknown, test = speech(rng, 30, 1), speech(rng, 12, 1), speech(rng, 20, 1)
    said: dict[str, float] = {}
    found = climb(known, unknown, steps=2, say=said.__setitem__)
    pairs = all_pairs(test.speakers)
    rates = {name: eer_of(scores, pairs.target) for name, scores in found.scores(test, pairs).items()}
    assert list(rates) == [*said, FUSION] and "ECAPA-TDNN, 8 channels" in said
    assert rates["codebook of 4"] < 0.2
    assert rates["codebook of 4"] < rates[LINEAR] - 0.05
    validation = found.validation()
    assert said == {name: wrong for name, wrong in validation.items() if name != FUSION}
    assert validation[found.strongest] == min(validation.values())
    assert list(validation) == ladder.names(2) and ladder.names(0) == [
        n for n in validation if "ECAPA" not in n
    ]
    again = climb(known, unknown, steps=0)
    np.testing.assert_array_equal(
        again.scores(test, pairs)["codebook of 4"], found.scores(test, pairs)["codebook of 4"]
    )


def test_networks_go_on_from_those_of_another_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "CODEBOOKS", ())
    rng = np.random.default_rng(5)
    known, unknown = speech(rng, 4, 1), speech(rng, 4, 1)
    first = climb(known, unknown, steps=1)
    (before,) = [rung.network for rung in first.rungs if rung.network]
    asked = []
    train = ladder.SpeakerNetwork.train

    def told(*args: object, **options: object) -> object:
        asked.append(options["begin"])
        return train(*args, **options)

    monkeypatch.setattr(ladder.SpeakerNetwork, "train", told)
    climb(known, unknown, steps=1, begin=first)
    climb(known, unknown, steps=1, begin=climb(known, unknown, steps=0))
    assert asked == [before, None]


def test_where_there_is_no_voice_no_rung_finds_one() -> None:
    rng = np.random.default_rng(1)
    found = climb(speech(rng, 30, 0), speech(rng, 12, 0), steps=0)
    test = speech(rng, 25, 0)
    pairs = all_pairs(test.speakers)
    for scores in found.scores(test, pairs).values():
        assert eer_of(scores, pairs.target) == pytest.approx(0.5, abs=0.08)


def test_a_codebook_measures_what_a_mixture_of_scikit_learn_does() -> None:
    """Posteriors of a mixture with equal weights and one variance, and the relevance MAP of its means."""
    from sklearn.mixture import GaussianMixture

    data = speech(np.random.default_rng(2), 4, 1)
    book = Codebook.learn(data.frames, data.first, data.counts, 3)
    mixture = GaussianMixture(3, covariance_type="spherical")
    mixture.means_, mixture.weights_ = book.entries.numpy(), np.full(3, 1 / 3)
    mixture.covariances_ = np.full(3, book.variance)
    mixture.precisions_cholesky_ = 1 / np.sqrt(mixture.covariances_)
    y = ((torch.from_numpy(data.frames[: data.counts[0]]) - book.mean) @ book.axes).numpy()
    shares = mixture.predict_proba(y)
    times = shares.sum(0)
    adapted = (shares.T @ y + 4 * mixture.means_) / (times + 4)[:, None] - mixture.means_
    measured = book.measure(data.frames, data.first[:1], data.counts[:1])[0]
    np.testing.assert_allclose(measured[:-3], adapted.ravel(), atol=1e-3)
    np.testing.assert_allclose(measured[-3:], np.sqrt(times / len(y)), atol=1e-3)


def test_a_back_end_takes_what_held_out_speakers_like_best() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(40, 6)) + np.repeat(rng.normal(size=(10, 6)), 4, axis=0)
    asked = []

    def error(scoring: object) -> float:
        asked.append(scoring)
        return len(asked) == 1  # the first is worst, the second as good as the third

    found = back_end.fit(vectors, np.repeat(np.arange(10), 4), vectors[:8], error)
    assert found.settings == {"components": 6, "scores": "PLDA"} and len(asked) == 2


def test_as_many_rungs_are_fused_as_err_least() -> None:
    pairs = all_pairs(["a", "a", "b", "b"])
    truth = pairs.target.astype(float)
    noise = np.array([0, 0.9, 0, 0, 0, -0.9])
    scores = {"good": truth + noise, "other": truth - noise, "bad": -truth}
    validation = {name: eer_of(s, pairs.target) for name, s in scores.items()}
    fused, wrong = fuse(scores, validation, pairs)
    assert set(fused) == {"good", "other"} and wrong == 0
    assert fused["bad" if "bad" in fused else "good"] == (scores["good"].mean(), scores["good"].std())


def test_crops_are_changed_and_only_shortened() -> None:
    x = torch.ones(5, 40, 3)
    made = ladder.changed(x, np.random.default_rng(0))
    assert made.shape[0] == 5 and made.shape[2] == 3 and 20 <= made.shape[1] <= 40
    assert (x == 1).all()


def test_cosine_is_a_comparison_where_plda_cannot_be_learnt() -> None:
    assert set(back_end.comparisons(np.eye(3), np.arange(3))) == {"cosine"}
    assert back_end.comparisons(np.eye(3), np.arange(3))["cosine"] is cosine
