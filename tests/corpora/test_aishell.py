"""AISHELL-1 and 3: splits kept, archives within, texts without recordings and recordings without text."""

from pathlib import Path

import pytest
from trees import plant, recording

from speechdis.corpora import aishell1, aishell3
from speechdis.errors import InputError

WAV = recording()
PARTS = {"train": ("S0002", "S0003"), "dev": ("S0724",), "test": ("S0764",)}


def first(root: Path) -> Path:
    """AISHELL-1 of four speakers."""
    files: dict[str, bytes | str] = {"resource_aishell/speaker.info": "0002 F\nS0724 M\n"}
    lines = []
    for part, spks in PARTS.items():
        for spk in spks:
            for number in (121, 122):
                utt = f"BAC009{spk}W0{number}"
                files[f"data_aishell/wav/{part}/{spk}/{utt}.wav"] = WAV
                lines.append(f"{utt} 而  对 楼市\n")
    files["data_aishell/transcript/aishell_transcript_v0.8.txt"] = "".join(lines)
    return plant(root, files)


def third(root: Path) -> Path:
    """AISHELL-3 of twelve speakers."""
    files: dict[str, bytes | str] = {"spk-info.txt": "# speaker\tage\tgender\nSSB0005\tB\tfemale\tnorth\n"}
    for part, spks in {"train": range(5, 15), "test": range(20, 22)}.items():
        lines = []
        for spk in spks:
            utt = f"SSB{spk:04d}0001"
            files[f"{part}/wav/SSB{spk:04d}/{utt}.wav"] = WAV
            lines.append(f"{utt}.wav\t广 guang3 州 zhou1 女 nv3\n")
        files[f"{part}/content.txt"] = "".join(lines)
    return plant(root, files)


def test_the_splits_of_aishell_1(tmp_path: Path) -> None:
    parts = aishell1.prepare(first(tmp_path))
    assert {part: tuple(sorted({u.spk for u in us})) for part, us in parts.items()} == PARTS
    one = parts["train"][0]
    assert (one.utt, one.spk, one.gender) == ("S0002-BAC009S0002W0121", "S0002", "f")
    assert one.text == "而 对 楼市" and parts["dev"][0].gender == "m"


def test_gaps_of_aishell_1(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wav = first(tmp_path) / "data_aishell" / "wav"
    plant(wav, {"S0002.tar.gz": "", "S0100.tar.gz": "", "train/S0002/BAC009S0002W0399.wav": WAV})
    plant(wav, {"train/S0002/._BAC009S0002W0121.wav": "\0", "train/S0002/noise.wav": WAV})
    with (wav.parent / "transcript" / "aishell_transcript_v0.8.txt").open("a") as file:
        file.write("BAC009S0002W0500 无\nBAC009S0100W0500 无\n")
    said: list[InputError] = []
    parts = aishell1.prepare(wav.parent, report=said.append)
    assert {u.utt: u.text for u in parts["train"]}["S0002-BAC009S0002W0399"] == ""
    packed, noise, missing = map(str, said)
    assert "1 speakers are still packed, such as S0100; there: for a in *.tar.gz" in packed
    assert "noise.wav: not named" in noise and "lists 'BAC009S0002W0500'" in missing
    assert "have no text: kept" in caplog.text and "1 hidden files" in caplog.text


def test_aishell_1_as_downloaded(tmp_path: Path) -> None:
    plant(tmp_path, {"data_aishell/wav/S0002.tar.gz": "", "data_aishell/transcript/a.txt": ""})
    with pytest.raises(InputError, match="1 speakers are still packed"):
        aishell1.prepare(tmp_path, report=lambda error: None)
    with pytest.raises(InputError, match="no folder with wav and transcript"):
        aishell1.prepare(third(tmp_path / "third"))


def test_aishell_3_has_dev_speakers_of_its_training_set(tmp_path: Path) -> None:
    root = third(tmp_path)
    with (root / "train" / "content.txt").open("a") as file:
        file.write("SSB00050009.wav\t无 wu2\n")
    plant(root, {"test/wav/SSB0020/SSB00200002.wav": WAV, "train/wav/SSB0006/x.wav": WAV})
    said: list[InputError] = []
    parts = aishell3.prepare(root, report=said.append)
    spks = {part: {u.spk for u in us} for part, us in parts.items()}
    assert [len(each) for each in spks.values()] == [9, 1, 2] and spks["test"] == {"SSB0020", "SSB0021"}
    texts = {u.utt: (u.spk, u.gender, u.text) for us in parts.values() for u in us}
    assert texts["SSB00050001"] == ("SSB0005", "f", "广 州 女") and texts["SSB00200002"][2] == ""
    assert ["x.wav: not named" in str(said[0]), "lists 'SSB00050009'" in str(said[1])] == [True, True]
    with pytest.raises(InputError, match=r"no train/content\.txt"):
        aishell3.prepare(root / "train" / "wav")
