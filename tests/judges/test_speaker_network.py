"""The supervised network on frames whose speakers differ, and on frames whose speakers do not."""

import copy
import sys

import numpy as np
import pytest
import torch

from speechdis.errors import InputError
from speechdis.judges import speaker_network
from speechdis.judges.ecapa import Ecapa
from speechdis.judges.speaker_network import SpeakerNetwork, Stopping
from speechdis.metrics.equal_error import eer
from speechdis.metrics.trials import all_pairs, cosine_scores
from speechdis.training.precision import bfloat16_on_cpu

SMALL = {"steps": 40, "crop": 20, "batch": 32, "channels": 16, "size": 16}


def corpus(
    rng: np.random.Generator, people: int, voice: float, shortest: int = 15
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Frames (N, 6), first, counts and speakers: 8 utterances each, noise about the speaker's own mean."""
    spks = np.repeat(np.arange(people), 8)
    counts = rng.integers(shortest, 50, size=len(spks))
    means = rng.normal(size=(people, 6)) * voice
    frames = np.repeat(means[spks], counts, axis=0) + rng.normal(size=(counts.sum(), 6))
    return (frames * 3 + 100).astype(np.float32), np.cumsum(counts) - counts, counts, spks


def unseen_eer(voice: float, device: str) -> float:
    rng = np.random.default_rng(0)
    frames, first, counts, spks = corpus(rng, 30, voice)
    network = SpeakerNetwork.train(frames, first, counts, spks, **SMALL, device=device)
    frames, first, counts, spks = corpus(rng, 30, voice)
    pairs = all_pairs(spks)
    scores = cosine_scores(network.embed(frames, first, counts), pairs.i, pairs.j)
    return eer(scores[pairs.target], scores[~pairs.target]).value


def test_unseen_speakers_are_told_apart_only_where_they_differ(device: str) -> None:
    assert unseen_eer(2.0, device) < 0.08
    assert unseen_eer(0.0, device) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("training", [True, False])
def test_a_network_is_the_one_of_speechbrain(training: bool) -> None:
    torch.manual_seed(0)
    ours = Ecapa(6, 16, 12).train(training)
    theirs = copy.deepcopy(ours.network)
    x = torch.randn(5, 30, 6)
    found, expected = ours(x), theirs(x)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    weight = torch.randn_like(found)
    for embedding in (found, expected):
        (embedding * weight).sum().backward()
    for one, other in zip(ours.network.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-4)
    for one, other in zip(ours.network.buffers(), theirs.buffers(), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.skipif(not bfloat16_on_cpu(), reason="this CPU has no AVX-512")
def test_mixed_precision_tells_speakers_apart_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    for mixed in (False, True):
        monkeypatch.setattr(speaker_network, "judges_in_bfloat16", lambda place, says=mixed: says)
        assert unseen_eer(2.0, "cpu") < 0.08


def test_training_repeats_and_leaves_the_global_random_state_alone() -> None:
    data = corpus(np.random.default_rng(0), 3, 1.0)
    settings = {**SMALL, "steps": 3}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = SpeakerNetwork.train(*data, **settings).embed(*data[:3])
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(6)
    np.testing.assert_array_equal(SpeakerNetwork.train(*data, **settings).embed(*data[:3]), first)
    assert not np.array_equal(SpeakerNetwork.train(*data, **settings, seed=1).embed(*data[:3]), first)


def test_any_length_is_embedded_and_scale_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    frames, first, counts, spks = corpus(rng, 3, 1.0, shortest=1)
    counts[0] = 1
    settings = {**SMALL, "steps": 3}
    vectors = SpeakerNetwork.train(frames, first, counts, spks, **settings).embed(frames, first, counts)
    assert vectors.shape == (24, 16) and np.isfinite(vectors).all()
    moved = frames * 8 - 300
    again = SpeakerNetwork.train(moved, first, counts, spks, **settings).embed(moved, first, counts)
    np.testing.assert_allclose(again, vectors, atol=2e-2)


def test_an_utterance_is_embedded_alone_as_among_others() -> None:
    data = corpus(np.random.default_rng(0), 3, 1.0)
    network = SpeakerNetwork.train(*data, **{**SMALL, "steps": 2})
    frames, first, counts, _ = data
    alone = network.embed(frames[first[4] : first[4] + counts[4]], np.array([0]), counts[4:5])
    np.testing.assert_allclose(alone[0], network.embed(frames, first, counts)[4], atol=1e-6)


def test_one_speaker_is_refused() -> None:
    frames, first, counts, spks = corpus(np.random.default_rng(0), 2, 1.0)
    with pytest.raises(InputError, match="attacker: needs two speakers"):
        SpeakerNetwork.train(frames, first, counts, spks * 0, label="attacker")


def test_modules_can_still_be_inspected_afterwards() -> None:
    """SpeechBrain's lazy modules fail when looked at; `inspect` looks at every module."""
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(40, 4)).astype(np.float32)
    first, counts = np.array([0, 20]), np.array([20, 20])
    SpeakerNetwork.train(frames, first, counts, ["a", "b"], steps=1, crop=10, batch=2, channels=8, size=4)
    assert all(hasattr(module, "__name__") for module in list(sys.modules.values()))


def test_training_stops_by_itself_whatever_the_cap() -> None:
    """The error falls until step 6: what is kept is of step 6, for every cap that lets it see enough."""
    data = corpus(np.random.default_rng(6), 4, 1.0)
    frames, first, counts, _ = data
    kept = []
    for cap in (5, 10, 500):
        errors = iter([0.5, 0.4, 0.3, 0.4, 0.3])  # at steps 2, 4, 6, 8 and 10; no further is asked for
        network = SpeakerNetwork.train(
            *data, cap, crop=20, batch=4, channels=8, size=4,
            error=lambda _, errors=errors: next(errors), stopping=Stopping(check=2, patience=4, least=3),
        )  # fmt: skip
        kept.append((network.steps, network.embed(frames, first[:2], counts[:2])))
    assert [steps for steps, _ in kept] == [5, 6, 6]
    np.testing.assert_array_equal(kept[1][1], kept[2][1])


def test_a_network_goes_on_from_one_of_the_same_speakers_only() -> None:
    frames, first, counts, speakers = corpus(np.random.default_rng(7), 4, 1.0)
    small = {"steps": 1, "crop": 20, "batch": 4, "channels": 8, "size": 4}

    def trained(names: np.ndarray, begin: SpeakerNetwork | None, seed: int) -> np.ndarray:
        network = SpeakerNetwork.train(
            frames, first, counts, names, seed=seed, error=lambda _: 0.5, begin=begin, **small
        )
        return network.embed(frames, first[:3], counts[:3])

    begin = SpeakerNetwork.train(frames, first, counts, speakers, seed=1, error=lambda _: 0.5, **small)
    own = begin.embed(frames, first[:3], counts[:3])
    others = speakers + 4
    near, far = trained(speakers, begin, 2), trained(speakers, None, 2)
    assert np.abs(near - own).max() < np.abs(far - own).max() / 2
    np.testing.assert_array_equal(trained(others, begin, 2), trained(others, None, 2))
