"""Generated speech: voices are as set, labels fit the sound, and a seed fixes every byte."""

import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from speechdis.corpora import timit
from speechdis.corpora.espeak import Voice, speak
from speechdis.corpora.generated import timit as generated
from speechdis.corpora.sentences import SLOTS, sentences, words
from speechdis.corpora.takes import Take, say
from speechdis.corpora.voices import Speaker, draw_speaker, vary
from speechdis.errors import InputError

pytest.importorskip("espeakng_loader", reason="needs the extra [generate]")
PLAIN = (1.0,) * 6
VOICE = Voice(100.0, 1.4, 165, PLAIN, PLAIN, PLAIN)
TEXT = "She had your dark suit in greasy wash water all year."


def decibels(wave: np.ndarray) -> float:
    return 10 * np.log10(np.mean(wave**2) + 1e-12)


def fundamental(wave: np.ndarray) -> float:
    """Median F0 in Hz."""
    import pyworld

    f0, _ = pyworld.dio(wave.astype(np.float64), timit.RATE)
    return float(np.median(f0[f0 > 0]))


def centroid(wave: np.ndarray) -> float:
    """Centre of gravity of the long-term amplitude spectrum, Hz."""
    spectrum = np.abs(np.fft.rfft(wave))
    return float((np.fft.rfftfreq(len(wave), 1 / timit.RATE) * spectrum).sum() / spectrum.sum())


@pytest.fixture(scope="module")
def take() -> Take:
    return say(TEXT, draw_speaker("mabc0", "m", np.random.default_rng(0)), np.random.default_rng(0))


def test_a_sentence_does_not_depend_on_what_was_said_before() -> None:
    other = replace(VOICE, pitch=180.0, breath=2)
    first = speak(TEXT, VOICE)
    for text in ("Why?", "Seven measured coins.", TEXT):
        speak(text, other)
    again = speak(TEXT, VOICE)
    np.testing.assert_array_equal(first.samples, again.samples)
    assert (first.phones, first.words) == (again.phones, again.words)


def test_pitch_rate_and_formants_are_as_set() -> None:
    def heard(**change: object) -> np.ndarray:
        voice = replace(VOICE, **change)  # type: ignore[arg-type]
        return say(TEXT, Speaker("mabc0", "m", 1.0, voice), np.random.default_rng(1)).wave

    low, high = fundamental(heard(pitch=80.0)), fundamental(heard(pitch=160.0))
    assert high / low == pytest.approx(2, rel=0.05)
    slow, fast = len(heard(rate=130)), len(heard(rate=195))
    assert slow / fast == pytest.approx(1.5, rel=0.15)
    shifts = [centroid(heard(formants=(scale,) * 6)) for scale in (0.85, 1.0, 1.15)]
    assert shifts[0] * 1.05 < shifts[1] < shifts[2] / 1.05


def test_the_speakers_of_a_corpus_are_clearly_different() -> None:
    """No two of 60 are as near as two sentences of one speaker are, in pitch, rate and formants together."""
    rng = np.random.default_rng(0)
    speakers = [draw_speaker(f"{g}aaa0", g, rng) for g in "mf" * 30]

    def factors(voice: Voice) -> np.ndarray:
        return np.log([voice.pitch, voice.rate, *voice.formants])

    voices = np.array([factors(s.voice) for s in speakers])
    within = np.array([factors(vary(s.voice, rng)) - factors(s.voice) for s in speakers for _ in range(20)])
    distance = np.linalg.norm((voices[:, None] - voices) / within.std(axis=0), axis=-1)
    nearest = np.sort(distance, axis=1)[:, 1]
    assert nearest.min() > 2 and np.median(nearest) > 3.5


def test_labels_tile_the_take_and_silences_are_quiet(take: Take) -> None:
    assert take.phones[0].start == 0 and take.phones[-1].end == len(take.wave)
    assert all(a.end == b.start and a.start < a.end for a, b in pairwise(take.phones))
    assert [w.label for w in take.words] == words(TEXT)
    assert all(a.end == b.start for a, b in pairwise(take.words))
    assert (take.words[0].start, take.words[-1].end) == (take.phones[1].start, take.phones[-2].end)
    for start, end, label in take.phones:
        inside = decibels(take.wave[start + 16 : end - 16])  # a resampler's filter rings for a millisecond
        assert inside > -120  # no digital silence
        if label in {"h#", "pau", "pcl", "tcl", "kcl"}:
            assert inside < -65, label
        if label in {"iy", "ae", "aa", "ao", "uw", "ih", "er", "axr"}:
            assert inside > -40, label


def test_boundaries_of_silences_are_where_the_energy_changes(take: Take) -> None:
    for before, after in pairwise(take.phones):
        if before.label.endswith("cl") and after.label in "ptk":
            edge = after.start
            assert decibels(take.wave[edge : edge + 160]) > decibels(take.wave[edge - 160 : edge - 16]) + 10


def test_every_word_of_the_grammar_has_phones_of_timit() -> None:
    rng = np.random.default_rng(0)
    speaker = Speaker("mabc0", "m", 1.0, VOICE)
    labels: set[str] = set()
    for phrases in SLOTS.values():
        for phrase in phrases:
            labels |= {phone.label for phone in say(f"{phrase}.", speaker, rng).phones}
    assert len(set(timit.fold(labels))) == 39


def test_sentences_differ_and_are_seeded() -> None:
    drawn = [sentences(500, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert len(set(drawn[0])) == 500
    assert drawn[0] == drawn[1] and not set(drawn[0]) & set(drawn[2])


def digest(root: Path) -> dict[str, str]:
    files = sorted(file for file in root.rglob("*") if file.is_file())
    return {str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_jobs(tmp_path: Path) -> None:
    for name, seed, jobs in (("a", 3, 1), ("b", 3, 2), ("c", 4, 1)):
        done = list(generated.generate(tmp_path / name, speakers=6, seed=seed, sentences=1, jobs=jobs))
        assert len(done) == 6
    a, b, c = (digest(tmp_path / name) for name in "abc")
    assert a == b
    assert len(a) == 6 * 3 * 4 + 1
    assert not {v for k, v in a.items() if k.endswith(".WAV")} & set(c.values())


def test_speakers_bear_ids_of_the_lists_and_share_only_the_sa_sentences(tmp_path: Path) -> None:
    list(generated.generate(tmp_path, speakers=12, seed=0, sentences=2))
    splits = timit.prepare(tmp_path, sa=True)
    spks = {name: {u.spk for u in utterances} for name, utterances in splits.items()}
    assert {name: len(found) for name, found in spks.items()} == {"train": 7, "dev": 2, "test": 3}
    texts = [u.text for utterances in splits.values() for u in utterances if "_sa" not in u.utt]
    assert len(set(texts)) == len(texts) == 12 * 2
    rows = (tmp_path / "DOC" / "SPEAKERS.TSV").read_text().splitlines()
    assert {row.split("\t")[0].split("/")[-1].lower() for row in rows[1:]} == set().union(*spks.values())


def test_too_few_speakers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="6 to 630"):
        list(generated.generate(tmp_path, speakers=5, seed=0))
