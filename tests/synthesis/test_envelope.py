"""Gains between log frames: exact at the centres of frames and bins, and heard as asked for."""

import numpy as np
import pytest

from speechdis.features import bins_of, extract, settings_of
from speechdis.synthesis.envelope import LIMIT, SMOOTH, filtered, log_gain, mended


@pytest.mark.parametrize("kind", ["fbank", "spectrogram"])
def test_gains_are_those_of_the_frames(kind: str) -> None:
    """A power 2 g higher is an amplitude g higher; between frames it is in between; outside it is the nearest."""
    settings = settings_of(kind)
    bins = bins_of(settings)
    rng = np.random.default_rng(0)
    wanted = rng.uniform(-1, 1, (12, len(bins.frequencies)))  # of log amplitude
    source = rng.normal(9, 2, wanted.shape)
    target = source + 2 * bins.exponent * wanted
    centres = np.arange(12) * 0.010 + 0.0125
    found = log_gain(target, source, settings, centres, bins.frequencies)
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    between = log_gain(target, source, settings, centres[:-1] + 0.005, bins.frequencies)
    np.testing.assert_allclose(between, (wanted[1:] + wanted[:-1]) / 2, atol=1e-9)
    outside = log_gain(target, source, settings, np.array([-1.0, 9.0]), np.array([0.0, 8000.0]))
    np.testing.assert_allclose(outside, wanted[[0, -1]][:, [0, -1]], atol=1e-9)
    assert log_gain(source + 99, source, settings, centres, bins.frequencies).max() == LIMIT


def test_smoothing_keeps_the_first_cosines() -> None:
    settings = settings_of("fbank")
    bins = bins_of(settings)
    place = np.pi * (np.arange(80) + 0.5) / 80
    slow, fast = np.cos(5 * place), np.cos(40 * place)
    zero = np.zeros((3, 80))
    times = np.full(1, 0.02)
    found = log_gain(zero + slow + fast, zero, settings, times, bins.frequencies, smooth=25)
    np.testing.assert_allclose(found[0], slow / 2, atol=1e-9)


def test_a_filter_makes_the_frames_asked_for() -> None:
    """White noise, and frames that ask for a smooth colour: within a dB in every band, on average over frames."""
    settings = settings_of("fbank")
    wave = (0.05 * np.random.default_rng(0).standard_normal(32000)).astype(np.float32)
    frames = extract(wave, settings)
    colour = 2 * np.sin(np.linspace(0, 6, 80))
    again = extract(filtered(wave, frames, frames + colour, settings), settings)
    decibels = (again - frames - colour).mean(0) * 10 / np.log(10)
    assert np.abs(decibels[3:]).max() < 1


def test_filters_one_after_the_other_leave_less_and_none_changes_what_is_right() -> None:
    """A buzz brought to another envelope every 80 ms: nearer by three filters than by one; its own: untouched."""
    settings = settings_of("fbank")
    t = np.arange(16000) / 16000
    wave = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 60)) * (1.2 + np.sin(2 * np.pi * 3 * t))
    wave = (0.05 * wave + 1e-3 * np.random.default_rng(0).standard_normal(16000)).astype(np.float32)
    frames = extract(wave, settings)
    assert mended(wave, frames, settings) is wave
    turns = 1 - 2 * (np.arange(len(frames)) // 8 % 2)
    target = frames + 2 * np.sin(np.linspace(0, 6, 80)) * turns[:, None]
    once, thrice = filtered(wave, frames, target, settings, SMOOTH), mended(wave, target, settings)
    left = [np.abs(extract(w, settings) - target).mean() for w in (wave, once, thrice)]
    assert left[2] < 0.9 * left[1] < 0.3 * left[0]
