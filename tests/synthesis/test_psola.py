"""Pitch moved in the samples: it is that asked for, formants stay, and what has no pitch is left alone."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

from speechdis.data.audio import read_audio
from speechdis.synthesis import pitch, psola

RATE, HOP = 16000, 0.005
FORMANTS = (600, 1700)  # Hz


def vowel(f0: float, seconds: float = 1.0) -> np.ndarray:
    """Pulses through two resonances, (n,)."""
    wave = np.zeros(round(seconds * RATE))
    wave[(np.arange(0, seconds, 1 / f0) * RATE).astype(int)] = 1
    for formant in FORMANTS:
        turn = 2 * np.pi * formant / RATE
        wave = lfilter([1], [1, -2 * 0.97 * np.cos(turn), 0.97**2], wave)
    return 0.3 * wave / np.abs(wave).max()


def said(wave: np.ndarray, shift: float) -> np.ndarray:
    f0, _ = pitch.contour(wave, RATE, HOP)
    return psola.moved(wave, RATE, f0, HOP, shift)


def band(wave: np.ndarray, low: float, high: float) -> float:
    """The frequency in a band around which the middle of a wave has its power, in Hz."""
    power = np.square(np.abs(np.fft.rfft(wave[RATE // 4 : -RATE // 4])))
    frequencies = np.linspace(0, RATE / 2, len(power))
    inside = (frequencies > low) & (frequencies < high)
    return float((frequencies * power)[inside].sum() / power[inside].sum())


@pytest.mark.parametrize("factor", [0.6, 0.8, 1.3, 1.9])
@pytest.mark.parametrize("telephone", [False, True])
def test_pitch_moves_and_formants_stay(factor: float, telephone: bool) -> None:
    """Also where a telephone has taken the fundamental away."""
    wave = vowel(140)
    if telephone:
        wave = sosfilt(butter(4, [300, 3400], "bandpass", fs=RATE, output="sos"), wave)
    moved = said(wave, np.log(factor))
    assert np.exp(pitch.level_of(moved, RATE)) == pytest.approx(140 * factor, rel=0.01)
    for formant in FORMANTS:
        where = (formant - 300, formant + 300)
        assert band(moved, *where) == pytest.approx(band(wave, *where), abs=40)


def test_without_a_shift_it_is_nearly_itself() -> None:
    wave = vowel(140)
    error = said(wave, 0.0) - wave
    assert np.square(error).mean() < 1e-3 * np.square(wave).mean()


def test_what_has_no_pitch_stays() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    wave = np.concatenate([noise, vowel(140), noise])
    f0 = np.zeros(601)
    f0[200:400] = 140
    moved = psola.moved(wave, RATE, f0, HOP, 0.3)
    edge = round(0.51 * HOP * RATE)
    np.testing.assert_array_equal(moved[: RATE - edge], wave[: RATE - edge].astype(np.float32))
    np.testing.assert_array_equal(moved[2 * RATE + edge :], wave[2 * RATE + edge :].astype(np.float32))
    assert not np.allclose(moved[RATE : 2 * RATE], wave[RATE : 2 * RATE], atol=1e-2)


@pytest.mark.parametrize("length", [0, 1, 50, 300])
def test_short_ones_are_as_long(length: int) -> None:
    wave = vowel(200)[:length]
    f0 = np.full(1 + round(length / RATE / HOP), 200.0)
    assert psola.moved(wave, RATE, f0, HOP, 0.5).shape == (length,)


def test_speech_at_another_pitch(shared: Path) -> None:
    """By WORLD's measure: the contour is the recording's, higher; and most of it is as voiced as before."""
    file = sorted((shared / "speechocean762" / "test").rglob("*.flac"))[0]
    wave, _ = read_audio(file, RATE)
    before, _ = pitch.contour(wave, RATE, HOP)
    after, _ = pitch.contour(said(wave, 0.25), RATE, HOP)
    both = (before > 0) & (after > 0)
    assert both.sum() > 0.8 * (before > 0).sum()
    assert np.median(np.abs(np.log(after[both] / before[both]) - 0.25)) < 0.02
