"""Recordings without sound in a band or at their ends: nothing is lifted there, and no end of a swap clicks."""

from typing import Any

import numpy as np
import pytest
import torch
from untrained import Untrained

from speechdis.features import extract, settings_of
from speechdis.synthesis import band, vocoders
from speechdis.synthesis.content import content_of
from speechdis.synthesis.conversion import convert
from speechdis.synthesis.manner import Manner
from speechdis.synthesis.voices import voice_of
from speechdis.training.checkpoint import Checkpoint


class MeanFrame(Untrained):
    """A model that has learnt one frame: what recordings have beside it, in every band, is their voice."""

    def decode(self, static: torch.Tensor, dynamic: torch.Tensor, lengths: torch.Tensor | None = None) -> Any:
        return torch.distributions.Normal(torch.zeros_like(dynamic), 1.0)


def model(rate: int) -> Checkpoint:
    settings = settings_of("fbank", rate=rate)
    return Checkpoint(MeanFrame(), "mean", settings, 20, np.full(80, 9, "f4"), np.full(80, 3, "f4"), 0)


def speech(rate: int, seconds: float, f0: float, noise: float = 3e-3, seed: int = 0) -> np.ndarray:
    """Syllables of a buzz, three a second, with harmonics and noise up to half the rate, in 16 bits."""
    t = np.arange(round(rate * seconds)) / rate
    buzz = sum(np.sin(2 * np.pi * f0 * k * t + k * k) / k**0.8 for k in range(1, int(rate / 2 / f0)))
    wave = 0.06 * buzz * (0.1 + np.sin(3 * np.pi * t) ** 2)
    wave += noise * np.random.default_rng(seed).standard_normal(len(t))
    return (np.round(wave * 32768) / 32768).astype(np.float32)


def resampled(wave: np.ndarray, source: int, rate: int) -> np.ndarray:
    import soxr

    return soxr.resample(wave, source, rate).astype(np.float32)


def ends_and_rest(wave: np.ndarray, rate: int) -> tuple[float, float]:
    edge = rate // 40
    return float(np.abs(np.r_[wave[:edge], wave[-edge:]]).max()), float(np.abs(wave[edge:-edge]).max())


def cases(rate: int) -> dict[str, np.ndarray]:
    """Words that a model of `rate` Hz is given; cut off where they are loud, but for two."""
    narrow = resampled(speech(rate // 2, 1.17, 130), rate // 2, rate)
    silence = np.zeros(rate // 4, np.float32)
    return {
        "narrow": narrow,
        "narrow, loud begin": narrow[rate // 6 :],
        "narrow, silent ends": np.concatenate([silence, narrow, silence]),
        "narrow, 16 bits": np.round(narrow * 32768).astype(np.float32) / 32768,
        "narrow, 0.12 s": narrow[rate // 8 : rate // 8 + rate // 8],
        "narrow, offset": narrow + 0.1,
        "offset": speech(rate, 1.17, 130) + 0.1,
        "silent ends": np.concatenate([silence, speech(rate, 1.17, 130), silence]),
    }


@pytest.mark.parametrize("vocoder", vocoders.names())
@pytest.mark.parametrize("rate", [16000, 44100])
def test_no_end_clicks_and_speech_keeps_its_level(rate: int, vocoder: str) -> None:
    """No sample of an end above the rest, but for as much as the words' own; as loud as voice and words to 10 dB."""
    checkpoint = model(rate)
    voice = voice_of(checkpoint, speech(rate, 1.5, 200))
    for name, words in cases(rate).items():
        made = convert(checkpoint, content_of(checkpoint, words), voice, Manner(vocoder))
        end, rest = ends_and_rest(made, rate)
        own_end, own_rest = ends_and_rest(words - words.mean(), rate)
        assert end <= 1.1 * rest * max(1, own_end / own_rest), name
        assert abs(20 * np.log10(made.std() / words.std())) < 10, name


@pytest.mark.parametrize("slow", [3.0, 12.0])
def test_no_end_clicks_where_the_slow_part_of_a_change_is_made(slow: float) -> None:
    """As above; a tenth of a second, filtered alike throughout, has peaks elsewhere, and may by 3 dB."""
    checkpoint = model(16000)
    voice = voice_of(checkpoint, speech(16000, 1.5, 200))
    for name, words in cases(16000).items():
        made = convert(checkpoint, content_of(checkpoint, words), voice, Manner(slow=slow))
        end, rest = ends_and_rest(made, 16000)
        own_end, own_rest = ends_and_rest(words - words.mean(), 16000)
        more = 1.41 if name == "narrow, 0.12 s" else 1.1
        assert end <= more * rest * max(1, own_end / own_rest), name
        assert abs(20 * np.log10(made.std() / words.std())) < 10, name


@pytest.mark.parametrize("vocoder", vocoders.names())
def test_an_empty_band_stays_empty(vocoder: str) -> None:
    """What an 8 kHz recording lacks is not made of what resampling leaves: 20 dB below the words at least, by a model
    that knows nothing, all of whose change is made."""
    checkpoint = model(16000)
    voice = voice_of(checkpoint, speech(16000, 1.5, 200))
    words = cases(16000)["narrow"]
    power = np.square(
        np.abs(np.fft.rfft(convert(checkpoint, content_of(checkpoint, words), voice, Manner(vocoder))))
    )
    hertz = np.linspace(0, 8000, len(power))
    assert power[hertz > 4600].sum() < 1e-2 * power.sum()


@pytest.mark.parametrize("vocoder", ["filter", "world"])
def test_a_narrow_voice_leaves_the_words_their_own_upper_band(vocoder: str) -> None:
    checkpoint = model(16000)
    narrow = resampled(speech(8000, 1.5, 130), 8000, 16000)
    words = speech(16000, 1.17, 130, seed=1)
    made = convert(checkpoint, content_of(checkpoint, words), voice_of(checkpoint, narrow), Manner(vocoder))
    upper = slice(68, 80)  # above 5 kHz
    before, after = (extract(wave, checkpoint.features)[5:-5, upper].mean() for wave in (words, made))
    assert abs(after - before) < 1.5


def test_full_bands_are_never_called_silent() -> None:
    """16 bits' own rounding noise counts as sound, also at a low level; digital silence does not."""
    settings = settings_of("fbank")
    noise = np.random.default_rng(0).standard_normal(16000)
    for level in (0.2, 1e-3):
        wave = np.round(level * noise * 32768).astype(np.float32) / 32768
        assert not band.silent(extract(wave, settings), float(np.abs(wave).max()), settings).any()
    halves = np.concatenate([wave, np.zeros(16000, np.float32)])
    where = band.silent(extract(halves, settings), float(np.abs(wave).max()), settings)
    assert where[102:].all() and not where[:97].any() and not band.empty(where).any()
