"""`speechdis segment` on recordings whose words are known exactly: chords that stand for digits."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.data.audio import read_audio, write_audio
from speechdis.data.directory import read_directory, write_directory
from speechdis.data.utterance import Interval, Utterance

RATE = 16000
SOUNDS = {"one": (300, 2500, 900), "two": (700, 1200, 3000), "three": (250, 2100, 450)}


def spoken(words: list[str], pause: float, rng: np.random.Generator) -> tuple[np.ndarray, list[Interval]]:
    """Each word three tones of a common length that varies; silence around and, if asked for, between."""
    pieces, spans, now = [], [], 0.0

    def silence(seconds: float) -> None:
        nonlocal now
        pieces.append(np.zeros(round(seconds * RATE)))
        now += len(pieces[-1]) / RATE

    silence(rng.uniform(0.3, 0.5))
    for word in words:
        start = now
        for frequency in SOUNDS[word]:
            n = round(rng.uniform(0.08, 0.13) * RATE)
            t = np.arange(n) / RATE
            pieces.append(0.2 * np.sin(2 * np.pi * frequency * rng.uniform(0.97, 1.03) * t))
            now += n / RATE
        spans.append(Interval(start, now, word))
        silence(pause)
    silence(rng.uniform(0.3, 0.5))
    wave = np.concatenate(pieces)
    return wave + rng.normal(0, 1e-3, len(wave)), spans


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """train, dev and test with `words`, the exact times."""
    root, rng = tmp_path_factory.mktemp("corpus"), np.random.default_rng(0)
    for split, spk in (("train", "a"), ("dev", "b"), ("test", "c")):
        utterances = []
        for number in range(24):
            words = [[*SOUNDS][number % 3]] if number < 12 else list(rng.choice([*SOUNDS], 4))
            wave, spans = spoken(words, 0.3 if number % 2 else 0.0, rng)
            file = root / "wav" / f"{spk}-{number:02d}.wav"
            write_audio(file, wave, RATE)
            spoken_words = " ".join(words)
            utterances.append(
                Utterance(file.stem, spk, file, gender="f", text=spoken_words, words=tuple(spans))
            )
        write_directory(root / "data" / split, utterances)
    return root / "data"


def run(data: Path, out: Path, *more: str) -> int:
    return main(["segment", "--data", str(data), "--out", str(out), "--jobs", "1", *more])


def test_alignment_finds_the_words(corpus: Path, tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    assert run(corpus, tmp_path / "cut", "--method", "align", "--json", str(counts)) == 0
    errors = []
    for split in ("train", "dev", "test"):
        whole = {u.utt: u for u in read_directory(corpus / split)}
        pieces = read_directory(tmp_path / "cut" / split)
        assert len(pieces) == sum(len(u.words) for u in whole.values()) == 60
        for piece in pieces:
            source = whole[piece.utt[:-3]]
            word = source.words[int(piece.utt[-2:]) - 1]
            assert (piece.text, piece.spk, piece.gender) == (word.label, source.spk, "f")
            assert piece.path == source.path and piece.end is not None
            errors += [piece.start - word.start, piece.end - word.end]
            read_audio(piece.path, start=piece.start, end=piece.end)
        confidence = [
            line.split() for line in (tmp_path / "cut" / split / "confidence").read_text().splitlines()
        ]
        assert [utt for utt, _ in confidence] == [piece.utt for piece in pieces]
        assert all(float(value) > 0 for _, value in confidence)
    assert np.median(np.abs(errors)) < 0.02 and np.mean(np.abs(errors) < 0.05) > 0.95
    made = json.loads(counts.read_text())
    assert made["test"]["digits"] == 60 and made["test"]["skipped"] == made["test"]["dropped"] == 0
    table = subprocess.run(
        [sys.executable, "tools/cut_accuracy.py", "--cuts", tmp_path / "cut", "--truth", corpus / "test" / "words"],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert table.returncode != 0  # the truth of test alone is not that of train
    truth = tmp_path / "words"
    truth.write_text("".join((corpus / split / "words").read_text() for split in ("train", "dev", "test")))
    table = subprocess.run(
        [sys.executable, "tools/cut_accuracy.py", "--cuts", tmp_path / "cut", "--truth", truth],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert "| test | 60 | 0 | 0 |" in table.stdout


def test_a_wrong_transcript_is_named(corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    utterances = {u.utt: u for u in read_directory(corpus / "test")}
    text = corpus.parent / "wrong" / "text"
    wrong = utterances["c-20"].text.split()
    wrong[1] = next(word for word in SOUNDS if word != wrong[1])
    lines = [f"{u} {' '.join(wrong) if u == 'c-20' else utterances[u].text}\n" for u in utterances]
    lines = [line if not line.startswith("c-21") else "c-21 one four two\n" for line in lines]
    write_directory(text.parent, utterances.values())
    text.write_text("".join(lines))
    both = tmp_path / "both"
    both.mkdir()
    (both / "train").symlink_to(corpus / "train")
    (both / "test").symlink_to(text.parent)
    with caplog.at_level(logging.INFO):
        assert run(both, tmp_path / "cut", "--method", "align") == 0
    assert "skipped c-20: transcript and audio disagree" in caplog.text
    assert "skipped c-21: no model of 'four'; there are: one, three, two" in caplog.text
    assert caplog.messages[-1].endswith("0 dropped for low confidence, 2 recordings skipped")
    assert run(both, tmp_path / "strict", "--method", "align", "--strict") == 2
    assert not (tmp_path / "strict").exists()
    assert run(both, tmp_path / "picky", "--method", "align", "--confidence", "1e9") == 2


def test_islands_split_what_has_pauses(
    corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert run(corpus / "test", tmp_path / "cut", "--method", "islands") == 0
    # of 24, 6 are strings without pauses
    assert sum("1 islands of speech for 4 words" in message for message in caplog.messages) == 6
    whole = {u.utt: u for u in read_directory(corpus / "test")}
    pieces = read_directory(tmp_path / "cut")
    assert len(pieces) == 12 + 6 * 4
    for piece in pieces:
        word = whole[piece.utt[:-3]].words[int(piece.utt[-2:]) - 1]
        assert piece.text == word.label
        assert abs(piece.start - word.start) < 0.05 and abs((piece.end or 0) - word.end) < 0.05
    assert run(corpus / "test", tmp_path / "strict", "--method", "islands", "--strict") == 2


def test_the_same_bytes_again(corpus: Path, tmp_path: Path) -> None:
    for out in ("one", "two", "two"):
        assert run(corpus, tmp_path / out, "--method", "align") == 0
    for file in (tmp_path / "one").rglob("*"):
        if file.is_file():
            assert file.read_bytes() == (tmp_path / "two" / file.relative_to(tmp_path / "one")).read_bytes()


def test_bad_input(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strings = [u for u in read_directory(corpus / "train") if " " in u.text]
    write_directory(tmp_path / "strings", strings)
    assert run(tmp_path / "strings", tmp_path / "out", "--method", "align") == 2
    assert "no isolated recording of 'one'" in capsys.readouterr().err
    assert run(tmp_path, tmp_path / "out", "--method", "islands") == 0  # a folder of one directory
    assert run(tmp_path / "none", tmp_path / "out2", "--method", "islands") == 2
    assert "no wav.scp" in capsys.readouterr().err
