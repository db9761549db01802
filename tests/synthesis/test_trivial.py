"""Trivial conversions: what each takes of a voice is what it then has."""

import numpy as np
import pytest

from speechdis.features import settings_of, spectrum_of
from speechdis.synthesis import trivial
from speechdis.synthesis.content import pitched
from speechdis.synthesis.words import Words, words_of

SETTINGS = settings_of("fbank")
FREQUENCIES = spectrum_of(SETTINGS).frequencies


def buzz(f0: float, formants: tuple[float, ...], seed: int = 0) -> Words:
    """Syllables of a vowel at a pitch."""
    t = np.arange(24000) / 16000
    phase = 2 * np.pi * np.cumsum(f0 * (1 + 0.1 * np.sin(2 * np.pi * 1.5 * t))) / 16000
    wave = 1e-3 * np.random.default_rng(seed).normal(size=len(t))
    for harmonic in range(1, int(7000 / (1.1 * f0))):
        loud = sum(np.exp(-(((harmonic * f0 - formant) / 200) ** 2)) for formant in formants) + 0.01
        wave += loud * np.sin(harmonic * phase)
    wave *= 0.1 + np.sin(2 * np.pi * 2 * t) ** 2
    return words_of((0.3 * wave / np.abs(wave).max()).astype(np.float32), SETTINGS)


WORDS, VOICE = buzz(110, (600, 1300, 2600)), buzz(190, (750, 1600, 3200), 1)


def test_a_warp_moves_what_is_at_a_frequency() -> None:
    bump = np.exp(-(((FREQUENCIES - 2000) / 300) ** 2))[None]
    assert np.array_equal(trivial.warp(bump, FREQUENCIES, 1.0), bump)
    moved = trivial.warp(bump, FREQUENCIES, 1.2)
    assert FREQUENCIES[moved.argmax()] == pytest.approx(2400, rel=0.05)
    assert trivial.factor_between(bump[0], moved[0], FREQUENCIES) == pytest.approx(1.2)


def test_the_pitch_is_the_voices() -> None:
    moved = pitched(WORDS, VOICE.log_f0, SETTINGS, "world")
    assert abs(moved.log_f0 - VOICE.log_f0) < abs(WORDS.log_f0 - VOICE.log_f0) / 5
    assert np.abs(moved.frames - WORDS.frames).mean() < np.abs(VOICE.frames - WORDS.frames).mean() / 2


def test_bands_have_the_statistics_of_the_voice() -> None:
    moved = pitched(WORDS, VOICE.log_f0, SETTINGS, "world")
    made = words_of(trivial.matched(moved, VOICE, SETTINGS, "world"), SETTINGS)
    for statistic in (np.mean, np.std):
        before, after = (
            np.abs(statistic(one.frames, 0) - statistic(VOICE.frames, 0)).mean() for one in (WORDS, made)
        )
        assert after < before / 2


def test_a_copy_has_the_frames_of_the_words() -> None:
    made = words_of(trivial.copied(WORDS, SETTINGS, "world"), SETTINGS)
    assert np.abs(made.frames - WORDS.frames).mean() < 0.5
