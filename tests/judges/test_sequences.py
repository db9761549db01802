"""Who learns an attack and who chooses among attackers; voices that a mean cannot see, and that a channel hides."""

import numpy as np
import pytest

from speechdis.errors import InputError
from speechdis.judges import ladder, sequences
from speechdis.judges.ladder import Ladder, climb
from speechdis.judges.random_convolutions import RandomConvolutions
from speechdis.judges.sequences import Sequences, learning
from speechdis.metrics.equal_error import eer, eer_of
from speechdis.metrics.trials import all_pairs, cosine_scores

CONVOLUTIONS = "random convolutions, 240"


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


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "CODEBOOKS", ())
    monkeypatch.setattr(ladder, "KERNELS", (240,))


def train(of: Sequences) -> Ladder:
    return climb(*learning(of), steps=0)


def rates(found: Ladder, of: Sequences) -> dict[str, float]:
    pairs = all_pairs(of.speakers)
    return {who: eer_of(s, pairs.target) for who, s in found.scores(of, pairs).items()}


def test_only_who_learnt_through_channels_hears_through_them() -> None:
    """The issue's case in small: an attacker of clean sequences calls a channel safe that an informed one is not kept
    out by."""
    rng = np.random.default_rng(1)
    clean = train(speech(rng, 24, 0.5))
    informed = train(speech(rng, 24, 0.5, channel=4.0))
    test = speech(rng, 15, 0.5, channel=4.0)
    assert rates(clean, speech(rng, 15, 0.5))[CONVOLUTIONS] < 0.1
    assert rates(informed, test)[CONVOLUTIONS] < rates(clean, test)[CONVOLUTIONS] - 0.05


def test_a_development_set_of_enough_speakers_chooses_and_no_other_does() -> None:
    rng = np.random.default_rng(2)
    of, dev = speech(rng, 24, 0.5), speech(rng, 12, 0.5, utterances=40)
    known, unknown = learning(of, dev)
    assert known is of
    assert (len(unknown), unknown.people) == (sequences.CHECKED, 12)  # of 480, some
    once = np.concatenate([np.arange(440), [440]])  # the twelfth speaker has one utterance: no target trial
    for few in (None, dev[once]):
        known, unknown = learning(of, few)
        assert (known.people, unknown.people, len(unknown)) == (20, 4, 32)
        assert not set(known.speakers) & set(unknown.speakers)


@pytest.mark.parametrize("people", [13, 40, 300])
def test_no_speaker_is_on_both_sides(people: int) -> None:
    speakers = np.repeat(np.arange(people), 5)
    known, unknown = sequences.divided(speakers, seed=3)
    assert not set(speakers[known]) & set(speakers[unknown])
    assert 2 <= len(set(speakers[unknown])) <= 20
    again = sequences.divided(speakers, seed=3)
    np.testing.assert_array_equal(known, again[0])


def test_of_few_speakers_each_keeps_utterances_back() -> None:
    speakers = np.repeat(["a", "b", "c", "rare"], [20, 10, 4, 1])
    known, unknown = sequences.divided(speakers)
    assert [int((speakers[unknown] == name).sum()) for name in ("a", "b", "c", "rare")] == [4, 2, 2, 0]
    np.testing.assert_array_equal(np.sort(np.concatenate([known, unknown])), np.arange(35))


@pytest.mark.parametrize("speakers", [["a"] * 9, ["a", "a", "b", "b"], [str(k) for k in range(30)]])
def test_who_cannot_learn_is_told_why(speakers: list[str]) -> None:
    assert "needs two training speakers" in sequences.lacks(speakers)
    assert sequences.lacks(np.repeat(["a", "b"], 4)) == ""
    zero, one = np.arange(len(speakers)), np.ones(len(speakers), int)
    with pytest.raises(InputError, match=r"^z: needs two training speakers"):
        learning(Sequences(np.zeros((30, 2), np.float32), zero, one, np.array(speakers)), label="z")


def test_speakers_who_say_the_same_each_time_teach_nothing() -> None:
    frames = np.repeat(np.random.default_rng(0).normal(size=(4, 1, 20, 2)), 5, axis=1).reshape(-1, 2)
    first, speakers = np.arange(0, 400, 20), np.repeat(list("abcd"), 5)
    same = Sequences(frames.astype(np.float32), first, np.full(20, 20), speakers)
    with pytest.raises(InputError, match="all the same"):
        climb(same, same, steps=0)


def test_convolutions_repeat_and_read_any_length() -> None:
    data = speech(np.random.default_rng(4), 6, 0.5)
    data.counts[:3] = 1, 2, 5
    parts = (data.frames, data.first, data.counts)
    one, two = (RandomConvolutions.draw(data.frames, 240, seed=5).measure(*parts) for _ in "ab")
    assert one.shape == (48, 960)
    assert np.isfinite(one).all()
    np.testing.assert_array_equal(one, two)


def test_a_cosine_of_means_does_not_see_these_voices() -> None:
    """So what attackers find above is not what the table's dynamic EER sees already."""
    test = speech(np.random.default_rng(0), 15, 0.5)
    means = np.stack([test.frames[f : f + c].mean(0) for f, c in zip(test.first, test.counts, strict=True)])
    pairs = all_pairs(test.speakers)
    scores = cosine_scores(means, pairs.i, pairs.j)
    assert eer(scores[pairs.target], scores[~pairs.target]).value > 0.4
