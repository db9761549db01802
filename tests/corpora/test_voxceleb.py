"""VoxCeleb1 and VoxCeleb2: parts, codings, lists and tables as people have them on disk."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.corpora import voxceleb1, voxceleb2
from speechdis.data.audio import write_audio
from speechdis.data.directory import read_directory
from speechdis.errors import InputError
from speechdis.metrics.files.trials import read_trials

WAVE = np.sin(np.arange(1600) / 3)
TEST1 = ("id10270", "id10271")
TEST2 = ("id00061", "id00081")


def write_speaker(part: Path, spk: str, suffix: str = ".wav") -> None:
    """Two videos with the same stems; the id of one begins with a dash."""
    for video in ("-aB_c", "x1"):
        for stem in ("00001", "00002"):
            file = part / spk / video / f"{stem}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            write_audio(file, WAVE, 16000)
            if suffix != ".wav":
                file.rename(file.with_suffix(suffix))


def write_vox1(root: Path, above: str = "") -> Path:
    """Four training and two test speakers in the parts of the release, the table and the three lists."""
    for spk in ("id10001", "id10002", "id10003", "id10004"):
        write_speaker(root / above / "vox1_dev_wav/wav", spk)
    for spk in TEST1:
        write_speaker(root / above / "vox1_test_wav/wav", spk)
    rows = ["VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet"]
    rows += [f"id1000{n}\tA._J._Buckley\t{'mf'[n % 2]}\tIreland\tdev" for n in range(1, 5)]
    rows += [f"{spk}\tEartha_Kitt\tf\tUSA\ttest" for spk in TEST1]
    (root / "vox1_meta.csv").write_text("\n".join(rows) + "\n")
    o = ["1 id10270/-aB_c/00001.wav id10270/x1/00001.wav", "0 id10270/x1/00002.wav id10271/x1/00001.wav"]
    (root / "veri_test2.txt").write_text("\n".join(o) + "\n")
    for name in ("list_test_all2.txt", "list_test_hard2.txt"):
        (root / name).write_text("0 id10001/x1/00001.wav id10271/x1/00001.wav\n" + "\n".join(o) + "\n")
    return root


def write_vox2(root: Path, suffix: str = ".wav") -> Path:
    """Four training speakers and two test speakers, with the table, whose columns stand between commas and blanks."""
    for spk in ("id00012", "id00015", "id00017", "id00018"):
        write_speaker(root / "dev/aac", spk, suffix)
    for spk in TEST2:
        write_speaker(root / "test/aac", spk, suffix)
    rows = [
        "VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set ",
        "id00012 ,n000012 ,m ,dev ",
        *(f"{spk} ,n0{spk[2:]} ,f ,test " for spk in TEST2),
    ]
    (root / "vox2_meta.csv").write_text("\r\n".join(rows) + "\r\n")
    return root


def prepare(corpus: str, root: Path, out: Path, *more: str) -> int:
    return main(["prepare", corpus, "--root", str(root), "--out", str(out), *more])


@pytest.mark.parametrize("above", ["", "data/VoxCeleb1"])
def test_ids_sessions_and_speakers(tmp_path: Path, above: str) -> None:
    splits = voxceleb1.prepare(write_vox1(tmp_path, above))
    assert {name: len(us) for name, us in splits.items()} == {"train": 12, "dev": 4, "test": 8}
    assert {u.spk for u in splits["test"]} == set(TEST1)
    u = splits["test"][0]
    assert (u.utt, u.session, u.gender) == ("id10270--aB_c-00001", "-aB_c", "f")
    assert len({u.utt for us in splits.values() for u in us}) == 24  # stems repeat


def test_lists_become_trials_and_e_and_h_are_only_for_other_models(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_vox1(tmp_path / "vox1")
    assert prepare("voxceleb1", root, tmp_path / "o") == 0
    assert (tmp_path / "o/test/trials_o").read_text() == (
        "id10270--aB_c-00001 id10270-x1-00001 target\nid10270-x1-00002 id10271-x1-00001 nontarget\n"
    )
    assert not list((tmp_path / "o").glob("*/trials_[eh]"))
    assert (
        "VoxCeleb1-E has speakers of train and dev: a model trained on VoxCeleb1 cannot be scored"
        in caplog.text
    )
    assert "veri_test2.txt: 2 trials; the published list has 37611" in caplog.text
    assert prepare("voxceleb1", root, tmp_path / "e", "--test-only") == 0
    assert [p.name for p in (tmp_path / "e").iterdir() if p.is_dir()] == ["test"]
    for name in "eh":
        assert len(read_trials(tmp_path / f"e/test/trials_{name}").pairs.i) == 3
    published, ours = read_trials(root / "list_test_all2.txt"), read_trials(tmp_path / "e/test/trials_e")
    assert [utt.replace("/", "-")[:-4] for utt in published.utts] == list(ours.utts)
    assert (published.pairs.target == ours.pairs.target).all()


def test_test_speakers_stand_in_the_list_where_there_is_no_table(tmp_path: Path) -> None:
    root = write_vox1(tmp_path / "vox1")
    (root / "vox1_meta.csv").unlink()
    with_table = {u.spk for u in voxceleb1.prepare(root)["test"]}
    assert with_table == set(TEST1)
    (tmp_path / "lists").mkdir()
    for name in ("veri_test2.txt", "list_test_all2.txt", "list_test_hard2.txt"):
        (root / name).rename(tmp_path / "lists" / name)
    with pytest.raises(InputError, match=r"neither vox1_meta.csv nor veri_test2.txt says .*--lists"):
        voxceleb1.prepare(root)
    (tmp_path / "lists/veri_test2.txt").rename(tmp_path / "lists/veri_test.txt")  # as first published
    assert {u.spk for u in voxceleb1.prepare(root, lists=tmp_path / "lists")["test"]} == set(TEST1)
    shutil.rmtree(root / "vox1_test_wav")
    with pytest.raises(InputError, match="none of the 2 test speakers, such as id10270; add vox1_test_wav"):
        voxceleb1.prepare(root, lists=tmp_path / "lists")


def test_what_is_left_out_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = write_vox1(tmp_path / "vox1")
    video = root / "vox1_test_wav/wav/id10270/x1"
    (video / "00001.wav").write_bytes(b"")
    (video / "._00002.wav").write_bytes(b"\0\5\x16\7")  # what macOS leaves
    (root / "vox1_dev_wav/wav/id10009/x").mkdir(parents=True)
    shutil.copy(video / "00002.wav", video / "00002.m4a")  # a converter's source, beside its wav
    assert prepare("voxceleb1", root, tmp_path / "o") == 0
    assert "00001.wav: empty file" in caplog.text and "id10009: no recording" in caplog.text
    assert "1 recordings lie there in two codings: one of each is left out" in caplog.text
    assert (
        "test/trials_o: 1 trials; NOT the published list: 1 are of recordings that are not there"
        in caplog.text
    )
    assert {u.path.suffix for u in read_directory(tmp_path / "o/test")} == {".wav"}


@pytest.mark.parametrize(
    "line", ["1 id10270/x/00001.wav", "2 id10270/x/1.wav id10271/x/1.wav", "a.wav b.wav 1"]
)
def test_a_list_of_another_form_is_refused_by_line(tmp_path: Path, line: str) -> None:
    root = write_vox1(tmp_path / "vox1")
    (root / "veri_test2.txt").write_text(f"\n{line}\n")
    with pytest.raises(InputError, match=r"veri_test2.txt:2: expected '1\|0 id"):
        voxceleb1.trials(root, {"test": []})


def test_tables_that_are_none(tmp_path: Path) -> None:
    root = write_vox1(tmp_path / "vox1")
    (root / "vox1_meta.csv").write_text("VoxCeleb1 ID\tGender\tSet\nid10270\tf\n")
    with pytest.raises(InputError, match=r"vox1_meta.csv:2: 2 columns, where the first line has 3"):
        voxceleb1.prepare(root)
    (root / "vox1_meta.csv").write_text("<html>\n")
    with pytest.raises(InputError, match=r"vox1_meta.csv: its first line names no column"):
        voxceleb1.prepare(root)


def test_no_pair_of_a_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare("voxceleb1", write_vox1(tmp_path / "vox1"), tmp_path / "o") == 0
    command = [
        "trials",
        "--data",
        str(tmp_path / "o/test"),
        "--out",
        str(tmp_path / "t"),
        "--across-sessions",
    ]
    assert main([*command, "--json", str(tmp_path / "counts")]) == 0
    pairs = [line.split() for line in (tmp_path / "t").read_text().splitlines()]
    video = {u.utt: u.session for u in read_directory(tmp_path / "o/test")}
    utts = sorted(video)
    across = [(a, b) for k, a in enumerate(utts) for b in utts[k + 1 :] if video[a] != video[b]]
    assert [(a, b) for a, b, _ in pairs] == across
    assert sum(label == "target" for *_, label in pairs) == 8  # of each speaker, 2 x 2
    counts = (tmp_path / "counts").read_text()
    assert f'"trials": {len(across)}' in counts and '"target": 8' in counts
    (tmp_path / "o/test/utt2session").unlink()
    assert main(command) == 2
    assert "no session of 'id10270--aB_c-00001'; --across-sessions needs all" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".wav", ".m4a"])
def test_voxceleb2(tmp_path: Path, suffix: str) -> None:
    root = write_vox2(tmp_path / "vox2", suffix)
    write_speaker(root / "dev/aac", "id10001")  # of VoxCeleb1, in the same root
    (root / "dev/txt/id00012/x1").mkdir(parents=True)
    splits = voxceleb2.prepare(root)
    assert {name: len(us) for name, us in splits.items()} == {"train": 12, "dev": 4, "test": 8}
    assert {u.spk for u in splits["test"]} == set(TEST2) and splits["test"][0].gender == "f"
    few = voxceleb2.prepare(root, test_clips=3)["test"]
    assert [(u.spk, u.session, u.path.stem) for u in few[:3]] == [
        (TEST2[0], "-aB_c", "00001"), (TEST2[0], "x1", "00001"), (TEST2[0], "-aB_c", "00002"),
    ]  # fmt: skip
    (root / "vox2_meta.csv").unlink()  # the folders say it too
    assert {u.spk for u in voxceleb2.prepare(root)["test"]} == set(TEST2)
    shutil.rmtree(root / "test")
    drawn = voxceleb2.prepare(root)
    assert [len({u.spk for u in us}) for us in drawn.values()] == [2, 1, 1]


def test_aac_as_published(tmp_path: Path, shared: Path) -> None:
    pytest.importorskip("av", reason="needs the extra [formats]")
    file = shared.parent / "cases/public/21-m4a/a.m4a"
    if not file.exists():
        pytest.skip("needs ../shared/cases")
    root = write_vox2(tmp_path / "vox2", ".m4a")
    for place in root.rglob("*.m4a"):
        place.unlink()
        place.symlink_to(file)
    assert prepare("voxceleb2", root, tmp_path / "o", "--json", str(tmp_path / "counts")) == 0
    counts = json.loads((tmp_path / "counts").read_text())
    assert {name: one["utterances"] for name, one in counts.items()} == {"train": 12, "dev": 4, "test": 8}
    assert counts["train"]["hours"] == pytest.approx(12 * 9216 / 16000 / 3600)


def test_aac_without_its_reader_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_vox2(tmp_path / "vox2", ".m4a")
    monkeypatch.setitem(sys.modules, "av", None)
    assert prepare("voxceleb2", root, tmp_path / "o") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "pip install 'speechdis[formats]'" in error


def test_a_prefix_keeps_two_corpora_apart(tmp_path: Path) -> None:
    root = write_vox1(tmp_path / "vox1")
    assert prepare("voxceleb1", root, tmp_path / "o", "--prefix", "vox1") == 0
    utterances = read_directory(tmp_path / "o/test")
    assert {u.spk for u in utterances} == {"vox1-id10270", "vox1-id10271"}
    assert set(read_trials(tmp_path / "o/test/trials_o").utts) <= {u.utt for u in utterances}


def test_another_corpus_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare("voxceleb1", write_vox2(tmp_path / "vox2"), tmp_path / "o") == 2
    assert "it looks like VoxCeleb2" in capsys.readouterr().err
    assert prepare("voxceleb2", write_vox1(tmp_path / "vox1"), tmp_path / "o") == 2
    assert "it looks like VoxCeleb1" in capsys.readouterr().err
