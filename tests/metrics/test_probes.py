"""Probes on data whose answer is known: Gaussians, linear maps, noise."""

from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechdis.data.utterance import Interval
from speechdis.errors import InputError
from speechdis.metrics.moments import moments
from speechdis.metrics.probes import (
    Accuracy,
    energy_probe,
    frame_labels,
    leakage_gap,
    log_energy,
    phone_probe,
    speaker_probe,
)


def test_speakers_that_differ_are_told_apart_and_others_guessed() -> None:
    rng = np.random.default_rng(0)
    spks = np.repeat([f"s{k}" for k in range(20)], 11)
    noise = rng.normal(size=(220, 8))
    voices = np.repeat(rng.normal(size=(20, 8)) * 20, 11, axis=0)
    found = speaker_probe(noise + voices, spks)
    assert found == Accuracy(1.0, 1 / 20, 1 / 20, 100)  # 6 of 11 train
    assert speaker_probe(noise, spks).value < 0.15  # chance 0.05 +- 0.02
    assert speaker_probe((noise + voices) * 1e4 + 1e6, spks).value == 1.0
    assert speaker_probe(noise, spks, seed=1) == speaker_probe(noise, spks, seed=1)


def test_a_speaker_with_one_utterance_is_left_out() -> None:
    vectors = np.arange(5.0)[:, None]
    assert speaker_probe(vectors, ["a", "a", "b", "b", "c"]).chance == 0.5
    with pytest.raises(InputError, match="two speakers"):
        speaker_probe(vectors, ["a", "a", "a", "b", "c"])


def test_phones_of_two_gaussians_reach_the_bayes_rate() -> None:
    rng = np.random.default_rng(0)
    labels = np.array(["aa", "iy"])[rng.integers(2, size=20_000)]
    frames = rng.normal(size=(20_000, 3)) + 2.0 * (labels == "aa")[:, None] / np.sqrt(3)  # d' = 2
    found = phone_probe(frames[:10_000], labels[:10_000], frames[10_000:], labels[10_000:])
    assert found.value == pytest.approx(NormalDist().cdf(1.0), abs=0.01)
    assert (found.chance, found.count) == (0.5, 10_000)


def test_unlabelled_frames_are_left_out_and_unknown_phones_are_errors() -> None:
    frames = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [100.0]])
    labels = np.array(["a", "a", "a", "b", "b", ""])
    found = phone_probe(frames, labels, frames[[0, 3, 5, 3]], np.array(["a", "b", "", "zz"]))
    assert found == Accuracy(2 / 3, 1 / 2, 1 / 3, 3)
    with pytest.raises(InputError, match="two phones"):
        phone_probe(frames[:3], labels[:3], frames, labels)


def test_of_many_frames_a_seeded_share_is_used() -> None:
    rng = np.random.default_rng(0)
    labels = np.array(["a", "b"])[rng.integers(2, size=5000)]
    frames = rng.normal(size=(5000, 2)) + (labels == "a")[:, None]
    found, again = (phone_probe(frames, labels, frames, labels, most=(200, 100)) for _ in "ab")
    assert found.count == 100
    assert found == again


@given(st.lists(st.floats(0.005, 0.2), max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
def test_a_frame_has_the_label_at_its_centre(lengths: list[float], said: list[bool]) -> None:
    edges = np.concatenate([[0.03], 0.03 + np.cumsum(lengths)])
    intervals = [Interval(a, b, f"p{k}") for k, (a, b) in enumerate(pairwise(edges)) if said[k]]
    found = frame_labels(intervals, 30)
    for t, label in enumerate(found):
        centre = t * 0.010 + 0.025 / 2
        assert label == next((i.label for i in intervals if i.start <= centre < i.end), "")


def test_energy_in_a_code_is_found_as_far_as_it_is_there() -> None:
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    codes = rng.normal(size=(4000, 5)) * [1, 10, 0.1, 1, 1] + 7
    linear = codes @ [1, 0.2, 3, 0, 0]
    train, test = slice(0, 2000), slice(2000, 4000)
    assert energy_probe(codes[train], linear[train], codes[test], linear[test]) == pytest.approx(1, abs=1e-5)
    noisy = linear + rng.normal(size=4000) * linear.std()
    found = energy_probe(codes[train], noisy[train], codes[test], noisy[test])
    assert found == pytest.approx(0.5, abs=0.05)
    mean, std = codes[train].mean(0), codes[train].std(0)
    model = Ridge(alpha=1.0).fit((codes[train] - mean) / std, noisy[train])
    assert found == pytest.approx(model.score((codes[test] - mean) / std, noisy[test]), abs=1e-9)
    empty = rng.normal(size=(4000, 5))
    assert abs(energy_probe(empty[train], noisy[train], empty[test], noisy[test])) < 0.02


def test_log_energy_is_the_log_of_the_sum() -> None:
    frames = np.random.default_rng(0).normal(size=(4, 80)).astype(np.float32)
    np.testing.assert_allclose(log_energy(frames), np.log(np.exp(frames).sum(1)), rtol=1e-5)


def test_leakage_gap_is_two_for_a_clean_division_and_zero_for_none() -> None:
    def accuracy(value: float, chance: float) -> Accuracy:
        return Accuracy(value, chance, 0.0, 1)

    full, none = accuracy(1.0, 0.1), accuracy(0.1, 0.1)
    assert leakage_gap(full, none, none, full) == pytest.approx(2)
    assert leakage_gap(full, full, none, none) == 0
    assert leakage_gap(none, full, full, none) == pytest.approx(-2)


def test_moments_are_those_of_numpy_whatever_the_chunk() -> None:
    frames = (np.random.default_rng(0).normal(size=(1000, 3)) * [1, 1e-3, 0] + [5, 1e2, 3]).astype(np.float32)
    for rows in (7, 1000, 10_000):
        mean, std = moments(frames, rows)
        np.testing.assert_allclose(mean, frames.mean(0, dtype=np.float64), rtol=1e-12)
        np.testing.assert_allclose(std[:2], frames.std(0, dtype=np.float64)[:2], rtol=1e-9)
        assert std[2] == 1
