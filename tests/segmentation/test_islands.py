"""Islands of speech: sounds of known times in noise of known level."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechdis.data.audio import write_audio
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.segmentation.islands import Settings, cut, islands

RATE = 16000


def sounds(spans: list[tuple[float, float]], noise_db: float, length: float, seed: int = 0) -> np.ndarray:
    """Voice-like sounds at `spans` (s) in white noise `noise_db` below them."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(length * RATE)) / RATE
    voice = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 12))
    inside = sum(((t >= start) & (t < end)).astype(float) for start, end in spans)
    wave = 0.1 * voice * inside / np.std(voice)
    return (wave + rng.normal(0, 0.1 * 10 ** (noise_db / 20), len(t))).astype(np.float32)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.floats(0.25, 0.8), st.floats(0.15, 0.7)), min_size=1, max_size=5),
    st.sampled_from([-60.0, -40.0, -25.0]),
)
def test_every_sound_is_one_island(steps: list[tuple[float, float]], noise_db: float) -> None:
    spans, now = [], 0.1
    for pause, length in steps:
        spans.append((now + pause, now + pause + length))
        now = spans[-1][1]
    found = islands(sounds(spans, noise_db, now + 0.5), RATE, Settings(margin=0.0))
    assert found.shape == (len(spans), 2)
    np.testing.assert_allclose(found, spans, atol=0.03)


def test_close_sounds_are_one_and_a_click_is_none() -> None:
    wave = sounds([(0.3, 0.5), (0.6, 0.8), (1.5, 1.52)], -50, 2.0)
    found = islands(wave, RATE, Settings())
    assert len(found) == 1
    np.testing.assert_allclose(found[0], (0.28, 0.82), atol=0.03)
    assert len(islands(wave, RATE, Settings(gap=0.05))) == 2


def test_another_number_of_islands_than_words_is_refused(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", sounds([(0.3, 0.6), (1.0, 1.4)], -40, 2.0), RATE)
    utterance = Utterance("a", "a", tmp_path / "a.wav", text="uno dos")
    assert [word.label for word in cut(utterance, Settings()).words] == ["uno", "dos"]
    with pytest.raises(InputError, match=r"2 islands of speech for 3 words \(uno dos tres\)"):
        cut(Utterance("a", "a", tmp_path / "a.wav", text="uno dos tres"), Settings())
