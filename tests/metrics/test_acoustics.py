"""Distances between sounds, against closed forms."""

import numpy as np
import pytest

from speechdis.features import bins_of, settings_of
from speechdis.metrics import acoustics

BINS = bins_of(settings_of("fbank"))
FRAMES = np.random.default_rng(0).normal(10, 2, (50, 80))
DB = np.log(10) / 10  # nats of power


def test_a_gain_is_spectral_distance_alone() -> None:
    assert acoustics.log_spectral_distance(FRAMES + 3 * DB, FRAMES, BINS) == pytest.approx(3)
    assert acoustics.mel_cepstral_distortion(FRAMES + 3 * DB, FRAMES, BINS) == pytest.approx(0, abs=1e-9)


def test_a_ripple_is_both_or_too_fine_for_the_cepstrum() -> None:
    """A cosine over the bins of amplitude 4 dB has a root mean square of 4 / sqrt 2; so has its one coefficient."""
    place = (np.arange(80) + 0.5) / 80
    for order, counts in ((3, True), (24, True), (25, False)):
        rippled = FRAMES + 4 * DB * np.cos(np.pi * order * place)
        assert acoustics.log_spectral_distance(rippled, FRAMES, BINS) == pytest.approx(4 / np.sqrt(2))
        distortion = acoustics.mel_cepstral_distortion(rippled, FRAMES, BINS)
        assert distortion == pytest.approx(4 / np.sqrt(2) if counts else 0, abs=1e-9)


def test_pauses_do_not_count() -> None:
    frames = FRAMES.copy()
    frames[30:] -= 60 * DB
    wrong = frames.copy()
    wrong[30:] += 7
    assert acoustics.log_spectral_distance(wrong, frames, BINS) == 0


def test_pitch() -> None:
    f0 = np.array([0, 100, 110, 120, 130, 0, 0, 200.0])
    semitone = 2 ** (1 / 12)
    moved = acoustics.pitch_distance(f0 * semitone, f0)
    assert moved.cents == pytest.approx(100) and moved.correlation == pytest.approx(1)
    assert acoustics.pitch_distance(f0 * semitone, f0, np.log(semitone)).cents == pytest.approx(0, abs=1e-9)
    assert acoustics.pitch_distance(f0[:6], np.roll(f0, 1)).voicing == pytest.approx(3 / 6)  # at 0, 1, 5
    assert np.isnan(acoustics.pitch_distance(0 * f0, f0).cents)
