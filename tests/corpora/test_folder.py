"""Own recordings: folders, patterns and tables become data directories; every bad input is one line."""

import logging
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechdis.cli import main
from speechdis.data.directory import read_directory
from speechdis.data.utterance import Utterance

PARTS = ("train", "dev", "test")


def speak(file: Path, seconds: float = 0.3, rate: int = 16000, **options: str) -> Path:
    """A recording of noise."""
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).normal(scale=0.1, size=int(seconds * rate))
    soundfile.write(file, noise, rate, **options)
    return file


def prepare(root: Path, out: Path, *options: str, code: int = 0) -> dict[str, list[Utterance]]:
    assert main(["prepare", "folder", "--root", str(root), "--out", str(out), *options]) == code
    return {part: read_directory(out / part) for part in PARTS} if code == 0 else {}


def speakers(splits: dict[str, list[Utterance]]) -> list[set[str]]:
    return [{u.spk for u in splits[part]} for part in PARTS]


def refused(capsys: pytest.CaptureFixture[str], root: Path, out: Path, *options: str) -> str:
    """The one line of a refusal that has written nothing."""
    prepare(root, out, *options, code=2)
    error = capsys.readouterr().err
    line = error.splitlines()[-1]
    assert "Traceback" not in error and line.startswith("speechdis")
    assert not out.exists()
    return line


@pytest.mark.parametrize(
    ("count", "sizes"), [(3, (1, 1, 1)), (4, (1, 1, 2)), (5, (2, 1, 2)), (10, (7, 1, 2)), (40, (32, 4, 4))]
)
def test_a_folder_a_speaker_splits_by_speakers(tmp_path: Path, count: int, sizes: tuple[int, ...]) -> None:
    for n in range(count):
        speak(tmp_path / "in" / f"s{n}" / "day one" / "a.wav", 0.05)
        speak(tmp_path / "in" / f"s{n}" / "day two" / "a.wav", 0.05)
    splits = prepare(tmp_path / "in", tmp_path / "out")
    sets = speakers(splits)
    assert tuple(map(len, sets)) == sizes
    assert set.union(*sets) == {f"s{n}" for n in range(count)}
    assert all(len(splits[part]) == 2 * size for part, size in zip(PARTS, sizes, strict=True))
    assert {u.utt for u in splits["dev"]} >= {f"{min(sets[1])}-day_one-a", f"{min(sets[1])}-day_two-a"}
    assert prepare(tmp_path / "in", tmp_path / "again") == splits
    if count > 5:
        assert speakers(prepare(tmp_path / "in", tmp_path / "other", "--seed", "1")) != sets


def test_two_speakers_share_train_and_dev(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for n in range(20):
        speak(tmp_path / "in" / "ann" / f"{n}.wav", 0.05)
    speak(tmp_path / "in" / "bob" / "0.wav", 0.05)
    splits = prepare(tmp_path / "in", tmp_path / "out")
    assert speakers(splits) == [{"ann"}, {"ann"}, {"bob"}]
    assert [len(splits[part]) for part in PARTS] == [18, 2, 1]
    assert "dev is a tenth of 'ann'" in caplog.text


def test_vctk_as_it_is_published(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = tmp_path / "VCTK-Corpus-0.92"
    for spk in ("p225", "p226", "p227", "s5"):
        for mic in (1, 2):
            if (spk, mic) != ("s5", 1):  # not every recording has both
                speak(root / "wav48_silence_trimmed" / spk / f"{spk}_001_mic{mic}.flac", rate=48000)
        (root / "txt" / spk).mkdir(parents=True)
        (root / "txt" / spk / f"{spk}_001.txt").write_text("Please call Stella.\n")
    (root / "wav48_silence_trimmed" / "log.txt").write_text("a\nb\n")
    with caplog.at_level(logging.INFO):
        splits = prepare(root, tmp_path / "out")
    assert set.union(*speakers(splits)) == {"p225", "p226", "p227", "s5"}
    utts = {u.utt for part in splits.values() for u in part}
    assert utts == {f"{spk}-{spk}_001_mic{1 + (spk == 's5')}" for spk in ("p225", "p226", "p227", "s5")}
    assert (
        "3 recordings are another microphone's of the same speech, such as p225_001_mic2.flac" in caplog.text
    )
    assert "0 hidden, 5 others (5 .txt)" in caplog.text


def test_fsdd_by_a_pattern_and_features_of_it(shared: Path, tmp_path: Path) -> None:
    root = shared / "fsdd" / "recordings"
    splits = prepare(root, tmp_path / "data", "--speaker-from", "{digit}_{speaker}_{take}")
    files = list(root.glob("*.wav"))
    sets = speakers(splits)
    assert set.union(*sets) == {file.stem.split("_")[1] for file in files}
    assert sum(map(len, sets)) == 6
    assert {u.path for part in splits.values() for u in part} == {file.absolute() for file in files}
    arguments = ["--data", str(tmp_path / "data" / "dev"), "--out", str(tmp_path / "feats")]
    assert main(["features", *arguments, "--feature-type", "fbank", "--jobs", "1"]) == 0


def test_a_flat_folder_of_many_kinds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = tmp_path / "flat"
    speak(root / "ann_1.wav", rate=8000)
    (root / "ann_1.txt").write_text("good  morning\n")
    speak(root / "ann_1.flac", rate=44100)
    speak(root / "bob_1.ogg")
    speak(root / "cleo_1.MP3", format="MP3")
    speak(root / "dan_1.opus", format="OGG", subtype="OPUS")
    (root / "bob_1.lab").write_text("two\nlines\n")
    (root / "cleo_1.lab").write_bytes(b"\xff\xfe\x00")
    (root / "._ann_1.wav").write_bytes(b"x")
    (root / ".DS_Store").write_bytes(b"x")
    (root / "cover.jpg").write_bytes(b"x")
    speak(root / "noise.wav")
    with caplog.at_level(logging.INFO):
        splits = prepare(root, tmp_path / "out", "--speaker-from", "{speaker}_{rest}")
    found = {u.utt: u.text for part in splits.values() for u in part}
    assert found == {
        "ann-ann_1": "good morning",
        "ann-ann_1-2": "good morning",
        "bob-bob_1": "",
        "cleo-cleo_1": "",
        "dan-dan_1": "",
    }
    assert "2 hidden, 3 others (2 .lab, 1 .jpg)" in caplog.text
    assert "noise.wav: its name does not match" in caplog.text
    prepare(root, tmp_path / "strict", "--speaker-from", "{speaker}_{rest}", "--strict", code=2)
    assert not (tmp_path / "strict").exists()


def test_odd_names_become_ids_that_sort_by_speaker(tmp_path: Path) -> None:
    for name in ("-ann", "a b", "a_b", "Zoë", "a", "a-b", "王"):
        speak(tmp_path / "in" / name / "-my take é.wav", 0.05)
        speak(tmp_path / "in" / name / "-my_take é.wav", 0.05)
    splits = prepare(tmp_path / "in", tmp_path / "out")
    utterances = sorted((u for part in splits.values() for u in part), key=lambda u: u.utt.encode())
    assert len(utterances) == 14 and len({u.spk for u in utterances}) == 7
    assert all(u.utt.startswith(f"{u.spk}-") and not set(" /") & set(u.utt) for u in utterances)
    assert [u.spk for u in utterances] == sorted((u.spk for u in utterances), key=str.encode)
    assert all(Path(u.path).parent.parent == tmp_path / "in" for u in utterances)


@pytest.mark.parametrize("gap", ["\t", ","])
def test_a_table_says_speaker_text_and_split(
    tmp_path: Path, gap: str, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("x/1", "x/2", "y/3", "y/4"):
        speak(tmp_path / "in" / f"{name}.wav", 0.05)
    rows = [
        ("Speaker", "path", "split", "text", "age"),
        ("ann b", "x/1.wav", "train", "hello there", "3"),
        ("bob", "x/2.wav", "dev", "", ""),
        ("cleo", str(tmp_path / "in/y/3.wav"), "test", "", ""),
        ("ann b", "y/4.wav", "test", "", ""),
        ("dan", "y/5.wav", "test", "", ""),
    ]
    table = tmp_path / "table.txt"
    table.write_text("\ufeff" + "\r\n".join(map(gap.join, rows)) + "\r\n\r\n")
    splits = prepare(tmp_path / "in", tmp_path / "out", "--table", str(table))
    assert speakers(splits) == [{"ann_b"}, {"bob"}, {"cleo", "ann_b"}]
    assert splits["train"][0].utt == "ann_b-x-1" and splits["train"][0].text == "hello there"
    assert f"{table}:6: 'y/5.wav' is neither" in caplog.text
    assert "1 speaker(s) of train also in dev or test" in caplog.text
    prepare(tmp_path / "in", tmp_path / "strict", "--table", str(table), "--strict", code=2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file\tspeaker\na.wav\tann\n", "it names file, speaker"),
        ("", "it names nothing"),
        ("path\tspeaker\na.wav\tann\n./a.wav\tbob\n", ":3: './a.wav' stands here a second time"),
        ("path,speaker\na.wav\n", ":2: 1 fields"),
        ("path,speaker\na.wav,\n", ":2: no speaker"),
        ("path,speaker,split\na.wav,ann,eval\n", "split 'eval'; write one of train, dev, test"),
        ("path,speaker,split\na.wav,ann,train\n", "no recording with split 'dev'"),
        ("path,speaker\nno.wav,ann\n", "none of its 0 recordings"),
        ('path,speaker\n"a.wav,ann\n', "not a table"),
        ("path,speaker\na\0.wav,ann\n", "no file name"),
    ],
)
def test_a_bad_table_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    speak(tmp_path / "in" / "a.wav", 0.05)
    table = tmp_path / "table"
    table.write_text(text)
    assert says in refused(capsys, tmp_path / "in", tmp_path / "out", "--table", str(table))


def test_folders_that_cannot_be_used_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    root.mkdir()
    (root / "notes.txt").write_text("x")
    assert "no recording in it (files: 0 hidden, 1 others (1 .txt))" in refused(capsys, root, out)
    assert "a file, where a folder" in refused(capsys, root / "notes.txt", out)
    speak(root / "ann1.wav", 0.05)
    assert "lie in no speaker's folder" in refused(capsys, root, out)
    line = refused(capsys, root, out, "--speaker-from", "{speaker}_{rest}")
    assert "'{speaker}_{rest}'" in line and "'ann1'" in line
    for bad in ("", "ann", "{speaker}{speaker}", "{speaker", "{a}/{speaker}"):
        assert "write {speaker} once" in refused(capsys, root, out, "--speaker-from", bad)
    assert "pass one" in refused(capsys, root, out, "--speaker-from", "{speaker}", "--table", "x")
    assert "no such file" in refused(capsys, root, out, "--table", str(root / "none.tsv"))
    (root / "ann1.wav").unlink()
    speak(root / "ann" / "1.wav", 0.05)
    assert "one speaker only, 'ann'" in refused(capsys, root, out)
    speak(root / "bob" / "1.wav", 0.05)
    assert "two speakers with one recording each" in refused(capsys, root, out)


def test_unreadable_files_are_named_up_to_a_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    root, out = tmp_path / "in", tmp_path / "out"
    for n in range(30):
        (root / "ann").mkdir(parents=True, exist_ok=True)
        (root / "ann" / f"{n}.wav").write_text("no sound, a text\n")
    assert "none of its 30 recordings can be read" in refused(capsys, root, out)
    for spk in "bcd":
        speak(root / spk / "1.wav", 0.05)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        assert "ann" not in set.union(*speakers(prepare(root, out)))
    assert sum(m.startswith("skipped: ") and "0.wav" in m for m in caplog.messages) > 0
    assert sum(m.startswith("skipped: ") for m in caplog.messages) == 21
    assert "skipped: 10 more" in caplog.text and caplog.messages[-1].endswith("30 skipped")


def test_sound_is_read_out_of_videos_and_one_without_is_skipped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    av = pytest.importorskip("av", reason="needs the extra [formats]")
    root = tmp_path / "in"
    for spk in "abc":
        speak(root / spk / "1.wav", 0.05)
    with av.open(str(root / "a" / "talk.m4a"), "w") as file:
        stream = file.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        frame.rate = 16000
        file.mux([*stream.encode(frame), *stream.encode(None)])
    with av.open(str(root / "b" / "silent.mp4"), "w") as file:
        video = file.add_stream("mpeg4", rate=5)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        file.mux([*video.encode(picture), *video.encode(None)])
    splits = prepare(root, tmp_path / "out")
    names = {u.path.name for part in splits.values() for u in part}
    assert names == {"1.wav", "talk.m4a"}
    assert "silent.mp4" in caplog.text


def test_loops_links_and_closed_folders_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = tmp_path / "in"
    for spk in "abcd":
        speak(root / spk / "1.wav", 0.05)
    (root / "a" / "loop").symlink_to("..")
    (root / "b" / "2.wav").symlink_to("nowhere.wav")
    (root / "c" / "3.wav").mkdir()
    (root / "e").mkdir(mode=0)
    splits = prepare(root, tmp_path / "out")
    assert sum(map(len, splits.values())) == 4
    assert "2.wav: no such audio file" in caplog.text
    if not os.access(root / "e", os.R_OK):
        assert f"{root / 'e'}: cannot be read" in caplog.text
