"""LibriTTS and LibriTTS-R: the layout, hidden and damaged files, and lists of what is not there."""

from pathlib import Path

import pytest
from trees import plant, recording

from speechdis.corpora import libritts
from speechdis.errors import InputError

WAV = recording(rate=24000)


def tree(root: Path, home: str) -> Path:
    """Two speakers to train on, one for dev and test each; 8 and 84 sort otherwise with '_'."""
    files: dict[str, bytes | str] = {f"{home}/SPEAKERS.txt": "; a comment\n84 | F | dev-clean | 8 | A name\n"}
    subsets = {"train-clean-100": (8, 14), "dev-clean": (84,), "test-clean": (61,)}
    for subset, spks in subsets.items():
        for spk in spks:
            stem = f"{home}/{subset}/{spk}/7/{spk}_7"
            files[f"{stem}_000001_000000.wav"] = WAV
            files[f"{stem}_000001_000000.normalized.txt"] = 'He said, "five dollars".'
            files[f"{stem}.trans.tsv"] = f'{spk}_7_000001_000000\tHe said, "$5".\tHe said, "five dollars".\n'
            files[f"{stem}.book.tsv"] = f"{spk}_7_000001_000000\tmore\n"
    return plant(root, files)


@pytest.mark.parametrize("home", ["LibriTTS", "LibriTTS_R"])
def test_the_release(home: str, tmp_path: Path) -> None:
    parts = libritts.prepare(tree(tmp_path, home))
    assert {part: sorted(u.spk for u in us) for part, us in parts.items()} == {
        "train": ["14", "8"],
        "dev": ["84"],
        "test": ["61"],
    }
    (one,) = parts["dev"]
    assert (one.utt, one.spk, one.gender) == ("84-7-000001-000000", "84", "f")
    assert one.text == 'He said, "five dollars".' and one.path.name == "84_7_000001_000000.wav"


def test_what_is_wrong_is_said_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    home = tree(tmp_path, "LibriTTS_R") / "LibriTTS_R"
    folder = home / "train-clean-100" / "8" / "7"
    with (folder / "8_7.trans.tsv").open("a") as file:
        file.write("8_7_000009_000000\tGone.\tGone.\n")
    plant(home / "train-clean-100" / "1092" / "134562", {"1092_134562_000013_000004.wav": WAV})
    plant(folder, {"._8_7_000001_000000.wav": "\0\5", "8_7_000002_000000.wav": WAV, "loose.wav": WAV})
    plant(folder, {"8_7_000003_000000.wav": WAV, "8_7_000003_000000.normalized.txt": "Beside it.\n"})
    said: list[InputError] = []
    parts = libritts.prepare(home, report=said.append)
    texts = {u.utt: u.text for u in parts["train"] if u.spk == "8"}
    assert texts.pop("8-7-000001-000000")
    assert texts == {"8-7-000002-000000": "", "8-7-000003-000000": "Beside it."}
    assert "1092" not in {u.spk for u in parts["train"]}
    missing, loose, damaged = sorted(map(str, said), key=lambda text: "134562" in text)
    assert "lists '8_7_000009_000000', of which there is no recording" in missing
    assert "loose.wav: not named SPEAKER_CHAPTER_NUMBER_NUMBER" in loose
    assert "known to be damaged" in damaged
    assert "1 hidden files, such as ._8_7_000001_000000.wav: left out" in caplog.text
    assert "1 recordings, such as 8-7-000002-000000, have no text: kept" in caplog.text


def test_librispeech_is_not_taken_for_it(tmp_path: Path) -> None:
    plant(tmp_path, {"dev-clean/84/1/84-1-0001.wav": WAV})
    with pytest.raises(InputError, match="LibriSpeech's have '-'"):
        libritts.prepare(tmp_path, report=lambda error: None)
