"""Data directories: what is written is read back; every broken line is named by file and number."""

import string
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechdis.data import noted
from speechdis.data.audio import write_audio
from speechdis.data.directory import read_directory, validate, write_directory
from speechdis.data.utterance import Interval, Utterance
from speechdis.errors import InputError

ids = st.text(string.ascii_letters + string.digits + "_-.#é中", min_size=1, max_size=8)
labels = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="\0"), min_size=1, max_size=5
)
texts = st.lists(labels, max_size=4).map(" ".join)
times = st.integers(0, 10**9).map(lambda microseconds: microseconds / 1e6)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[Interval, ...]:
    edges = sorted(draw(st.lists(times, min_size=2, max_size=5, unique=True)))
    return tuple(Interval(a, b, draw(labels)) for a, b in pairwise(edges))


@st.composite
def directories(draw: st.DrawFn) -> list[Utterance]:
    genders = {
        spk: draw(st.sampled_from(["m", "f", ""])) for spk in draw(st.sets(ids, min_size=1, max_size=3))
    }
    utterances = []
    for utt in draw(st.sets(ids, min_size=1, max_size=5)):
        spk = draw(st.sampled_from(sorted(genders)))
        start = draw(times)
        utterances.append(
            Utterance(
                utt,
                spk,
                Path("/recordings of speech") / f"{draw(ids)}.wav",
                start=start,
                end=draw(st.none() | st.floats(start + 1, start + 9).map(lambda t: round(t, 6))),
                gender=genders[spk],
                text=draw(texts),
                text_phone=draw(texts),
                channel=draw(st.sampled_from([None, 1, 2])),
                session=draw(st.just("") | ids),
                phones=draw(st.just(()) | intervals()),
                words=draw(st.just(()) | intervals()),
            )
        )
    return utterances


@settings(max_examples=60)
@given(utterances=directories())
def test_what_is_written_is_read_back_sorted(
    tmp_path_factory: pytest.TempPathFactory, utterances: list
) -> None:
    path = tmp_path_factory.mktemp("data") / "new"
    write_directory(path, utterances)
    assert read_directory(path) == sorted(utterances, key=lambda u: u.utt)
    for name in ("wav.scp", "utt2spk", "spk2utt"):
        keys = [line.split()[0].encode() for line in (path / name).read_text("utf-8").splitlines()]
        assert keys == sorted(keys)


def write(path: Path, **tables: str) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in {"wav_scp": "b b.wav\na a.wav\n", "utt2spk": "a s\nb s\n", **tables}.items():
        (path / name.replace("_scp", ".scp")).write_text(text)
    return path


def test_unsorted_and_blank_lines_are_read_and_paths_are_relative_to_the_directory(tmp_path: Path) -> None:
    first, second = read_directory(
        write(tmp_path / "d", wav_scp="b\t b.wav \n\na ../x/a.wav", text="a  one   TWO \n")
    )
    assert (first.utt, first.path.resolve(), first.text) == (
        "a",
        (tmp_path / "x" / "a.wav").resolve(),
        "one   TWO",
    )
    assert (second.utt, second.path) == ("b", tmp_path / "d" / "b.wav")


def test_segments_name_parts_of_recordings(tmp_path: Path) -> None:
    segments = "u1 a 0.5 1.25\nu2 a 2 -1\n"
    one, two = read_directory(write(tmp_path / "d", segments=segments, utt2spk="u1 s\nu2 t\n"))
    assert (one.path.name, one.start, one.end) == ("a.wav", 0.5, 1.25)
    assert (two.path.name, two.start, two.end) == ("a.wav", 2.0, None)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"wav_scp": "a a.wav\na b.wav\n"}, ["wav.scp:2", "'a'", "second time"]),
        ({"wav_scp": "a sph2pipe -t 0:1 x |\nb b.wav\n"}, ["wav.scp:1", "command", "only these are read"]),
        ({"wav_scp": "a | tee x\nb b.wav\n"}, ["wav.scp:1", "command"]),
        ({"wav_scp": "a\nb b.wav\n"}, ["wav.scp:1", "no file"]),
        ({"utt2spk": "a s\n"}, ["utt2spk", "'b'", "add a line"]),
        ({"utt2spk": "a s\nb s\nc s\n"}, ["utt2spk:3", "'c'", "remove"]),
        ({"utt2spk": "a s\nb s t\n"}, ["utt2spk:2", "3 field"]),
        ({"utt2spk": "a s\nb\n"}, ["utt2spk:2", "1 field"]),
        ({"segments": "a a 0 1\nb nowhere 0 1\n"}, ["segments:2", "'nowhere'", "wav.scp"]),
        ({"segments": "a a 0 1\nb b 2 2\n"}, ["segments:2", "start < end"]),
        ({"segments": "a a 0 1\nb b nan 2\n"}, ["segments:2", "start < end"]),
        ({"segments": "a a 0 1\nb b -1 2\n"}, ["segments:2", "start < end"]),
        ({"segments": "a a 0 1\nb b zero 2\n"}, ["segments:2", "zero"]),
        ({"segments": "a a 0 1\nb b 0\n"}, ["segments:2", "3 field"]),
        ({"text": "a yes\nc no\n"}, ["text:2", "'c'"]),
        ({"spk2gender": "s x\n"}, ["spk2gender:1", "m nor f"]),
        ({"phones": "a 0 1 aa\na 1 0.5 b\n"}, ["phones:2", "start <= end"]),
        ({"phones": "a 0 1\n"}, ["phones:1", "utt start end label"]),
        ({"words": "c 0 1 word\n"}, ["words:1", "'c'"]),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, tables: dict[str, str], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_directory(write(tmp_path / "d", **tables))
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_a_directory_without_wav_scp_and_one_that_is_not_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"wav\.scp: not found"):
        read_directory(tmp_path)
    write(tmp_path / "d")
    (tmp_path / "d" / "text").write_bytes(b"a \xff\xfe\n")
    with pytest.raises(InputError, match="text: not UTF-8"):
        read_directory(tmp_path / "d")


def test_audio_inside_survives_a_rewrite_and_a_move(tmp_path: Path) -> None:
    inside = tmp_path / "d" / "wav" / "a.wav"
    inside.parent.mkdir(parents=True)
    write_audio(inside, np.sin(np.arange(8000)), 16000)
    a = Utterance("a", "s", inside, text="old")
    write_directory(tmp_path / "d", [a])
    write_directory(tmp_path / "d", [replace(a, text="")])
    assert (tmp_path / "d" / "wav.scp").read_text() == f"a {inside}\n"  # Kaldi reads it from anywhere
    assert not (tmp_path / "d" / "text").exists()  # nothing of the earlier directory is left
    (tmp_path / "d").rename(tmp_path / "moved")
    summary = validate(tmp_path / "moved", audio=True)
    assert (summary.utterances, summary.speakers, round(summary.hours * 3600, 6)) == (1, 1, 0.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"utt": "b c"}, "blank"),
        ({"spk": ""}, "empty"),
        ({"path": Path("/a.wav |")}, "cannot stand in wav.scp"),
        ({"path": Path("/a\nb.wav")}, "cannot stand in wav.scp"),
        ({"path": Path("/a\udcff.wav")}, "cannot stand in wav.scp"),  # a byte that is no UTF-8
        ({"gender": "f"}, "both m and f"),
        ({"utt": "a"}, r"'a' stands 2 times, of .* and .*; rename"),
        ({"words": (Interval(0, 1, "two words"),)}, "blank"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, change: dict, message: str) -> None:
    first = Utterance("a", "s", Path("/a.wav"), gender="m")
    with pytest.raises(InputError, match=message):
        write_directory(tmp_path / "d", [first, replace(replace(first, utt="b"), **change)])
    assert not (tmp_path / "d").exists()


def test_validate_names_the_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.wav: no such audio file"):
        validate(write(tmp_path / "d"))


def test_relative_paths_are_sought_in_the_directory_then_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_audio(tmp_path / "wavs" / "a.wav", np.sin(np.arange(8000)), 16000)
    data = tmp_path / "data"
    data.mkdir()
    (data / "wav.scp").write_text("a wavs/a.wav\n")
    (data / "utt2spk").write_bytes(b"\xef\xbb\xbfa s\r\n")
    monkeypatch.chdir(tmp_path)
    assert [u.path for u in read_directory(data)] == [tmp_path / "wavs" / "a.wav"]
    monkeypatch.chdir("/")
    assert [u.path for u in read_directory(data)] == [data / "wavs" / "a.wav"]
    assert f"sought in {data}, then in /" in caplog.text


@pytest.mark.parametrize("times", ["nan 1", "-1 2", "inf -1", "0 inf", "2 1"])
def test_times_no_recording_has(tmp_path: Path, times: str) -> None:
    write(tmp_path, segments=f"a a {times}\n")
    with pytest.raises(InputError, match="segments:1: "):
        read_directory(tmp_path)


@pytest.mark.parametrize(
    ("word", "gender"), [("m", "m"), ("M", "m"), ("male", "m"), ("Female", "f"), ("F", "f")]
)
def test_genders_in_words(tmp_path: Path, word: str, gender: str) -> None:
    (tmp_path / "wav.scp").write_text("a a.wav\n")
    (tmp_path / "utt2spk").write_text("a s\n")
    (tmp_path / "spk2gender").write_text(f"s {word}\n")
    assert [u.gender for u in read_directory(tmp_path)] == [gender]


def labelled(path: Path, utt2spk: dict[str, str]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "wav.scp").write_text("".join(f"{utt} {utt}.wav\n" for utt in utt2spk))
    (path / "utt2spk").write_text("".join(f"{utt} {spk}\n" for utt, spk in utt2spk.items()))
    return path


@pytest.fixture
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noted, "_noted", set())


@pytest.mark.usefixtures("nothing_said")
@pytest.mark.parametrize("gap", "-_")
def test_chapters_in_place_of_speakers_are_said_once(
    tmp_path: Path, gap: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As in Kaldi's directories of LibriSpeech; not where a speaker has one label."""
    one = {f"{s}{gap}{c}{gap}{n:04d}": f"{s}{gap}{c}" for s, c in ((7, 13), (8, 14)) for n in range(3)}
    read_directory(labelled(tmp_path / "one", one))
    assert "like chapters" not in caplog.text
    several = one | {f"7{gap}15{gap}{n:04d}": f"7{gap}15" for n in range(3)}
    for _ in range(2):
        read_directory(labelled(tmp_path / "several", several))
    (line,) = (message for message in caplog.messages if "like chapters" in message)
    assert f"{tmp_path / 'several'}: " in line and f"7{gap}13 and 7{gap}15 of 7:" in line


@pytest.mark.usefixtures("nothing_said")
def test_other_labels_of_two_parts_are_no_chapters(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for k, utt2spk in enumerate(
        (
            {f"dr{d}-{spk}-{n}": f"dr{d}-{spk}" for d, spk in ((1, "faks0"), (1, "fcjf0")) for n in (1, 2)},
            {f"{spk}_{n:03d}": spk for spk in ("spk_1", "spk_2", "F_01", "F_02") for n in (1, 2)},
            {f"{spk}-{d}-{n}": spk for spk in ("george", "jackson") for d in (0, 1) for n in (0, 1)},  # FSDD
            {f"{spk}{n:04d}": spk for spk in ("0003", "0004") for n in (1, 2)},  # speechocean762
            {f"p225-p225_{n:03d}_mic1": "p225" for n in (1, 2)},
        )
    ):
        read_directory(labelled(tmp_path / str(k), utt2spk))
    assert "like chapters" not in caplog.text


@pytest.mark.usefixtures("nothing_said")
def test_our_own_corpora_have_speakers(shared: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = shared / "speechocean762"
    for split in ("train", "test"):
        assert read_directory(root / split, also=root)
    assert "like chapters" not in caplog.text
