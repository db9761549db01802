"""Verdicts on recordings of which the truth is known, and lists of recordings."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.evaluation.outside.listening import Heard
from speechdis.evaluation.outside.manifest import read_manifest
from speechdis.evaluation.outside.table import Judged, shown, summary
from speechdis.evaluation.outside.verdict import Asked, judge, others
from speechdis.judges.judges import Enrolled
from speechdis.judges.outside.quality import Quality

# Three speakers with three recordings each; recording 0, of speaker 0, sounds like nobody.
VECTORS = np.array([[0, 0, 0, 1], *[[1, 0, 0, 0]] * 2, *[[0, 1, 0, 0]] * 3, *[[0, 0, 1, 0]] * 3], float)
ENROLLED = Enrolled(VECTORS, np.repeat([0, 1, 2], 3))


def heard(vector: list[float], phonemes: str = "abc", f0: float = 200.0) -> Heard:
    sound = np.tile([0, f0, 1.1 * f0, 1.2 * f0], 5)
    unit = np.array(vector) / np.linalg.norm(vector)
    return Heard(unit, tuple(phonemes), tuple(phonemes), Quality(3.0, 3.5), sound, 2.0)


def test_the_voice_is_the_nearest_mean_of_recordings_that_were_not_used() -> None:
    like_a = heard([1, 0, 0.2, 0])
    found = judge(like_a, Asked(0, 1, without=(0, 3)), ENROLLED)
    assert (found.speaker, found.as_a, found.as_b, found.nearer) == (0, 1, 0, 1)
    assert found.cosine_a == pytest.approx(1 / math.sqrt(1.04))
    assert judge(like_a, Asked(1, 0, without=(0, 3)), ENROLLED).as_b == 1
    with_it = judge(like_a, Asked(0, 1), ENROLLED).cosine_a
    assert with_it == pytest.approx(2 / math.sqrt(5) / math.sqrt(1.04))


def test_a_speaker_without_another_recording_is_known_by_what_was_used() -> None:
    assert list(others(ENROLLED, (0, 1, 2))) == [0, 3, 3]
    assert judge(heard([1, 0, 0, 0]), Asked(0, 1, without=(0, 1, 2)), ENROLLED).as_a == 1


def test_a_recording_without_a_voice_is_nobody() -> None:
    silent = replace(ENROLLED, vectors=np.vstack([np.zeros(4), VECTORS[1:]]))
    assert list(others(silent, ())) == [2, 3, 3]
    assert judge(heard([1, 0, 0, 0]), Asked(0, 1), silent).cosine_a == pytest.approx(1)


def test_words_and_pitch_are_those_of_the_source() -> None:
    source = heard([0, 1, 0, 0], "abcd", f0=100.0)
    asked = Asked(0, 1, (), source, tuple("abxd"), math.log(200) + np.log([1, 1.1, 1.2]).mean())
    found = judge(heard([1, 0, 0, 0], "abd"), asked, ENROLLED)
    assert (found.wrong, found.phonemes, found.wrong_second, found.phones) == (1, 4, 1, 4)
    assert (found.wrong_text, found.text) == (1, 4)
    assert found.semitones == pytest.approx(0, abs=1e-9) and found.contour == pytest.approx(1)
    longer = replace(source, seconds=3.0)
    assert judge(source, replace(asked, source=longer), ENROLLED).contour is None
    assert judge(source, asked, ENROLLED).semitones == pytest.approx(12)


def test_a_summary_weighs_phonemes_and_leaves_out_what_is_unknown() -> None:
    one = judge(heard([1, 0, 0, 0], "abc"), Asked(0, 1, (), heard([1, 0, 0, 0], "abcdefghi")), ENROLLED)
    two = judge(heard([0, 1, 0, 0], "a"), Asked(0, 1, (), heard([1, 0, 0, 0], "a")), ENROLLED)
    found = summary([Judged(one, 0, 1), Judged(two, 0, 1)])
    assert found["heard as A %"]["mean"] == 50
    assert found["phonemes wrong, of B's recording %"]["mean"] == pytest.approx(60)  # 6 of 10
    assert "phonemes wrong, of the text %" not in found
    assert "| swap | 50.0 |" in shown({"swap": found})


def folder(path: Path) -> list[Utterance]:
    for name in ("a1", "a2", "b1", "b2", "made"):
        (path / f"{name}.wav").touch()
    return [Utterance(f"{s}-{k}", s, path / f"{s}{k}.wav", text=f"TEXT {s}{k}") for s in "ab" for k in "12"]


def table(path: Path, *lines: str) -> Path:
    (path / "list.tsv").write_text("\n".join(line.replace(" ", "\t") for line in lines) + "\n")
    return path / "list.tsv"


def test_a_list_takes_speakers_and_texts_from_the_data(tmp_path: Path) -> None:
    known = folder(tmp_path)
    lines = ("path voice content", "made.wav a1.wav|a-2 b1.wav", "made.wav a b-2")
    first, second = read_manifest(table(tmp_path, *lines), known).takes
    assert (first.voice, first.lent, first.content, first.text) == ("a", (0, 1), 2, "TEXT b1")
    assert (second.voice, second.lent, second.content) == ("a", (), 3)


def test_a_list_without_data_names_its_speakers(tmp_path: Path) -> None:
    folder(tmp_path)
    lines = (
        "path voice content voice_speaker content_speaker system",
        "made.wav a1.wav b1.wav ann bob x",
        "made.wav b1.wav a2.wav bob ann y",
    )
    found = read_manifest(table(tmp_path, *lines))
    assert [(t.voice, t.system) for t in found.takes] == [("ann", "x"), ("bob", "y")]
    assert [u.spk for u in found.recordings] == ["ann", "bob", "ann"]


def test_the_list_of_a_swap_is_one(tmp_path: Path) -> None:
    folder(tmp_path)
    for lines in (("a1.wav b1.wav",), ("voice content name", "a1.wav b1.wav a1_b1.wav")):
        (take,) = read_manifest(table(tmp_path, *lines), swaps=tmp_path / "swaps").takes
        assert take.path == tmp_path / "swaps" / "a1_b1.wav"
        assert (take.voice, take.lent, take.content) == (str(tmp_path / "a1.wav"), (0,), 1)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["path voice", "made.wav a1.wav"], "there is no content"),
        (["voice content", "a1.wav b1.wav"], "needs --swaps"),
        (["path voice content", "made.wav  b1.wav"], "list.tsv:2: no voice"),
        (["path voice content", "made.wav a9.wav b1.wav"], "list.tsv:2: 'a9.wav' is no file"),
        (["path voice content", "made.wav a1.wav|b1.wav b2.wav"], "recordings of 2 speakers"),
        (["path voice content", "made.wav a b"], "'b' is a speaker"),
        (["path voice content voice_speaker", "made.wav a1.wav b1.wav c"], "of 'c', and elsewhere of 'a'"),
        (["path voice content"], "lists no recordings"),
    ],
)
def test_a_bad_list_is_one_line(tmp_path: Path, lines: list[str], fault: str) -> None:
    known = folder(tmp_path)
    with pytest.raises(InputError, match=fault):
        read_manifest(table(tmp_path, *lines), known)
