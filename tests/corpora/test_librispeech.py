"""LibriSpeech: its layout, its parts, and what is wrong in the trees that people have."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from trees import plant, recording

from speechdis.cli import main
from speechdis.corpora import librispeech
from speechdis.data.directory import read_directory
from speechdis.errors import InputError

FLAC = recording("FLAC")
TABLE = """;ID  |SEX| SUBSET           |MINUTES| NAME
14   | F | train-clean-360  | 25.03 | Kristin LeMoine
103  | M | train-clean-100  | 25.04 | A name | with a bar
"""


def chapter(subset: str, spk: int, number: int, count: int = 2) -> dict[str, bytes | str]:
    """A chapter's recordings and its transcript."""
    stem = f"{subset}/{spk}/{number}/{spk}-{number}"
    files: dict[str, bytes | str] = {f"{stem}-{i:04d}.flac": FLAC for i in range(count)}
    lines = [f"{spk}-{number}-{i:04d} WORD NUMBER {i}\n" for i in range(count)]
    return files | {f"{stem}.trans.txt": "".join(lines)}


def tree(root: Path, **subsets: int) -> Path:
    """So many speakers in each subset, from number 100 x its place on, with two chapters each."""
    files: dict[str, bytes | str] = {"LibriSpeech/SPEAKERS.TXT": TABLE}
    for place, (name, count) in enumerate(subsets.items(), 1):
        for spk in range(100 * place, 100 * place + count):
            for number in (1, 2):
                subset = f"LibriSpeech/{name.replace('_', '-')}"
                files |= chapter(subset, spk, number)
    return plant(root, files)


def test_the_speaker_is_the_first_field_and_parts_are_the_published_ones(tmp_path: Path) -> None:
    root = tree(tmp_path, train_clean_100=5, train_other_500=2, dev_clean=2, dev_other=2, test_clean=2)
    parts = librispeech.prepare(root)
    spks = {part: sorted({u.spk for u in us}) for part, us in parts.items()}
    assert spks["train"] == ["100", "101", "102", "103", "104", "200", "201"]
    assert (spks["dev"], spks["test"]) == (["300", "301"], ["500", "501"])
    one = next(u for u in parts["train"] if u.utt == "103-2-0001")
    assert (one.spk, one.gender, one.text, one.path.name) == ("103", "m", "WORD NUMBER 1", "103-2-0001.flac")
    assert sum(map(len, parts.values())) == 11 * 2 * 2
    chosen = librispeech.prepare(root / "LibriSpeech", train=["train-other-500"], test=["dev-other"])
    assert {u.spk for u in chosen["train"]} == {"200", "201"}
    assert {u.spk for u in chosen["test"]} == {"400", "401"}


def test_parts_that_are_not_there_are_drawn_by_speaker(tmp_path: Path) -> None:
    mini = librispeech.prepare(tree(tmp_path / "mini", train_clean_5=20, dev_clean_2=3))
    spks = {part: {u.spk for u in us} for part, us in mini.items()}
    assert spks["test"] == {"200", "201", "202"} and len(spks["dev"]) == 2 and len(spks["train"]) == 18
    assert not spks["train"] & spks["dev"]
    other = librispeech.prepare(tree(tmp_path / "small", dev_clean=5, test_clean=3))
    assert {u.spk for u in other["train"] + other["dev"]} == {"100", "101", "102", "103", "104"}
    assert {u.spk for u in other["test"]} == {"200", "201", "202"}
    alone = librispeech.prepare(tree(tmp_path / "alone", test_clean=10))
    assert [len({u.spk for u in us}) for us in alone.values()] == [7, 1, 2]


def test_what_is_wrong_is_said_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = tree(tmp_path / "tree", train_clean_100=3, dev_clean=2, test_clean=2)
    folder = root / "LibriSpeech" / "train-clean-100" / "100" / "1"
    table = root / "LibriSpeech" / "SPEAKERS.TXT"
    table.write_text(TABLE + "84   | F | dev-clean        |  8.02 | Christie Nowak\n")
    (folder / "100-1-0000.flac").unlink()
    (folder / "100-1-0001.flac").write_bytes(b"")
    (folder / "._100-1-0001.flac").write_bytes(b"\0\5\26\7")
    (folder / "notes.flac").write_bytes(FLAC)
    plant(folder, {"100-1-0007.flac": FLAC})
    out = tmp_path / "out"
    with caplog.at_level(logging.INFO):
        assert main(["prepare", "librispeech", "--root", str(root), "--out", str(out)]) == 0
    utts = {u.utt: u for u in read_directory(out / "train")}
    assert not {"100-1-0000", "100-1-0001"} & utts.keys() and utts["100-1-0007"].text == ""
    for said in (
        "100-1.trans.txt: lists '100-1-0000', of which there is no recording",
        "100-1-0001.flac: empty file",
        "notes.flac: not named SPEAKER-CHAPTER-NUMBER",
        "1 hidden files, such as ._100-1-0001.flac: left out",
        "1 recordings, such as 100-1-0007, have no text: kept",
        "dev-clean: 1 of its speakers have no recording, such as 84",
        "5 skipped",
    ):
        assert said in caplog.text, said
    words = ["prepare", "librispeech", "--strict", "--root", str(root), "--out", str(tmp_path / "no")]
    assert main(words) == 2 and not (tmp_path / "no").exists()


def test_a_prefix_keeps_numbers_of_two_corpora_apart(tmp_path: Path) -> None:
    root = tree(tmp_path / "tree", train_clean_100=2, dev_clean=1, test_clean=1)
    words = ["prepare", "librispeech", "--root", str(root), "--out", str(tmp_path / "out"), "--prefix"]
    assert main([*words, "libri"]) == 0
    one = read_directory(tmp_path / "out" / "test")[0]
    assert (one.utt, one.spk) == ("libri-300-1-0000", "libri-300")
    with pytest.raises(SystemExit):
        main([*words, "a b"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda root: {"root": root / "nowhere"}, "nowhere: no such folder"),
        (lambda root: {"root": root / "LibriSpeech" / "test-clean"}, "pass the one above them"),
        (lambda root: {"train": ["train-clean-360"]}, "--train train-clean-360: no such subset; there are: "),
        (lambda root: {"dev": ["test-clean"]}, "'test-clean' is given twice"),
    ],
)
def test_what_cannot_be_prepared(
    change: Callable[[Path], dict[str, object]], says: str, tmp_path: Path
) -> None:
    options = {"root": tree(tmp_path, train_clean_100=2, dev_clean=1, test_clean=1)} | change(tmp_path)
    with pytest.raises(InputError, match=says):
        librispeech.prepare(**options)


def test_libritts_is_not_taken_for_it(tmp_path: Path) -> None:
    plant(tmp_path, {"dev-clean/84/1/84_1_000001_000000.wav": recording()})
    with pytest.raises(InputError, match="LibriTTS"):
        librispeech.prepare(tmp_path, report=lambda error: None)
