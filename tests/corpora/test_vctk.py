"""VCTK 0.80 and 0.92: one microphone, no sentence that everybody reads, and speakers with gaps."""

from pathlib import Path

import pytest
from trees import plant, recording

from speechdis.cli import main
from speechdis.corpora import vctk
from speechdis.data.directory import read_directory
from speechdis.errors import InputError

SPEAKERS = (*(f"p{number}" for number in range(225, 234)), "s5")
WAV, FLAC = recording(rate=48000), recording("FLAC", 48000)
INFO = "ID  AGE  GENDER  ACCENTS  REGION\n{p}225  23  F    English    Southern  England\ns5  30  M  British\n"


def tree(root: Path, version: str) -> Path:
    """Ten speakers, who read sentences 1, 24, 25 and 300: the first two are the same for all."""
    files: dict[str, bytes | str] = {
        "speaker-info.txt": INFO.replace("{p}", "" if version == "0.80" else "p")
    }
    for spk in SPEAKERS:
        for number in (1, 24, 25, 300):
            text = f"Everyone reads {number}." if number <= 24 else f"Only {spk} reads {number}."
            files[f"txt/{spk}/{spk}_{number:03d}.txt"] = text + "\n"
            if version == "0.80":
                files[f"wav48/{spk}/{spk}_{number:03d}.wav"] = WAV
            else:
                for mic in (1, 2):
                    files[f"wav48_silence_trimmed/{spk}/{spk}_{number:03d}_mic{mic}.flac"] = FLAC
    return plant(root, files)


@pytest.mark.parametrize("version", ["0.80", "0.92"])
def test_both_versions_give_the_same_utterances(version: str, tmp_path: Path) -> None:
    tree(tmp_path / "VCTK-Corpus", version)
    parts = vctk.prepare(tmp_path)
    everyone = [u for us in parts.values() for u in us]
    assert sorted(u.utt for u in everyone) == sorted(f"{spk}_{n}" for spk in SPEAKERS for n in ("025", "300"))
    spks = [{u.spk for u in us} for us in parts.values()]
    assert [len(each) for each in spks] == [7, 1, 2] and len(set().union(*spks)) == 10
    genders = {u.spk: u.gender for u in everyone}
    assert (genders["p225"], genders["s5"], genders["p226"]) == ("f", "m", "")
    one = next(u for u in everyone if u.utt == "s5_300")
    assert one.text == "Only s5 reads 300." and one.path.stem == ("s5_300" + "_mic1" * (version == "0.92"))


def test_never_both_microphones(tmp_path: Path) -> None:
    root = tree(tmp_path, "0.92")
    for file in (root / "wav48_silence_trimmed" / "p230").glob("*_mic2.flac"):
        file.unlink()  # as of p280 and p315
    for mic in (1, 2):
        said: list[InputError] = []
        parts = vctk.prepare(root, mic=mic, report=said.append)
        files = [u.path.stem for us in parts.values() for u in us]
        assert files and all(stem.endswith(f"_mic{mic}") for stem in files)
        assert ["p230" in str(error) and "not of microphone 2" in str(error) for error in said] == [True] * (
            mic - 1
        )


def test_sentences_of_everybody_are_dropped_under_any_number(tmp_path: Path) -> None:
    root = tree(tmp_path, "0.80")
    (root / "txt" / "p226" / "p226_300.txt").write_text("EVERYONE reads 24\n")
    utts = {u.utt for us in vctk.prepare(root).values() for u in us}
    assert "p226_300" not in utts and {"p226_025", "p227_300"} <= utts
    kept = {u.utt for us in vctk.prepare(root, shared=True).values() for u in us}
    assert len(kept) == 4 * len(SPEAKERS)


def test_gaps(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = tree(tmp_path, "0.92")
    audio = root / "wav48_silence_trimmed"
    for file in (root / "txt" / "p231").iterdir():
        file.unlink()  # as of p315
    (root / "txt" / "p231").rmdir()
    for file in (audio / "p232").glob("*_300_*"):
        file.unlink()  # as of p362
    plant(audio, {"log.txt": "a log", "p225/._p225_001_mic1.flac": "\0\5", "p225/room.flac": FLAC})
    said: list[InputError] = []
    utterances = {u.utt: u for us in vctk.prepare(root, report=said.append).values() for u in us}
    assert utterances["p231_025"].text == "" and "p232_300" not in utterances
    assert "p231_024" not in utterances  # by its number, where there is no text
    texts = " ".join(map(str, said))
    assert len(said) == 2 and "'p232_300', of which there is no recording" in texts
    assert "room.flac: not named SPEAKER_NUMBER" in texts
    assert "2 recordings, such as p231_025, have no text: kept" in caplog.text
    assert "1 hidden files" in caplog.text


def test_the_trimmed_recordings_win_and_another_folder_is_refused(tmp_path: Path) -> None:
    root = tree(tree(tmp_path, "0.80"), "0.92")
    files = {u.path.suffix for us in vctk.prepare(root).values() for u in us}
    assert files == {".flac"}
    with pytest.raises(InputError, match="no folder wav48_silence_trimmed or wav48"):
        vctk.prepare(root / "txt")


def test_speakers_that_a_paper_names(tmp_path: Path) -> None:
    root = tree(tmp_path, "0.92")
    for dev in ([], ["p226", "p227"]):
        parts = vctk.prepare(root, test_speakers=["s5", "p225"], dev_speakers=dev)
        spks = {part: {u.spk for u in us} for part, us in parts.items()}
        assert spks["test"] == {"s5", "p225"} and not spks["dev"] & spks["train"]
        assert spks["dev"] == set(dev) if dev else len(spks["dev"]) == 1
        assert len(set.union(*spks.values())) == 10
    for named, says in (
        ({"test_speakers": ["p5"]}, "no recordings of a speaker 'p5'; there are: p225, p226"),
        ({"dev_speakers": ["p225"]}, "name both, or the second alone"),
        ({"test_speakers": ["s5"], "dev_speakers": ["s5"]}, "'s5' is named for dev and for test"),
    ):
        with pytest.raises(InputError, match=says):
            vctk.prepare(root, **named)
    words = [
        "prepare",
        "vctk",
        "--root",
        str(root),
        "--out",
        str(tmp_path / "o"),
        "--test-speakers",
        "p225,s5",
    ]
    assert main(words) == 0
    assert {u.spk for u in read_directory(tmp_path / "o" / "test")} == {"p225", "s5"}
