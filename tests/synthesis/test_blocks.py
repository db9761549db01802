"""Long recordings: cut where they are quiet, and what is rendered block by block joins without a trace."""

import numpy as np
import pytest

from speechdis.features import settings_of
from speechdis.synthesis import blocks, vocoders
from speechdis.synthesis.words import Words, words_of

SETTINGS = settings_of("fbank")
RATE = 16000


def syllables(seconds: float) -> np.ndarray:
    """A harmonic voice at 130 Hz, three syllables a second, with pauses that are not quite silent."""
    t = np.arange(round(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 30))
    noise = 1e-3 * np.random.default_rng(0).standard_normal(len(t))
    return (0.1 * wave * np.sin(3 * np.pi * t) ** 2 + noise).astype(np.float32)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of one second, cut in their last half."""
    monkeypatch.setattr(blocks, "LONGEST", 1.0)
    monkeypatch.setattr(blocks, "SEARCH", 0.5)


def brighter(words: Words) -> np.ndarray:
    """What a model may ask for: 6 dB more at the top than at the bottom, swelling over time."""
    tilt = np.linspace(0, 0.7, words.frames.shape[1]) * np.linspace(0, 2, len(words.frames))[:, None]
    return words.frames + tilt.astype(np.float32)


def test_cuts_are_quiet_and_close_enough(short: None) -> None:
    words = words_of(syllables(5.3), SETTINGS)
    found = blocks.cuts(words.frames, 0.01)
    edges = [0, *found, len(words.frames)]
    assert 5 <= len(found) <= 10 and max(np.diff(edges)) <= 100
    loudness = words.frames.mean(1)
    assert loudness[found].max() < np.median(loudness)
    assert blocks.cuts(words.frames[:100], 0.01) == []


def test_a_filter_block_by_block_is_the_filter_of_the_whole(short: None) -> None:
    words = words_of(syllables(4.7), SETTINGS)
    frames, module = brighter(words), vocoders.load("filter")
    whole = module.render(frames, words, SETTINGS)
    assert np.abs(whole - words.wave).max() > 0.05  # it does something
    joined = blocks.render(module, frames, words, SETTINGS)
    assert len(joined) == len(whole)
    assert np.abs(joined - whole).max() < 1e-3 * np.abs(whole).max()


@pytest.mark.parametrize("what", ["pitch", "frames"])
@pytest.mark.parametrize("vocoder", vocoders.names())
def test_no_click_at_a_join(short: None, vocoder: str, what: str) -> None:
    """Steps from sample to sample about the joins are none that the whole utterance's rendering does not have."""
    words = words_of(syllables(4.7), SETTINGS)
    module = vocoders.load(vocoder)
    if what == "pitch":
        whole, joined = (
            module.at_pitch(words, SETTINGS, 0.2),
            blocks.at_pitch(module, words, SETTINGS, 0.2).wave,
        )
    else:
        frames = brighter(words)
        whole, joined = module.render(frames, words, SETTINGS), blocks.render(module, frames, words, SETTINGS)
    assert len(joined) == len(words.wave) and np.isfinite(joined).all()
    for cut in blocks.cuts(words.frames, 0.01):
        near = slice(cut * 160 + 200 - 400, cut * 160 + 200 + 400)
        steps, expected = (np.abs(np.diff(wave[near])) for wave in (joined, whole))
        assert steps.max() < 1.5 * expected.max() + 0.002
        power, wanted = (np.square(wave[near]).mean() for wave in (joined, whole))
        assert wanted / 4 < power < 4 * wanted


def test_the_level_of_pitch_does_not_depend_on_the_length() -> None:
    """A minute and more, looked at in parts: the syllables' 130 Hz."""
    assert np.exp(words_of(syllables(61.3), SETTINGS).log_f0) == pytest.approx(130, rel=0.02)
