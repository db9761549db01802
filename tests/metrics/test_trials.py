"""Lists of pairs against itertools and scipy; cosine against its definition."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechdis.errors import InputError
from speechdis.metrics.trials import (
    NoSpeakers,
    Pairs,
    Trials,
    all_pairs,
    cosine_scores,
    in_order,
    segment_pairs,
    some_segments,
    speakers,
)


@given(st.lists(st.sampled_from("abc"), max_size=9))
def test_all_pairs_are_the_combinations(spks: list[str]) -> None:
    pairs = all_pairs(spks)
    expected = list(combinations(range(len(spks)), 2))
    assert list(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True)) == expected
    assert pairs.target.tolist() == [spks[i] == spks[j] for i, j in expected]
    assert (pairs.i.dtype, pairs.target.dtype) == (np.int32, bool)


@pytest.mark.parametrize(
    ("people", "each", "trials", "target"),
    [(24, 8, 18_336, 672), (24, 10, 28_680, 1_080), (60, 10, 179_700, 2_700)],
)
def test_the_protocols_have_their_counts(people: int, each: int, trials: int, target: int) -> None:
    pairs = all_pairs(np.repeat(np.arange(people), each))
    assert (len(pairs.target), pairs.target.sum()) == (trials, target)


@given(st.lists(st.integers(0, 4), max_size=12).map(sorted))
def test_segment_pairs_leave_out_those_of_one_utterance(utterance: list[int]) -> None:
    spks = ["a", "a", "b", "b", "c"]
    pairs = segment_pairs(np.array(utterance, int), spks)
    expected = [(i, j) for i, j in combinations(range(len(utterance)), 2) if utterance[i] != utterance[j]]
    assert list(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True)) == expected
    assert pairs.target.tolist() == [spks[utterance[i]] == spks[utterance[j]] for i, j in expected]


def test_some_segments_are_up_to_ten_of_each_utterance_and_any_of_them() -> None:
    utterance = np.repeat([0, 1, 2], [3, 10, 40])
    chosen = some_segments(utterance)
    assert np.bincount(utterance[chosen]).tolist() == [3, 10, 10]
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, some_segments(utterance))
    drawn = np.concatenate([some_segments(utterance, seed=seed) for seed in range(200)])
    assert np.bincount(drawn, minlength=53)[13:].min() > 25  # 50 expected of each


def test_cosine_is_the_normalised_product_whatever_the_chunk() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 5)) * rng.lognormal(size=(20, 1))
    i, j, _ = all_pairs(np.arange(20))
    a, b = vectors[i], vectors[j]
    truth = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    for chunk in (1, 7, 1000):
        np.testing.assert_allclose(cosine_scores(vectors, i, j, chunk), truth, atol=1e-6)
    vectors[3] = 0
    assert cosine_scores(vectors, np.array([3]), np.array([4])) == [0.0]


@given(st.data())
def test_without_utt2spk_speakers_are_the_connected_components(data: st.DataObject) -> None:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = data.draw(st.integers(2, 25))
    edge = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = np.array([(0, 1), *data.draw(st.lists(edge, max_size=30))], np.int32)
    i, j = edges.T
    trials = Trials(tuple(map(str, range(count))), Pairs(i, j, np.ones(len(i), bool)))
    found = speakers(trials)
    _, truth = connected_components(
        coo_array((np.ones(len(i)), (i, j)), shape=(count, count)), directed=False
    )
    np.testing.assert_array_equal(found[:, None] == found, truth[:, None] == truth)


def test_labels_that_contradict_the_speakers_are_named() -> None:
    pairs = Pairs(np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([True, True, False]))
    with pytest.raises(InputError, match="'x z' is marked nontarget"):
        speakers(Trials(("x", "y", "z"), pairs))
    table = {"x": "a", "y": "a", "z": "b"}
    with pytest.raises(InputError, match="'y z' is marked target"):
        speakers(Trials(("x", "y", "z"), pairs), table)
    with pytest.raises(InputError, match="'z' is in the trials, but not in utt2spk"):
        speakers(Trials(("x", "y", "z"), pairs), {"x": "a", "y": "a"})


def test_more_trials_than_fit_are_refused_with_their_number() -> None:
    with pytest.raises(InputError, match="499,999,500,000 trials are more than the 250,000,000 that fit"):
        all_pairs(np.zeros(1_000_000, np.int32))


def test_of_too_many_segments_some_are_drawn(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    utterance = np.repeat(np.arange(50), 4)
    chosen = some_segments(utterance, most=30)
    assert len(chosen) == 30 and (np.diff(chosen) > 0).all() and set(chosen) <= set(some_segments(utterance))
    assert "a random 30 of 200" in caplog.text


def test_what_is_drawn_does_not_depend_on_the_order_of_lines() -> None:
    rng = np.random.default_rng(0)
    i, j, target = all_pairs(np.arange(12) // 4)
    scores, names = rng.normal(size=len(i)), [f"u{k:02d}" for k in range(12)]
    expected = in_order(Trials(tuple(names), Pairs(i, j, target)), scores)
    for _ in range(3):
        lines, number = rng.permutation(len(i)), rng.permutation(12).astype(np.int32)
        utts = tuple(names[k] for k in np.argsort(number))
        trials, values = in_order(
            Trials(utts, Pairs(number[i][lines], number[j][lines], target[lines])), scores[lines]
        )
        assert trials.utts == expected[0].utts
        for one, two in zip((*trials.pairs, values), (*expected[0].pairs, expected[1]), strict=True):
            np.testing.assert_array_equal(one, two)


def test_speakers_of_one_utterance_a_trial_cannot_be_told() -> None:
    alone = Pairs(np.array([0, 1]), np.array([0, 1]), np.array([True, False]))
    with pytest.raises(NoSpeakers, match="each trial is one utterance"):
        speakers(Trials(("x", "y"), alone))
    pairs = Pairs(np.array([0]), np.array([1]), np.array([True]))
    assert len(set(speakers(Trials(("d/x.wav", "d/y.wav"), pairs), {"d-x": "a", "d-y": "a"}))) == 1
