"""anonymise as a person uses it: what stays of a data directory, what goes, and what it may not depend on."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from speechdis import models
from speechdis.cli import main
from speechdis.data.audio import write_audio
from speechdis.data.directory import read_directory
from speechdis.features import settings_of
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

UTTS = {"ann": ("ann-1", "ann-2"), "bob": ("bob-1", "bob-2")}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that has not learnt anything, on disk."""
    torch.manual_seed(0)
    config = models.load("dsvae").Config(static_size=4, dynamic_size=3, hidden_size=8)
    path = tmp_path_factory.mktemp("dsvae") / "checkpoints" / "best.safetensors"
    mean, std = np.full(80, 8, np.float32), np.full(80, 3, np.float32)
    model = models.build("dsvae", 80, config)
    checkpoint.save(path, Checkpoint(model, "dsvae", settings_of("fbank"), 20, mean, std, 0))
    return str(path.parent.parent)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two speakers with two utterances each, in a directory with tables of every sort."""
    folder = tmp_path / "data"
    folder.mkdir()
    t = np.arange(4800) / 16000
    for k, utt in enumerate(sum(UTTS.values(), ())):
        wave = sum(np.sin(2 * np.pi * n * (110 + 40 * k) * t) / n for n in range(1, 9))
        write_audio(folder / f"{utt}.flac", (0.1 * wave).astype(np.float32), 16000)
    pairs = [(utt, spk) for spk, utts in UTTS.items() for utt in utts]
    (folder / "wav.scp").write_text("".join(f"{utt} {utt}.flac\n" for utt, _ in pairs))
    (folder / "utt2spk").write_text("".join(f"{utt} {spk}\n" for utt, spk in pairs))
    (folder / "spk2gender").write_text("ann f\nbob m\n")
    (folder / "text").write_text("".join(f"{utt} WORDS  OF {utt}\n" for utt, _ in pairs))
    (folder / "enrolls").write_text("ann-1\nbob-1\n")
    (folder / "trials").write_text("ann ann-2 target\nbob ann-2 nontarget\ncid bob-2 nontarget\n")
    (folder / "note").write_text("what nobody knows\n")
    for name in ("feats.scp", "spk2warp", "reco2dur", "cmvn.ark"):
        (folder / name).write_text("ann-1 old sound\n")
    return folder


def anonymise(trained: str, data: Path, out: Path, *more: str) -> int:
    return main(
        [
            "anonymise",
            "--checkpoint",
            trained,
            "--data",
            str(data),
            "--out",
            str(out),
            "--device",
            "cpu",
            *more,
        ]
    )


def waves(out: Path) -> dict[str, bytes]:
    return {u.utt: u.path.read_bytes() for u in read_directory(out)}


def test_words_and_lists_stay_and_what_tells_the_old_sound_goes(
    trained: str, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert anonymise(trained, data, out, "--json", str(tmp_path / "told.json")) == 0
    for name in ("text", "utt2spk", "spk2gender", "trials", "enrolls", "note"):
        assert (out / name).read_text() == (data / name).read_text()
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["left_out"] == sorted(
        ["feats.scp", "spk2warp", "reco2dur", "cmvn.ark", *(f"{u}.flac" for u in waves(out))]
    )
    found = read_directory(out)
    assert [u.utt for u in found] == ["ann-1", "ann-2", "bob-1", "bob-2"]
    assert all(u.path.is_relative_to(out) and u.path.stat().st_size == 44 + 2 * 4800 for u in found)
    assert len(set(waves(out).values())) == 4


def test_a_voice_follows_from_seed_role_and_id_alone(trained: str, data: Path, tmp_path: Path) -> None:
    """Not from the order of lists, what else is in them, or how many processes work; a killed run ends the same."""
    assert anonymise(trained, data, tmp_path / "one", "--seed", "5") == 0
    whole = waves(tmp_path / "one")
    for utt in ("ann-2", "bob-1"):
        (tmp_path / "one" / "wav" / f"{utt}.wav").unlink()
    (tmp_path / "one" / "wav.scp").unlink()
    assert anonymise(trained, data, tmp_path / "one", "--seed", "5", "--jobs", "2") == 0
    assert waves(tmp_path / "one") == whole
    for name in ("wav.scp", "utt2spk", "text"):
        lines = (data / name).read_text().splitlines(keepends=True)
        (data / name).write_text("".join(lines[:0:-1]))
    (data / "enrolls").unlink()
    assert anonymise(trained, data, tmp_path / "two", "--seed", "5") == 0
    assert waves(tmp_path / "two") == {utt: whole[utt] for utt in ("ann-2", "bob-1", "bob-2")}
    for k, more in enumerate((["--seed", "6"], ["--seed", "5", "--role", "enrolment"])):
        assert anonymise(trained, data, tmp_path / f"other{k}", *more) == 0
        assert not set(waves(tmp_path / f"other{k}").values()) & set(whole.values())


@pytest.mark.parametrize("voice", ["pool", "mix"])
def test_a_pool_never_lends_a_speaker_his_own_voice(
    trained: str, data: Path, tmp_path: Path, voice: str
) -> None:
    more = ["--voice", voice, "--pool", str(data), "--per", "speaker"]
    assert (
        anonymise(trained, data, tmp_path / "out", *more, "--write-mapping", str(tmp_path / "map.tsv")) == 0
    )
    _, *rows = (line.split("\t") for line in (tmp_path / "map.tsv").read_text().splitlines())
    assert {(row[1], row[4]) for row in rows} == {("ann", "bob"), ("bob", "ann")}
    assert not (tmp_path / "map.tsv").stat().st_mode & 0o077
    assert len(set(waves(tmp_path / "out").values())) == 4


def test_new_ids_are_the_same_in_every_list_and_tell_nothing(
    trained: str, data: Path, tmp_path: Path
) -> None:
    out, mapping = tmp_path / "out", tmp_path / "map.tsv"
    more = ["--rename", "--seed", "91", "--write-mapping", str(mapping)]
    assert anonymise(trained, data, out, *more) == 0
    rows = [line.split("\t") for line in mapping.read_text().splitlines()[1:]]
    new = {row[0]: row[2] for row in rows} | {row[1]: row[3] for row in rows}
    assert not (out / "note").exists()
    written = "".join(file.read_text() for file in out.iterdir() if file.is_file() and file.name != "text")
    written += "".join(file.name for file in (out / "wav").iterdir())
    assert not [old for old in new if old in written.replace(str(tmp_path), "")]
    assert {u.utt: (u.spk, u.text) for u in read_directory(out)} == {
        new[utt]: (new[spk], f"WORDS  OF {utt}") for spk, utts in UTTS.items() for utt in utts
    }
    first, second, third = (line.split() for line in (out / "trials").read_text().splitlines())
    assert first == [new["ann"], new["ann-2"], "target"] and second == [new["bob"], new["ann-2"], "nontarget"]
    assert third[1:] == [new["bob-2"], "nontarget"] and third[0] not in ("cid", new["ann"], new["bob"])
    assert (out / "enrolls").read_text().split() == sorted([new["ann-1"], new["bob-1"]])


def test_a_bad_utterance_is_left_out_of_every_list_and_named(
    trained: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "ann-2.flac").write_bytes(b"no sound")
    out = tmp_path / "out"
    assert anonymise(trained, data, out, "--strict") == 2
    assert not (out / "wav.scp").exists() and "ann-2.flac" in capsys.readouterr().err
    assert anonymise(trained, data, out) == 0
    assert "skipped ann-2: " in capsys.readouterr().err
    assert "ann-2" not in "".join(file.read_text() for file in out.iterdir() if file.is_file())
    assert (out / "trials").read_text() == "cid bob-2 nontarget\n"


def test_what_is_not_its_own_is_left_alone(
    trained: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "wav.scp").write_text("somebody's\n")
    for out, more, says in (
        (other, [], "holds something else than anonymised speech"),
        (data, [], "would replace what --data"),
        (tmp_path / "new", ["--voice", "pool"], "take their speakers from --pool"),
        (tmp_path / "new", ["--pool", str(data)], "the prior needs none"),
    ):
        assert anonymise(trained, data, out, *more) == 2
        assert says in capsys.readouterr().err
    assert (other / "wav.scp").read_text() == "somebody's\n" and not (tmp_path / "new").exists()
    out = tmp_path / "out"
    assert anonymise(trained, data, out) == 0
    (out / "mine").write_text("mine\n")
    assert anonymise(trained, data, out, "--seed", "3") == 2
    assert "holds speech by another seed" in capsys.readouterr().err
    assert anonymise(trained, data, out, "--slow", "7") == 2
    assert "holds speech by another slow" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        anonymise(trained, data, out, "--slow", "-1")
    assert "slow must be from 0" in capsys.readouterr().err
    (out / "text").write_text("changed\n")
    assert anonymise(trained, data, out) == 2
    assert "its 'text' has been changed" in capsys.readouterr().err
    assert (out / "mine").exists()
