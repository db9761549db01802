"""speechdis judge on real speech: recordings of A and of B as swaps of which the truth is known."""

import json
import shutil
from pathlib import Path

import pytest

from speechdis import weights
from speechdis.cli import main
from speechdis.data.audio import read_audio, write_audio
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.judges import outside


def need_judges() -> None:
    try:
        outside.require()
    except InputError as error:
        pytest.skip(str(error))


def cut(file: Path, folder: Path) -> Path:
    """The first 2.3 s, which DNSMOS repeats to one window of its own."""
    wave, rate = read_audio(file)
    out = folder / f"{file.stem}.wav"
    write_audio(out, wave[: round(2.3 * rate)], rate)
    return out


def test_judges_know_who_speaks_and_what(
    shared: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    need_judges()
    folders = [shared / "speechocean762" / "test" / "wav" / spk for spk in ("so0024", "so0094")]
    (a1, a2), (b1, b2) = (
        [cut(file, tmp_path) for file in sorted(folder.iterdir())[:2]] for folder in folders
    )
    shutil.copy(a1, tmp_path / "perfect.wav")
    (tmp_path / "bad.wav").write_text("no sound")
    rows = [
        ("path", "voice", "content", "voice_speaker", "content_speaker", "system"),
        (tmp_path / "perfect.wav", a2, b1, "ann", "bob", "voice of A"),
        (b1, a2, b1, "ann", "bob", "nothing"),
        (tmp_path / "bad.wav", a1, b2, "ann", "bob", "nothing"),
    ]
    (tmp_path / "list.tsv").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    out = tmp_path / "judged.json"
    assert main(["judge", "--manifest", str(tmp_path / "list.tsv"), "--out", str(out)]) == 0
    assert "not judged: bad.wav" in caplog.text and "2 recordings judged, 1 not; 2 speakers" in caplog.text
    found = json.loads(out.read_text())
    assert [one["path"] for one in found["failures"]] == [str(tmp_path / "bad.wav")]
    voice, nothing = found["systems"]["voice of A"], found["systems"]["nothing"]
    assert (voice["heard as A %"]["mean"], nothing["heard as A %"]["mean"]) == (100, 0)
    assert voice["phonemes wrong, of B's recording %"]["mean"] > 50
    assert nothing["phonemes wrong, of B's recording %"]["mean"] == 0
    assert nothing["F0 contour r with B"]["mean"] == pytest.approx(1)
    lines = (tmp_path / "judged.tsv").read_text().splitlines()
    assert len(lines) == 4 and lines[1].split("\t")[4] == "ann" and "bad.wav" in lines[3].split("\t")[-1]
    (tmp_path / "list.tsv").write_text("".join("\t".join(map(str, row)) + "\n" for row in (rows[0], rows[3])))
    strict = ["judge", "--manifest", str(tmp_path / "list.tsv"), "--strict"]
    assert main(strict) == 2


def test_swaps_are_made_and_stand_beside_what_they_must_beat(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need_judges()
    folders = [shared / "speechocean762" / "test" / "wav" / spk for spk in ("so0024", "so0094")]
    cuts = [cut(file, tmp_path) for folder in folders for file in sorted(folder.iterdir())[:2]]
    write_directory(tmp_path / "data", [Utterance(c.stem, c.stem[:6], c) for c in cuts])
    shutil.copy(weights.DEFAULT, tmp_path / "mine.safetensors")
    out = tmp_path / "judged.json"
    told = ["judge", "--pairs", "1", "--data", str(tmp_path / "data"), "--device", "cpu", "--out", str(out)]
    assert main([*told, "--checkpoint", "revoice", "revoice"]) == 2
    assert "a second model named 'revoice'" in capsys.readouterr().err
    assert main([*told, "--checkpoint", "revoice", str(tmp_path / "mine.safetensors")]) == 0
    systems = {row["what is heard"]: row for row in json.loads(out.read_text())["rows"]}
    assert [*systems][:3] == ["recording of A", "recording of B: no change", "copy-synthesis of B"]
    assert systems["recording of A"]["heard as A %"]["mean"] == 100
    assert systems["copy-synthesis of B"]["heard as B %"]["mean"] == 100
    off = {name: found["F0 from A's level, semitones"]["mean"] for name, found in [*systems.items()][1:]}
    assert max(off["pitch of A"], off["revoice: swap"]) < off["copy-synthesis of B"]
    one, other = ({**systems[f"{name}: swap, plain"], "what is heard": ""} for name in ("revoice", "mine"))
    assert one == other  # the same model on the same pairs


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ([], "give --manifest, or --pairs with --data"),
        (["--pairs", "2"], "give it, and no --swaps"),
        (["--pairs", "2", "--manifest", "x.tsv"], "give --manifest, or --pairs with --data"),
    ],
)
def test_a_wrong_question_is_one_line(
    told: list[str], fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judge", *told]) == 2
    assert fault in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.tsv").write_text("path\tvoice\tcontent\n")
    monkeypatch.setitem(__import__("sys").modules, "hama", None)
    monkeypatch.setitem(__import__("sys").modules, "resemblyzer", None)
    assert main(["judge", "--manifest", str(tmp_path / "list.tsv")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
