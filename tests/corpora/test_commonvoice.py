"""Common Voice: tables by their header, lone quotes, clips that are empty or not there, speakers and their clips."""

from pathlib import Path

import pytest

from speechdis.cli import main
from speechdis.corpora import commonvoice
from speechdis.data.directory import read_directory
from speechdis.errors import InputError
from tests.trees import plant, recording

COLUMNS = ("client_id", "path", "sentence_id", "sentence", "up_votes", "gender", "locale")


def client(number: int) -> str:
    """128 signs, as published."""
    return f"{number:04x}" * 32


def table(rows: list[tuple[int, int]], columns: tuple[str, ...] = COLUMNS, end: str = "\n") -> str:
    """Lines of (speaker, clip); every other sentence opens a quote and never closes it."""
    lines = ["\t".join(columns)]
    for spk, clip in rows:
        cells = {
            "client_id": client(spk), "path": f"common_voice_en_{clip}.mp3", "sentence_id": "f1", "up_votes": "2",
            "sentence": '"Wait,  she said.' if clip % 2 else "It's 5\" wide.", "locale": "en",
            "gender": ("male_masculine", "female", "")[spk % 3],
        }  # fmt: skip
        lines.append("\t".join(cells[name] for name in columns))
    return end.join([*lines, ""])


def write_tree(root: Path, above: str = "cv-corpus-17.0-2024-03-15/en") -> Path:
    """Nine speakers of three clips, one of them official; two speakers are only validated."""
    mp3 = recording("MP3")
    every = [(spk, 10 * spk + take) for spk in range(1, 10) for take in range(3)]
    parts = {"train": range(1, 4), "dev": range(4, 6), "test": range(6, 8)}
    tables = {f"{name}.tsv": table([(spk, 10 * spk) for spk in spks]) for name, spks in parts.items()}
    clips = {f"clips/common_voice_en_{clip}.mp3": mp3 for _, clip in every}
    plant(root / above, {**tables, **clips, "validated.tsv": table(every), "clips/._x.mp3": b"\0\5\x16\7"})
    return root


@pytest.mark.parametrize("above", ["", "en", "a/cv-corpus-17.0/en"])
def test_official_splits_by_the_names_of_columns(tmp_path: Path, above: str) -> None:
    splits = commonvoice.prepare(write_tree(tmp_path, above))
    assert {name: len(us) for name, us in splits.items()} == {"train": 3, "dev": 2, "test": 2}
    u = splits["train"][1]
    assert (u.spk, u.utt, u.gender) == (client(2)[:16], f"{client(2)[:16]}-common_voice_en_20", "")
    assert [u.text for u in splits["train"]] == [
        '"Wait, she said.' if n % 2 else "It's 5\" wide." for n in (10, 20, 30)
    ]
    assert splits["train"][0].gender == "f"
    for part, spks in {"train": (1, 2, 3), "dev": (4, 5), "test": (6, 7)}.items():
        turned = table([(spk, 10 * spk) for spk in spks], COLUMNS[::-1], "\r\n")
        (tmp_path / above / f"{part}.tsv").write_text(turned)
    assert commonvoice.prepare(tmp_path) == splits


def test_validated_has_more_clips_a_speaker_and_disjoint_speakers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root, out = write_tree(tmp_path / "cv"), tmp_path / "data"
    caplog.set_level("INFO")
    assert main(["prepare", "commonvoice", "--root", str(root), "--out", str(out)]) == 0
    assert "train.tsv: 3 clips, 1.0 a speaker; --table validated has more" in caplog.text
    command = ["prepare", "commonvoice", "--root", str(root), "--out", str(out), "--table", "validated"]
    assert main(command) == 0
    spks = {part: {u.spk for u in read_directory(out / part)} for part in ("train", "dev", "test")}
    assert [len(found) for found in spks.values()] == [6, 1, 2]
    assert sum(len(read_directory(out / part)) for part in spks) == 27
    assert len(set.union(*spks.values())) == 9


def test_what_is_left_out_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = write_tree(tmp_path / "cv", "")
    (root / "clips/common_voice_en_10.mp3").write_bytes(b"")
    (root / "clips/common_voice_en_20.mp3").unlink()
    with (root / "train.tsv").open("a") as file:
        file.write(f"{client(8)}\tcommon_voice_en_80.mp3\tcut short\n")
        file.write("\n".join(table([(3, 30), (8, 80), (8, 81)]).split("\n")[1:]))
    command = ["prepare", "commonvoice", "--root", str(root), "--out", str(tmp_path / "o")]
    assert main(command) == 0
    for said in (
        "common_voice_en_10.mp3: empty file",
        "train.tsv:3: no clip 'common_voice_en_20.mp3'",
        "train.tsv:5: 3 fields, where the first line names 7",
        "train.tsv:6: 'common_voice_en_30.mp3' stands here a second time",
    ):
        assert said in caplog.text
    assert len(read_directory(tmp_path / "o/train")) == 3
    few = commonvoice.prepare(root, "validated", report=lambda _: None, least_clips=3)
    assert sum(len(us) for us in few.values()) == 24  # of speaker 2, two clips are left


def test_a_speaker_of_two_genders_has_none_and_older_and_converted_clips_are_found(tmp_path: Path) -> None:
    root = write_tree(tmp_path, "")
    text = table([(1, 10), (1, 11), (2, 20)]).replace(".mp3", "")  # as in the first releases
    (root / "train.tsv").write_text(text.replace("female", "male", 1))
    plant(root, {"clips/common_voice_en_20.wav": recording()})
    (root / "clips/common_voice_en_20.mp3").unlink()
    train = commonvoice.prepare(root)["train"]
    assert [u.gender for u in train] == ["", "", ""]
    assert [u.path.suffix for u in train] == [".mp3", ".mp3", ".wav"]


def test_what_is_not_one_language_of_common_voice(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "cv")
    write_tree(tmp_path / "cv", "cv-corpus-17.0-2024-03-15/de")
    with pytest.raises(InputError, match=r"holds 2 languages \(de, en\); name the folder of one"):
        commonvoice.prepare(root)
    folder = root / "cv-corpus-17.0-2024-03-15/de"
    (folder / "dev.tsv").write_text(table([]))
    with pytest.raises(
        InputError, match=r"dev.tsv: none of its 0 clips is there, or is kept; --table validated draws"
    ):
        commonvoice.prepare(folder)
    (folder / "dev.tsv").write_text("client_id\tpath\n")
    with pytest.raises(InputError, match=r"dev.tsv: its first line names no column 'sentence'"):
        commonvoice.prepare(folder)
    (folder / "dev.tsv").unlink()
    with pytest.raises(InputError, match=r"dev.tsv: no such file"):
        commonvoice.prepare(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no folder clips"):
        commonvoice.prepare(tmp_path / "empty")
