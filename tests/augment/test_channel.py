"""Random channels: the filter and the noise are what they are said to be, in waveforms and in features."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from speechdis import features
from speechdis.augment.channel import (
    channel_features,
    equalised,
    named_channel,
    pink_noise,
    random_channel,
)

RATE = 16000
SPEECHLIKE = (np.random.default_rng(0).standard_normal(4 * RATE).cumsum() % 2 - 1).astype(np.float32) * 0.1
spectral = [name for name in features.names() if features.bins_of(features.settings_of(name)) is not None]
every_type = pytest.mark.parametrize("name", spectral)


def curve_db(amplitudes: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """The protocol's words: six cosine terms over the mel axis from 20 Hz to half the rate."""
    mel = 1127 * np.log(1 + frequencies / 700)
    low, high = 1127 * np.log(1 + 20 / 700), 1127 * np.log(1 + RATE / 2 / 700)
    position = (mel - low) / (high - low)
    return sum(a * np.cos(np.pi * k * position) for k, a in enumerate(amplitudes, 1))


@pytest.mark.parametrize("frequency", [100, 1000, 5000])
def test_a_tone_changes_by_the_curve(frequency: float) -> None:
    amplitudes = np.array([3.0, -2, 1, 4, -1, 2])
    tone = np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE)
    ratio = equalised(tone, RATE, amplitudes)[4000:-4000].std() / tone[4000:-4000].std()
    assert 20 * np.log10(ratio) == pytest.approx(curve_db(amplitudes, np.array([frequency]))[0], abs=0.05)


def test_noise_is_pink_from_20_hz_on() -> None:
    noise = pink_noise(60 * RATE, RATE, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(noise)) ** 2
    frequencies = np.fft.rfftfreq(len(noise), 1 / RATE)
    octaves = [power[(frequencies >= f) & (frequencies < 2 * f)].sum() for f in (25, 100, 400, 1600, 3900)]
    np.testing.assert_allclose(10 * np.log10(octaves / octaves[2]), 0, atol=0.6)  # dB
    assert power[frequencies < 19].sum() < 1e-3 * power.sum()


def test_signal_to_noise_ratio_is_drawn_from_10_to_25_db() -> None:
    wave = np.sin(2 * np.pi * 3000 * np.arange(RATE) / RATE).astype(np.float32)
    ratios = []
    for seed in range(200):
        power = np.abs(np.fft.rfft(random_channel(wave, RATE, np.random.default_rng(seed)))) ** 2
        ratios.append(10 * np.log10(power[2990:3010].sum() / (power.sum() - power[2990:3010].sum())))
    assert 9 < min(ratios) < 11
    assert 24 < max(ratios) < 26
    assert np.mean(ratios) == pytest.approx(17.5, abs=1)


def test_a_named_channel_is_the_same_in_every_process(tmp_path: Path) -> None:
    wave = SPEECHLIKE[:4000]
    np.save(tmp_path / "wave.npy", wave)
    code = (
        "import sys, numpy as np; from speechdis.augment.channel import named_channel;"
        "wave = np.load(sys.argv[1]); sys.stdout.buffer.write(named_channel(wave, 16000, 0, 'utt').tobytes())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "wave.npy")]
    other = subprocess.run(
        command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": "7"}
    )
    assert other.stdout == named_channel(wave, RATE, 0, "utt").tobytes()
    assert np.abs(named_channel(wave, RATE, 0, "utt2") - named_channel(wave, RATE, 0, "utt")).max() > 0.01


@every_type
def test_the_filter_of_features_is_that_of_waveforms(name: str) -> None:
    settings = features.settings_of(name)
    bins = features.bins_of(settings)
    amplitudes = np.array([3.0, -2, 1, 4, -1, 2])
    wave = np.random.default_rng(0).standard_normal(4 * RATE).astype(np.float32) * 0.1
    assert_same_filter(wave, amplitudes, settings, bins)


@every_type
def test_the_filter_of_features_is_that_of_waveforms_on_speech(name: str, shared: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    settings = features.settings_of(name)
    for seed, file in enumerate(sorted((shared / "speechocean762" / "test").rglob("*.flac"))[::150]):
        amplitudes = np.random.default_rng(seed).normal(0, 3, 6)
        wave = soundfile.read(file, dtype="float32")[0]
        assert_same_filter(wave, amplitudes, settings, features.bins_of(settings))


def assert_same_filter(wave: np.ndarray, amplitudes: np.ndarray, settings: dict, bins: features.Bins) -> None:
    """Medians over frames, to half a dB; the lowest bins may hold the side lobes of rumble below them."""
    before, after = (features.extract(w, settings) for w in (wave, equalised(wave, RATE, amplitudes)))
    gain = 10 / np.log(10) * np.median(after - before, axis=0) / bins.exponent
    error = np.abs(gain - curve_db(amplitudes, bins.frequencies))
    assert np.percentile(error, 90) < 0.3
    assert error[bins.frequencies > 300].max() < 0.5


@every_type
def test_the_noise_of_features_is_that_of_waveforms(name: str) -> None:
    """A loud tone leaves most bins to the noise, whose level there is then known in both domains."""
    settings = features.settings_of(name)
    bins = features.bins_of(settings)
    tone = (0.5 * np.sin(2 * np.pi * 2000 * np.arange(4 * RATE) / RATE)).astype(np.float32)
    frames = torch.from_numpy(features.extract(tone, settings))[None]
    generator = torch.Generator().manual_seed(0)
    ours = channel_features(frames, bins, generator, filter_db=0.0, snr_db=(20, 20))[0].numpy()
    noise = pink_noise(len(tone), RATE, np.random.default_rng(0))
    noisy = tone + noise * np.sqrt(np.square(tone).mean() / np.square(noise).mean() * 0.01)
    expected = np.exp(features.extract(noisy, settings) / bins.exponent).mean(0)
    away = (np.abs(bins.frequencies - 2000) > 600) & (bins.frequencies > 100)
    difference = 10 * np.log10(np.exp(ours / bins.exponent).mean(0) / expected)[away]
    assert np.abs(difference).max() < 1  # dB
    assert abs(np.mean(difference)) < 0.3


@every_type
def test_each_segment_has_a_channel_of_its_own(name: str) -> None:
    settings = features.settings_of(name)
    bins = features.bins_of(settings)
    frames = torch.from_numpy(features.extract(SPEECHLIKE, settings)[:40]).reshape(2, 20, -1)
    x = frames[[0, 0, 1]]
    out = channel_features(x, bins, torch.Generator().manual_seed(0), snr_db=None)
    gain = out - x
    assert (gain - gain[:, :1]).abs().max() < 1e-4  # the same for all frames of a segment
    assert (gain[0] - gain[1]).abs().max() > 0.1
    again = channel_features(x, bins, torch.Generator().manual_seed(0), snr_db=None)
    torch.testing.assert_close(again, out, rtol=0, atol=0)
    # a deviation of 3 dB of each of six terms gives sqrt(6 / 2) of it over the band
    many = x[:1].expand(4000, -1, -1)
    gain = channel_features(many, bins, torch.Generator().manual_seed(1), snr_db=None) - many
    middle = int(np.argmin(np.abs(bins.frequencies - 700)))
    spread = gain[:, 0, middle].std().item() / bins.exponent * 10 / np.log(10)
    assert spread == pytest.approx(np.sqrt(np.square(curve_terms(700)).sum()) * 3, rel=0.05)


def curve_terms(frequency: float) -> np.ndarray:
    return np.array([curve_db(np.eye(6)[k], np.array([frequency]))[0] for k in range(6)])


@every_type
def test_silence_stays_finite(name: str) -> None:
    settings = features.settings_of(name)
    silence = torch.from_numpy(features.extract(np.zeros(4000, np.float32), settings))[None]
    out = channel_features(silence, features.bins_of(settings), torch.Generator().manual_seed(0))
    assert torch.isfinite(out).all()
