"""Swap scores and scores of generation: against closed forms, and with judges of which the truth is known."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.evaluation.generation_scores import scores
from speechdis.evaluation.swap_scores import Listeners, pairs_of, share
from speechdis.evaluation.table import swaps as swap_table
from speechdis.judges.judges import Enrolled


@pytest.mark.parametrize(("hits", "count"), [(0, 7), (3, 10), (50, 50), (123, 200)])
def test_intervals_are_wilsons(hits: int, count: int) -> None:
    low, high = share(hits, count)["interval"]
    expected = binomtest(hits, count).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_an_inception_score_has_its_closed_forms() -> None:
    """Sure and even opinions: IS = K, H(y | x) = 0; opinions that are all alike: IS = 1."""
    with np.errstate(divide="ignore"):
        sure = np.log(np.tile(np.eye(4), (3, 1)))
    found = scores(sure, np.tile(np.arange(4), 3))
    assert (found.accuracy, found.inception, found.within) == pytest.approx((1, 4, 0))
    assert found.between == pytest.approx(np.log(4))
    alike = scores(np.log(np.full((5, 4), 0.25)), np.zeros(5, int))
    assert (alike.inception, alike.within, alike.between) == pytest.approx((1, np.log(4), np.log(4)))


def test_opinions_that_do_not_sum_to_one_are_a_bug() -> None:
    with pytest.raises(AssertionError):
        scores(np.log(np.array([[0.9, 0.3], [0.4, 0.2]])), np.zeros(2, int))


UTTERANCES = [
    Utterance(f"{spk}-{k}", spk, Path("x.wav"), text_phone=text)
    for spk in ("a", "b", "c")
    for k, text in enumerate(("AA B", "B AA", "S T"))
]


def test_pairs_are_of_different_speakers_and_texts() -> None:
    lone = Utterance("d-0", "d", Path("x.wav"), text_phone="T")
    pairs = pairs_of([*UTTERANCES, lone], 40)
    assert len(pairs) == 40 and pairs == pairs_of([*UTTERANCES, lone], 40)
    for a, b in pairs:
        one, other = UTTERANCES[a], UTTERANCES[b]
        assert one.spk != other.spk and one.text_phone != other.text_phone
    with pytest.raises(InputError, match="two speakers"):
        pairs_of([*UTTERANCES[:3], lone], 5)


class Voices:
    """Hears the direction of the first frame as the voice; words are the nearest of three numbers in its last bin."""

    words = None

    def embed(self, frames: np.ndarray) -> np.ndarray:
        return frames[0] / np.linalg.norm(frames[0])


def test_a_verdict_leaves_out_what_it_was_made_of() -> None:
    """Speaker a's utterance 0 is an outlier: with it left out, a is where its other utterances are."""
    directions = np.array(
        [
            [0, 0, 1],
            [1, 0, 0],
            [1, 0.1, 0],
            [0, 1, 0],
            [0, 1, 0],
            [0, 1, 0],
            [0, 0, 1],
            [0, 0, 1],
            [0, 0, 1.0],
        ]
    )
    vectors = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    listeners = Listeners(Voices(), UTTERANCES, Enrolled(vectors, np.repeat([0, 1, 2], 3)), [])
    like_a = np.array([[1, 0, 0.2]])
    found = listeners.verdict(like_a, wanted=0, other=3, words=3, heard=3)
    assert found == {"voice": 1, "nearer": 1}
    assert listeners.verdict(like_a, wanted=3, other=0, words=3, heard=0) == {"voice": 0, "nearer": 0}
    cosines = listeners.enrolled.cosines(np.array([1.0, 0, 0]), (0,))
    assert cosines[0] == pytest.approx(np.cos(np.arctan2(vectors[2, 1], 1 + vectors[2, 0])))


def test_the_table_says_counts_and_intervals() -> None:
    condition = {
        "voice": share(3, 4),
        "nearer": share(4, 4),
        "cents": None,
        "correlation": 0.5,
        "distortion": 1,
    }
    text = swap_table(
        {
            "conditions": {"swap": condition},
            "pairs": 4,
            "speakers": 2,
            "sentences": 0,
            "vocoder": "filter",
            "generation": {},
        }
    )
    assert "75.0 [30.1, 95.4] of 4" in text and "4 pairs, 2 speakers" in text
