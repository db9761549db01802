"""The phone-sequence probe on codes that spell their phones, and on codes that do not."""

from typing import Any

import numpy as np
import pytest
import torch

from speechdis.errors import InputError
from speechdis.judges.phone_recogniser import PhoneErrors, PhoneRecogniser, Transcribed

PHONES = np.array(["AA", "B", "IY", "S", "T"])


def spoken(rng: np.random.Generator, utterances: int, clarity: float) -> Transcribed:
    """Each phone lasts 5 to 9 frames about a place of its own in 4 dimensions; no phone twice in a row."""
    places = np.random.default_rng(99).normal(size=(len(PHONES), 4))
    frames, phones = [], []
    for _ in range(utterances):
        steps = rng.integers(1, len(PHONES), size=rng.integers(3, 9))
        said = np.cumsum(steps) % len(PHONES)
        path = np.repeat(places[said], rng.integers(5, 10, size=len(said)), axis=0)
        frames.append(clarity * path + 0.3 * rng.normal(size=path.shape))
        phones.append(PHONES[said].tolist())
    counts = np.array([len(f) for f in frames])
    return Transcribed(np.concatenate(frames).astype(np.float32), np.cumsum(counts) - counts, counts, phones)


def errors(train: Transcribed, test: Transcribed, **settings: Any) -> PhoneErrors:
    return PhoneRecogniser.train(train, **settings).errors(test)


def test_phones_are_read_only_where_they_are(device: str) -> None:
    rng = np.random.default_rng(0)
    settings = {"steps": 150, "batch": 16, "width": 32, "device": device}
    clear = errors(spoken(rng, 100, 1.0), spoken(rng, 30, 1.0), **settings)
    assert clear.rate < 0.1
    assert clear.phones > 90
    empty = errors(spoken(rng, 100, 0.0), spoken(rng, 30, 0.0), **settings)
    assert 0.5 < empty.rate <= 1.2


def test_the_probe_repeats_and_leaves_the_global_random_state_alone() -> None:
    rng = np.random.default_rng(0)
    train, test = spoken(rng, 20, 1.0), spoken(rng, 5, 1.0)
    state = torch.get_rng_state()
    first = errors(train, test, steps=20, batch=4, width=16)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(7)
    assert errors(train, test, steps=20, batch=4, width=16) == first


def test_utterances_without_phones_do_not_count() -> None:
    rng = np.random.default_rng(0)
    train, test = spoken(rng, 10, 1.0), spoken(rng, 4, 1.0)
    silent = Transcribed(test.frames, test.first, test.counts, [[], *test.phones[1:]])
    found = errors(train, silent, steps=2, batch=4, width=8)
    assert found.phones == sum(map(len, test.phones[1:]))
    mute = Transcribed(test.frames, test.first, test.counts, [[]] * 4)
    for pair, purpose in (((mute, test), "train"), ((train, mute), "test")):
        with pytest.raises(InputError, match=f"no phones to {purpose} on"):
            errors(*pair, steps=1)


def test_likelihoods_of_all_phone_strings_sum_to_one() -> None:
    """Of two frames at half rate, over two phones, only seven strings can be said; and the likeliest is decoded."""
    rng = np.random.default_rng(0)
    data = spoken(rng, 20, 1.0)
    two = Transcribed(
        data.frames, data.first, data.counts, [[p for p in said if p in "BS"] for said in data.phones]
    )
    recogniser = PhoneRecogniser.train(two, steps=5, batch=4, width=8)
    strings = [[], ["B"], ["S"], ["B", "S"], ["S", "B"]]
    found = recogniser.log_likelihoods(data.frames[:4], strings)
    assert found[0] == -np.inf  # no transcript is no candidate
    scores, _ = recogniser.head([torch.from_numpy(data.frames[:4])])
    empty = float(scores[0, :, 0].detach().sum().exp())
    assert np.exp(found[1:]).sum() + empty == pytest.approx(1, abs=1e-5)
    unknown = recogniser.log_likelihoods(data.frames[:4], [["ZH"], ["B", "B", "S"]])
    assert (unknown == -np.inf).all()  # never heard; too long for two frames
