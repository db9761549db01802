"""Vocoding: the waveform of features has those features again, is as long, and as loud."""

from pathlib import Path

import numpy as np
import pytest

from speechdis.data.audio import read_audio
from speechdis.features import extract, settings_of
from speechdis.synthesis.vocoders import world
from speechdis.synthesis.vocoders.griffin_lim import griffin_lim
from speechdis.synthesis.words import words_of


@pytest.mark.parametrize(("kind", "limit"), [("fbank", 4.0), ("spectrogram", 5.0)])
def test_copy_synthesis_of_speech(shared: Path, kind: str, limit: float) -> None:
    """Log-spectral distance of loud frames, in dB, between a recording and what its features sound like."""
    file = sorted((shared / "speechocean762" / "test").rglob("*.flac"))[0]
    wave, rate = read_audio(file, 16000)
    settings = settings_of(kind)
    frames = extract(wave, settings)
    copy = griffin_lim(frames, settings)
    assert abs(len(copy) - len(wave)) < 0.011 * rate
    again = extract(copy, settings)
    loud = frames.mean(1) > np.percentile(frames.mean(1), 40)
    assert len(again) == len(frames)
    decibels = (again - frames)[loud] * (10 if kind == "fbank" else 20) / np.log(10)
    assert np.sqrt(np.square(decibels).mean(1)).mean() < limit
    assert np.square(copy).mean() == pytest.approx(np.square(wave).mean(), rel=0.3)


def test_a_tone_keeps_its_pitch() -> None:
    t = np.arange(16000) / 16000
    settings = settings_of("spectrogram")
    wave = (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    copy = griffin_lim(extract(wave, settings), settings)
    assert np.abs(np.fft.rfft(copy, 16000)).argmax() == pytest.approx(440, abs=15)


def test_the_same_seed_gives_the_same_wave() -> None:
    settings = settings_of("fbank")
    frames = np.random.default_rng(0).normal(8, 1, (30, 80)).astype(np.float32)
    first, second, other = (griffin_lim(frames, settings, iterations=4, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("rate", [8000, 11025, 16000])
def test_a_voiced_sound_stays_voiced_at_every_rate(rate: int) -> None:
    """WORLD says it an octave higher: a period later it is the same again, which a whisper is not."""
    t = np.arange(rate) / rate
    buzz = sum(np.cos(2 * np.pi * 120 * k * t) / k for k in range(1, rate // 240))
    settings = settings_of("fbank", rate=rate)
    made = world.at_pitch(words_of(np.asarray(0.1 * buzz, np.float32), settings), settings, np.log(2))
    middle, period = made[rate // 4 : -rate // 4], round(rate / 240)
    assert np.corrcoef(middle[period:], middle[:-period])[0, 1] > 0.8
