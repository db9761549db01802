"""Attackers on sequences whose voices show in what a mean cannot see, that a channel hides, and that hold no voice."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from speechdis.errors import InputError
from speechdis.judges import attackers
from speechdis.judges.attackers import CONVOLUTIONS, FUSION, NETWORK, Sequences
from speechdis.judges.ladder import climb
from speechdis.judges.random_convolutions import RandomConvolutions
from speechdis.judges.speaker_network import SpeakerNetwork, Stopping
from speechdis.metrics.equal_error import eer
from speechdis.metrics.trials import all_pairs, cosine_scores

train = partial(attackers.train, kernels=240)


def speech(
    rng: np.random.Generator, people: int, voice: float, channel: float = 0.0, utterances: int = 8
) -> Sequences:
    """Noise (N, 6): a speaker is how loud its dimensions are, a channel an utterance's own shift of them."""
    speakers = np.repeat(np.arange(people), utterances)
    counts = rng.integers(30, 60, size=len(speakers))
    loud = np.exp(voice * rng.normal(size=(people, 6)))[np.repeat(speakers, counts)]
    shift = np.repeat(channel * rng.normal(size=(len(speakers), 6)), counts, axis=0)
    frames = (rng.normal(size=loud.shape) * loud + shift).astype(np.float32)
    names = np.array([f"s{k}" for k in speakers])
    return Sequences(frames, np.cumsum(counts) - counts, counts, names)


def rates(found: attackers.Attackers, of: Sequences) -> dict[str, float]:
    pairs = all_pairs(of.speakers)
    scores = found.scores(of, pairs)
    return {who: eer(s[pairs.target], s[~pairs.target]).value for who, s in scores.items()}


def test_a_voice_is_found_where_there_is_one_and_only_there() -> None:
    rng = np.random.default_rng(0)
    found = train(speech(rng, 24, 0.5), steps=3)
    at = rates(found, speech(rng, 15, 0.5))
    assert list(at) == [NETWORK, CONVOLUTIONS, FUSION] == list(attackers.NAMES)
    assert at[CONVOLUTIONS] < 0.1
    assert found.about[CONVOLUTIONS]["training"] < 0.1
    assert found.about[NETWORK] | {"training": 0, "validation": 0} == {
        "training": 0, "validation": 0, "steps": 3, "most_steps": 3,
    }  # fmt: skip
    none = train(speech(rng, 24, 0.0), steps=3)
    assert min(rates(none, speech(rng, 15, 0.0)).values()) == pytest.approx(0.5, abs=0.07)


def test_only_who_learnt_through_channels_hears_through_them() -> None:
    """The issue's case in small: an attacker of clean sequences calls a channel safe that an informed one is not kept
    out by."""
    rng = np.random.default_rng(1)
    clean = train(speech(rng, 24, 0.5), steps=2)
    informed = train(speech(rng, 24, 0.5, channel=4.0), steps=2)
    test = speech(rng, 15, 0.5, channel=4.0)
    assert rates(informed, test)[CONVOLUTIONS] < rates(clean, test)[CONVOLUTIONS] - 0.05


def test_the_strongest_is_chosen_on_speakers_held_out() -> None:
    found = train(speech(np.random.default_rng(2), 24, 0.5), steps=2)
    validation = {who: about["validation"] for who, about in found.about.items()}
    assert found.strongest == min(validation, key=lambda who: validation[who])
    assert (found.speakers, found.utterances) == (4, 32)
    other = replace(found, about={**found.about, NETWORK: {"validation": -1.0, "training": 0.9}})
    assert other.strongest == NETWORK


@pytest.mark.parametrize("people", [13, 40, 300])
def test_no_speaker_is_on_both_sides(people: int) -> None:
    speakers = np.repeat(np.arange(people), 5)
    known, unknown = attackers.divided(speakers, seed=3)
    assert not set(speakers[known]) & set(speakers[unknown])
    assert 2 <= len(set(speakers[unknown])) <= 20
    again = attackers.divided(speakers, seed=3)
    np.testing.assert_array_equal(known, again[0])


def test_of_few_speakers_each_keeps_utterances_back() -> None:
    speakers = np.repeat(["a", "b", "c", "rare"], [20, 10, 4, 1])
    known, unknown = attackers.divided(speakers)
    assert [int((speakers[unknown] == name).sum()) for name in ("a", "b", "c", "rare")] == [4, 2, 2, 0]
    np.testing.assert_array_equal(np.sort(np.concatenate([known, unknown])), np.arange(35))


@pytest.mark.parametrize("speakers", [["a"] * 9, ["a", "a", "b", "b"], [str(k) for k in range(30)]])
def test_who_cannot_learn_is_told_why(speakers: list[str]) -> None:
    assert "needs two training speakers" in attackers.lacks(speakers)
    assert attackers.lacks(np.repeat(["a", "b"], 4)) == ""
    zero, one = np.arange(len(speakers)), np.ones(len(speakers), int)
    with pytest.raises(InputError, match=r"^z: needs two training speakers"):
        train(Sequences(np.zeros((30, 2), np.float32), zero, one, np.array(speakers)), 1, label="z")


def test_speakers_who_say_the_same_each_time_teach_nothing() -> None:
    frames = np.repeat(np.random.default_rng(0).normal(size=(4, 1, 20, 2)), 5, axis=1).reshape(-1, 2)
    first, speakers = np.arange(0, 400, 20), np.repeat(list("abcd"), 5)
    parts = (frames.astype(np.float32), first, np.full(20, 20), speakers)
    with pytest.raises(InputError, match="all the same"):
        RandomConvolutions.train(*parts, np.repeat([False, False, False, True], 5), np.ptp, kernels=60)
    with pytest.raises(InputError, match="all the same"):
        climb(Sequences(*parts), Sequences(*parts), steps=0)


def test_convolutions_repeat_and_read_any_length() -> None:
    data = speech(np.random.default_rng(4), 6, 0.5)
    data.counts[:3] = 1, 2, 5
    out = np.arange(48) % 8 == 0

    def error(vectors: np.ndarray) -> float:
        return float(np.abs(vectors).mean())

    parts = (data.frames, data.first, data.counts)
    one, two = (
        RandomConvolutions.train(*parts, data.speakers, out, error, seed=5, kernels=240).embed(*parts)
        for _ in "ab"
    )
    assert one.shape == (48, 5)
    assert np.isfinite(one).all()
    np.testing.assert_array_equal(one, two)


def test_training_stops_by_itself_whatever_the_cap() -> None:
    """The error falls until step 6: what is kept is of step 6, for every cap that lets it see enough."""
    data = speech(np.random.default_rng(6), 4, 0.5)
    kept = []
    for cap in (5, 10, 500):
        errors = iter([0.5, 0.4, 0.3, 0.4, 0.3])  # at steps 2, 4, 6, 8 and 10; no further is asked for
        network = SpeakerNetwork.train(
            data.frames, data.first, data.counts, data.speakers, cap, crop=20, batch=4, channels=8, size=4,
            error=lambda _, errors=errors: next(errors), stopping=Stopping(check=2, patience=4, least=3),
        )  # fmt: skip
        kept.append((network.steps, network.embed(data.frames, data.first[:2], data.counts[:2])))
    assert [steps for steps, _ in kept] == [5, 6, 6]
    np.testing.assert_array_equal(kept[1][1], kept[2][1])


def test_a_cosine_of_means_does_not_see_these_voices() -> None:
    """So what attackers find above is not what the table's dynamic EER sees already."""
    test = speech(np.random.default_rng(0), 15, 0.5)
    means = np.stack([test.frames[f : f + c].mean(0) for f, c in zip(test.first, test.counts, strict=True)])
    pairs = all_pairs(test.speakers)
    scores = cosine_scores(means, pairs.i, pairs.j)
    assert eer(scores[pairs.target], scores[~pairs.target]).value > 0.4


def test_a_network_goes_on_from_one_of_the_same_speakers_only() -> None:
    data = speech(np.random.default_rng(7), 4, 0.5)
    small = {"steps": 1, "crop": 20, "batch": 4, "channels": 8, "size": 4}

    def trained(names: np.ndarray, begin: SpeakerNetwork | None, seed: int) -> np.ndarray:
        network = SpeakerNetwork.train(
            data.frames, data.first, data.counts, names, seed=seed, error=lambda _: 0.5, begin=begin, **small
        )
        return network.embed(data.frames, data.first[:3], data.counts[:3])

    begin = SpeakerNetwork.train(
        data.frames, data.first, data.counts, data.speakers, seed=1, error=lambda _: 0.5, **small
    )
    own = begin.embed(data.frames, data.first[:3], data.counts[:3])
    others = np.char.add(data.speakers, "x")
    near, far = trained(data.speakers, begin, 2), trained(data.speakers, None, 2)
    assert np.abs(near - own).max() < np.abs(far - own).max() / 2
    np.testing.assert_array_equal(trained(others, begin, 2), trained(others, None, 2))
