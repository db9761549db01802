"""Outside judges: edits against brute force, and the packages themselves on a wave that anybody can make."""

import functools
import importlib.util
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.evaluation.outside.listening import Voice, voices
from speechdis.judges.outside import INSTALL, RATE, package, quality, voice, words

PACKAGES = ("resemblyzer", "hama", "speechmos", "pocketsphinx")
missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
with_judges = pytest.mark.skipif(bool(missing), reason=f"no {', '.join(missing)}: {INSTALL}")


def by_recursion(a: str, b: str) -> int:
    @functools.cache
    def edits(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        same = edits(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        return min(same, edits(i - 1, j) + 1, edits(i, j - 1) + 1)

    return edits(len(a), len(b))


def test_edits_are_those_of_the_recursion_that_defines_them() -> None:
    short = ["".join(letters) for size in range(4) for letters in itertools.product("ab", repeat=size)]
    for a, b in itertools.product(short, repeat=2):
        assert words.edits(a, b) == by_recursion(a, b)
    rng = np.random.default_rng(0)
    for _ in range(30):
        a, b = ("".join(rng.choice([*"abc"], rng.integers(12))) for _ in range(2))
        assert words.edits(a, b) == by_recursion(a, b) == words.edits(b, a)


def test_a_symbol_of_several_letters_is_one() -> None:
    assert words.edits(("eɪ", "t"), ("aɪ", "t")) == 1


def test_a_missing_package_is_one_line_with_the_remedy() -> None:
    with pytest.raises(InputError, match="package no_such_judge: pip install 'speechdis"):
        package("no_such_judge")


def tone(f0: float, seconds: float = 2.3) -> np.ndarray:
    """A buzz (n,) with the formants of a vowel, in syllables; DNSMOS repeats 2.3 s to one window of its own."""
    t = np.arange(round(seconds * RATE)) / RATE
    harmonics = f0 * np.arange(1, int(4000 / f0))
    loud = sum(np.exp(-(((harmonics - formant) / 150) ** 2)) for formant in (700, 1200, 2500))
    wave = (loud[:, None] * np.sin(2 * np.pi * harmonics[:, None] * t)).sum(0) * np.sin(
        2 * np.pi * 2 * t
    ) ** 2
    return (0.3 * wave / np.abs(wave).max()).astype(np.float32)


@with_judges
def test_each_judge_says_the_same_again_whatever_it_heard_between() -> None:
    low, high = tone(100), tone(220)
    for judge in (voice.embed, words.phonemes, words.phones, quality.dnsmos):
        before = judge(low)
        judge(high)
        assert np.array_equal(before, judge(low))


@with_judges
def test_a_voice_is_a_direction_and_silence_is_refused() -> None:
    vector = voice.embed(tone(120))
    assert vector.shape == (voice.SIZE,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert voice.cosine(vector, vector) == pytest.approx(1)
    with pytest.raises(InputError, match="no speech"):
        voice.embed(np.full(RATE, 1e-4, np.float32))


@with_judges
def test_noise_lowers_the_quality() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, len(tone(120))).astype(np.float32)
    clean, noisy = quality.dnsmos(tone(120)), quality.dnsmos(np.clip(tone(120) + noise, -1, 1))
    assert 1 <= noisy.overall < clean.overall <= 5


@with_judges
def test_dnsmos_is_that_of_its_own_package() -> None:
    theirs = package("speechmos.dnsmos").run(tone(120), RATE)
    assert quality.dnsmos(tone(120)) == pytest.approx((theirs["ovrl_mos"], theirs["p808_mos"]), abs=1e-4)


@with_judges
def test_the_phonemes_of_a_text() -> None:
    assert (
        words.phonemes_of("TEN CATS") == words.phonemes_of("ten cats") == ("t", "ɛ", "n", "k", "æ", "t", "s")
    )


@with_judges
def test_of_two_channels_the_utterances_own_is_heard(tmp_path: Path) -> None:
    low, high = tone(110), tone(230)
    soundfile.write(tmp_path / "call.wav", np.stack([low, high], 1), RATE)
    whole = Utterance("a", "a", tmp_path / "call.wav")
    found = list(voices([replace(whole, channel=1), replace(whole, channel=2)]))
    for one, wave in zip(found, (low, high), strict=True):
        assert isinstance(one, Voice) and voice.cosine(one.vector, voice.embed(wave)) > 0.999
    assert voice.cosine(voice.embed(low), voice.embed(high)) < 0.99
