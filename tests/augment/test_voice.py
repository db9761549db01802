"""A converted voice: pitch and formants move by the factor, time does not move."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_wsola import RATE, pitch_of, voice

from speechdis.augment.voice import Factors, Twin, convert
from speechdis.errors import InputError

FACTORS = [0.75, 0.87, 1.15, 1.33]


@given(n=st.integers(2, 5000), factor=st.floats(0.5, 2))
def test_length_is_exact(n: int, factor: float) -> None:
    assert convert(np.random.default_rng(n).standard_normal(n).astype(np.float32), RATE, factor).shape == (n,)


def test_factor_1_is_the_identity() -> None:
    np.testing.assert_allclose(convert(voice(1, 130), RATE, 1.0), voice(1, 130), atol=1e-6)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("pitch", [100, 150, 240])
def test_pitch_moves_by_the_factor(factor: float, pitch: float) -> None:
    assert pitch_of(convert(voice(1, pitch), RATE, factor)) == pytest.approx(factor * pitch, rel=0.02)


@pytest.mark.parametrize("factor", FACTORS)
def test_formants_move_by_the_factor(factor: float) -> None:
    """Noise through one resonance, at 700 Hz."""
    rng = np.random.default_rng(0)
    ring = 0.98 ** np.arange(200) * np.cos(np.arange(200) * 2 * np.pi * 700 / RATE)
    wave = np.convolve(rng.standard_normal(5 * RATE), ring, "same").astype(np.float32) * 0.05
    power = np.abs(np.fft.rfft(convert(wave, RATE, factor))) ** 2
    smooth = np.convolve(power, np.hanning(401), "same")
    assert smooth.argmax() * RATE / len(wave) == pytest.approx(700 * factor, rel=0.03)


@pytest.mark.parametrize("factor", FACTORS)
def test_time_stays_on_speech(shared: Path, factor: float) -> None:
    """Loudness contours, 300 ms at a time, match best at a lag under a frame."""
    soundfile = pytest.importorskip("soundfile")
    lags: list[int] = []
    for file in sorted((shared / "speechocean762" / "test").rglob("*.flac"))[::150]:
        wave = soundfile.read(file, dtype="float32")[0]
        lags += contour_lags(contour(wave), contour(convert(wave, RATE, factor)))
    assert len(lags) > 100
    assert np.median(np.abs(lags)) < 5
    assert np.percentile(np.abs(lags), 99) < 10


def contour(wave: np.ndarray) -> np.ndarray:
    """Log energy every millisecond, 20 ms windows."""
    energy = np.convolve(wave.astype(float) ** 2, np.hanning(321) / 160, "same")[::16]
    return np.log(energy + 1e-7)


def contour_lags(source: np.ndarray, twin: np.ndarray, size: int = 300, furthest: int = 40) -> list[int]:
    """The lag in ms of best correlation of each window in which the contour moves and the two agree."""
    lags = []
    for start in range(furthest, len(source) - size - furthest, 50):
        piece = source[start : start + size]
        if piece.std() > 1:
            shifts = range(-furthest, furthest + 1)
            fits = [np.corrcoef(piece, twin[start + s : start + s + size])[0, 1] for s in shifts]
            if max(fits) > 0.95:
                lags.append(int(np.argmax(fits)) - furthest)
    return lags


@pytest.mark.parametrize("factor", [0.75, 1.33])
def test_frames_match_at_lag_0_on_speech(shared: Path, factor: float) -> None:
    soundfile = pytest.importorskip("soundfile")
    from speechdis.features import fbank

    for file in sorted((shared / "speechocean762" / "test").rglob("*.flac"))[::150]:
        wave = soundfile.read(file, dtype="float32")[0]
        source = fbank.extract(wave, fbank.Config()).mean(1)
        twin = fbank.extract(convert(wave, RATE, factor), fbank.Config()).mean(1)
        fits = [np.corrcoef(source[2:-2], twin[2 + s : len(twin) - 2 + s])[0, 1] for s in (-2, -1, 0, 1, 2)]
        assert np.argmax(fits) == 2, file


@pytest.mark.parametrize("factor", FACTORS)
def test_pitch_of_speech_moves_by_the_factor(shared: Path, factor: float) -> None:
    soundfile, pyworld = pytest.importorskip("soundfile"), pytest.importorskip("pyworld")
    files = sorted((shared / "speechocean762" / "test").rglob("*.flac"))[::150]
    ratios = []
    for file in files:
        wave = soundfile.read(file, dtype="float32")[0]
        pitches = [pyworld.dio(w.astype(float), RATE)[0] for w in (wave, convert(wave, RATE, factor))]
        voiced = (pitches[0] > 0) & (pitches[1] > 0)
        ratios.append(np.median(pitches[1][voiced] / pitches[0][voiced]))
    assert np.median(ratios) == pytest.approx(factor, rel=0.02)


def test_factors_stay_in_range_away_from_1_and_log_uniform() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([Factors().draw(rng) for _ in range(20000)])
    assert drawn.min() >= 0.75
    assert drawn.max() <= 1.33
    assert not ((drawn > 0.95) & (drawn < 1.05)).any()
    below, above = np.log(0.95 / 0.75), np.log(1.33 / 1.05)
    assert (drawn < 1).mean() == pytest.approx(below / (below + above), abs=0.02)
    assert np.median(np.log(drawn[drawn < 1])) == pytest.approx(np.log(0.95 * 0.75) / 2, abs=0.01)


@given(low=st.floats(0.1, 3), high=st.floats(0.1, 3), away=st.floats(0, 0.9), seed=st.integers(0, 99))
def test_every_range_is_kept_or_refused(low: float, high: float, away: float, seed: int) -> None:
    try:
        factor = Factors(low, high, away).draw(np.random.default_rng(seed))
    except InputError:
        return
    assert low * (1 - 1e-9) <= factor <= high * (1 + 1e-9)
    assert abs(factor - 1) >= away - 1e-9


def test_a_twin_depends_on_its_name_alone() -> None:
    wave = voice(0.5, 130)
    same = Twin(0, "utt", 1)(wave, RATE)
    np.testing.assert_array_equal(same, Twin(0, "utt", 1)(wave, RATE))
    for other in (Twin(1, "utt", 1), Twin(0, "utt2", 1), Twin(0, "utt", 2), Twin(0, "utt", 1, channel=True)):
        assert np.abs(other(wave, RATE) - same).max() > 1e-3
