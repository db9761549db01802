"""Floors: against their definitions, and the known figure on real speech."""

from pathlib import Path

import numpy as np
import pytest

from speechdis.metrics.baselines import mfcc, random_vectors, standardised, utterance_statistics
from speechdis.metrics.equal_error import eer
from speechdis.metrics.trials import all_pairs, cosine_scores


def test_statistics_are_mean_and_deviation_of_each_utterance() -> None:
    frames = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    found = utterance_statistics(frames, np.array([0, 4]), np.array([4, 6]))
    assert found.shape == (2, 6)
    np.testing.assert_allclose(found[1, :3], frames[4:].mean(0), rtol=1e-5)
    np.testing.assert_allclose(found[1, 3:], frames[4:].std(0), rtol=1e-5)


def test_mfcc_is_an_orthonormal_cosine_transform() -> None:
    frames = np.random.default_rng(0).normal(size=(5, 80))
    k, n = np.mgrid[:20, :80]
    basis = np.sqrt(np.where(k == 0, 1, 2) / 80) * np.cos(np.pi * k * (2 * n + 1) / 160)
    np.testing.assert_allclose(mfcc(frames), frames @ basis.T, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(mfcc(frames, 80), axis=1), np.linalg.norm(frames, axis=1))


def test_standardised_training_vectors_have_mean_0_and_deviation_1() -> None:
    training = np.random.default_rng(0).normal(3, 5, size=(50, 4))
    own = standardised(training, training)
    np.testing.assert_allclose([own.mean(0), own.std(0)], [[0] * 4, [1] * 4], atol=1e-12)
    np.testing.assert_allclose(standardised(training + 5 * training.std(0), training), own + 5)


def test_random_vectors_know_nothing() -> None:
    pairs = all_pairs(np.repeat(np.arange(40), 10))
    scores = cosine_scores(random_vectors(400), pairs.i, pairs.j)
    assert eer(scores[pairs.target], scores[~pairs.target]).value == pytest.approx(0.5, abs=0.03)


def test_mfcc_statistics_reach_8_percent_on_real_speech(shared: Path) -> None:
    import soundfile
    import torch
    from torchaudio.compliance.kaldi import fbank

    folder = shared / "speechocean762" / "test"
    features, spks = [], []
    speaker = dict(line.split() for line in (folder / "utt2spk").read_text().splitlines())
    for line in (folder / "wav.scp").read_text().splitlines():
        utt, name = line.split()
        wave = torch.from_numpy(soundfile.read(folder / name, dtype="float32")[0])[None] * 32768
        mel = fbank(wave, num_mel_bins=80, window_type="hamming", dither=0.0)
        features.append(mfcc(mel.numpy()))
        spks.append(speaker[utt])
    counts = np.array([len(f) for f in features])
    vectors = utterance_statistics(np.concatenate(features), np.cumsum(counts) - counts, counts)
    pairs = all_pairs(spks)
    # Measured by others with the training speakers' statistics: 8.07 %; here with the test speakers' own.
    scores = cosine_scores(standardised(vectors, vectors), pairs.i, pairs.j)
    assert eer(scores[pairs.target], scores[~pairs.target]).value == pytest.approx(0.0807, abs=0.003)
