"""Laws of time-stretching: identity, exact length, silence, pitch kept, and no drift."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechdis.augment.wsola import wsola

RATE = 16000


def voice(seconds: float, pitch: float) -> np.ndarray:
    """A pulse train through one resonance, a little noise under it."""
    n = round(seconds * RATE)
    pulses = (np.diff(np.floor(np.arange(n + 1) * pitch / RATE)) > 0).astype(float)
    ring = 0.98 ** np.arange(200) * np.cos(np.arange(200) * 2 * np.pi * 700 / RATE)
    noise = np.random.default_rng(0).standard_normal(n) * 1e-3
    return (0.3 * np.convolve(pulses, ring)[:n] + noise).astype(np.float32)


def pitch_of(wave: np.ndarray) -> float:
    """Hz, from the first high peak of the autocorrelation, interpolated."""
    r = np.correlate(wave, wave[800:-800], "valid")[800:]
    high = r[1:-1] > 0.9 * r[30:].max()
    lag = 1 + int(
        np.flatnonzero((r[1:-1] > r[:-2]) & (r[1:-1] >= r[2:]) & high & (np.arange(len(high)) > 30))[0]
    )
    before, at, after = r[lag - 1 : lag + 2]
    return RATE / (lag + 0.5 * (before - after) / (before - 2 * at + after))


@given(n=st.integers(1, 5000), speed=st.floats(0.5, 2), seed=st.integers(0, 9))
def test_length_is_exact_and_nothing_is_nan(n: int, speed: float, seed: int) -> None:
    wave = np.random.default_rng(seed).standard_normal(n).astype(np.float32)
    out = wsola(wave, speed, RATE)
    assert out.shape == (round(n / speed),)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()


@pytest.mark.parametrize(
    "wave",
    [
        voice(1, 110),
        np.random.default_rng(0).standard_normal(9999).astype(np.float32),
        np.concatenate(
            [np.zeros(4000, np.float32), voice(0.5, 200), np.zeros(4000, np.float32), voice(0.2, 90)]
        ),
        np.concatenate([np.sin(np.arange(8000) * 0.05).astype(np.float32), voice(0.5, 150)]),
        np.ones(5000, np.float32),
        voice(0.01, 200),
    ],
    ids=["voice", "noise", "silence between", "exact repetition first", "constant", "shorter than a window"],
)
def test_speed_1_is_the_identity(wave: np.ndarray) -> None:
    np.testing.assert_allclose(wsola(wave, 1.0, RATE), wave, atol=1e-6)


def test_speed_1_is_the_identity_on_speech(shared: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    for file in sorted((shared / "speechocean762").rglob("*.flac"))[::300]:
        wave = soundfile.read(file, dtype="float32")[0]
        np.testing.assert_allclose(wsola(wave, 1.0, RATE), wave, atol=1e-6)


@pytest.mark.parametrize("speed", [0.75, 1.33])
def test_silence_stays_silence_and_full_scale_stays_in_range(speed: float) -> None:
    assert not wsola(np.zeros(8000, np.float32), speed, RATE).any()
    square = np.sign(np.sin(np.arange(8000) * 0.3)).astype(np.float32)
    assert np.abs(wsola(square, speed, RATE)).max() <= 1 + 1e-6


@pytest.mark.parametrize("pitch", [90, 120, 200, 300])
@pytest.mark.parametrize("speed", [0.75, 0.9, 1.2, 1.33])
def test_pitch_is_kept(pitch: float, speed: float) -> None:
    assert pitch_of(wsola(voice(1, pitch), speed, RATE)) == pytest.approx(pitch, rel=0.01)


@pytest.mark.parametrize("speed", [0.75, 0.9, 1.2, 1.33])
def test_clicks_land_where_they_should(speed: float) -> None:
    """Time t goes to t / speed, to less than 10 ms of the source, at the last click as at the first."""
    wave = np.random.default_rng(0).standard_normal(10 * RATE).astype(np.float32) * 1e-3
    clicks = np.arange(1600, len(wave) - 1600, 2717)
    wave[clicks] = 1
    out = np.abs(wsola(wave, speed, RATE))
    for click in clicks:
        nominal = round(click / speed)
        nearby = out[nominal - 480 : nominal + 480]
        found = np.flatnonzero(nearby > 0.5 * nearby.max()) - 480
        assert nearby.max() > 0.05  # faster speech leaves out some of the source
        assert np.abs(found).max() * speed < 0.010 * RATE


def test_windows_are_seconds_not_samples() -> None:
    """Half the samples are twice the pitch for `pitch_of`."""
    halved = np.convolve(voice(1, 130), np.hanning(9) / 4, "same")[::2]
    assert pitch_of(wsola(halved, 1.2, RATE // 2)) == pytest.approx(2 * 130, rel=0.01)
