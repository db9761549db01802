"""Shards of a frame store: joined they are the store made at once; each is made again alone; what is wrong is said."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.data.audio import write_audio
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.features.blocks import PIECE, frames_of, pieces_of
from speechdis.features.store import Store

FILES = ("frames.npy", "store.yaml", "utts.tsv")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Seven recordings of two speakers, one of which is silent: it cannot be used."""
    path, utterances = tmp_path / "data", []
    for i in range(7):
        wave = np.random.default_rng(i).normal(0, 0.1, 4000 + 900 * i) * (i != 3)
        write_audio(path / "wav" / f"{i}.wav", wave, 16000)
        utterances.append(Utterance(f"s{i // 4}-{i}", f"s{i // 4}", path / "wav" / f"{i}.wav"))
    write_directory(path, utterances)
    return path


def make(data: Path, out: Path, *options: str, command: str = "features", code: int = 0) -> None:
    assert main([command, "--data", str(data), "--out", str(out), "--jobs", "1", *options]) == code


def content(store: Path) -> dict[str, bytes]:
    return {name: (store / name).read_bytes() for name in FILES}


@pytest.mark.parametrize("options", [["features"], ["features", "--channel-seed", "1"], ["augment"]])
def test_the_bytes_of_a_store_made_at_once(
    data: Path, tmp_path: Path, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command, *more = options
    monkeypatch.setattr("speechdis.features.extraction.LONG", 20)  # most of them are written in blocks
    monkeypatch.setattr("speechdis.features.blocks.PIECE", 7)
    make(data, tmp_path / "whole", *more, command=command)
    for k in (3, 1):
        make(data, tmp_path / "joined", *more, "--shards", f"{k}/3", command=command)
    assert sorted(p.name for p in (tmp_path / "joined.shards").iterdir()) == ["1-of-3", "3-of-3"]
    make(data, tmp_path / "joined", *more, "--shards", "3", command=command)
    assert content(tmp_path / "joined") == content(tmp_path / "whole")
    assert not (tmp_path / "joined.shards").exists()


def test_a_damaged_or_killed_shard_is_made_again_alone(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shards = tmp_path / "s.shards"
    for k in (1, 2, 3):
        make(data, tmp_path / "s", "--shards", f"{k}/3")
    with pytest.raises(InputError, match=r"its shards lie in s\.shards: --shards N joins"):
        Store.read(tmp_path / "s")
    before = {k: content(shards / f"{k}-of-3") for k in (1, 2, 3)}
    times = {k: (shards / f"{k}-of-3" / "frames.npy").stat().st_mtime_ns for k in (1, 2, 3)}
    with (shards / "2-of-3" / "frames.npy").open("r+b") as file:
        file.truncate(1000)
    (shards / ".3-of-3.elsewhere-1-00000000.partial").mkdir()  # of a machine that died
    shutil.rmtree(shards / "3-of-3")
    for k in (1, 2, 3):
        make(data, tmp_path / "s", "--shards", f"{k}/3")
    assert before == {k: content(shards / f"{k}-of-3") for k in (1, 2, 3)}
    assert (shards / "1-of-3" / "frames.npy").stat().st_mtime_ns == times[1]
    (said,) = [m for m in caplog.messages if "made again" in m]
    assert "2-of-3/frames.npy: float32" in said
    make(data, tmp_path / "s", "--shards", "3")
    assert len(Store.read(tmp_path / "s")) == 6


def test_two_programs_may_clear_what_a_third_left(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As workers do whose fellow has died: one finds the files gone that it has listed."""
    from speechdis.data import atomic

    left = tmp_path / "s.shards" / f".1-of-3.{atomic._HOST}-{2**22 + 1}-00000000.partial"
    left.mkdir(parents=True)
    remove = atomic._remove

    def after_another(path: Path) -> None:
        if path.name == left.name:
            shutil.rmtree(path)
            shutil.rmtree(path)
        remove(path)

    monkeypatch.setattr(atomic, "_remove", after_another)
    make(data, tmp_path / "s", "--shards", "1/3")
    assert [file.name for file in left.parent.iterdir()] == ["1-of-3"]


def test_a_full_disk_leaves_the_other_shards(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from speechdis.features import store

    whole = store._Written.add

    def full(self: store._Written, utt: str, x: np.ndarray) -> None:
        if utt == "s1-5":
            raise OSError(28, "No space left on device")
        whole(self, utt, x)

    with monkeypatch.context() as patched:
        patched.setattr(store._Written, "add", full)
        make(data, tmp_path / "s", "--shards", "3", code=2)
    assert "3-of-3: No space left on device" in capsys.readouterr().err.splitlines()[-1]
    assert sorted(p.name for p in (tmp_path / "s.shards").iterdir()) == ["1-of-3", "2-of-3"]
    make(data, tmp_path / "s", "--shards", "3")
    make(data, tmp_path / "whole")
    assert content(tmp_path / "s") == content(tmp_path / "whole")


def test_shards_of_other_settings_or_data_are_not_joined(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(data, tmp_path / "s", "--shards", "2/3", "--bins", "40")
    make(data, tmp_path / "s", "--shards", "3", code=2)
    error = capsys.readouterr().err.splitlines()[-1]
    assert "s.shards/2-of-3: holds a store of other settings: config.bins was 40, now 80" in error
    make(data, tmp_path / "s", "--shards", "3", "--overwrite")
    assert len(Store.read(tmp_path / "s").mean) == 80
    make(data, tmp_path / "t", "--shards", "2/3")
    for name in ("wav.scp", "utt2spk"):
        lines = (data / name).read_text().splitlines(keepends=True)
        (data / name).write_text("".join(lines[1:]))
    make(data, tmp_path / "t", "--shards", "3", code=2)
    assert "2-of-3: holds a store of other settings: shard.utterances" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--shards", "8"], "7 utterances cannot be in 8 shards"),
        (["--shards", "1/2", "--to-kaldi", "k"], "--to-kaldi needs all of them"),
        (["--shards", "3/2"], "expected N, or K/N with K from 1 to N, not '3/2'"),
    ],
)
def test_what_cannot_be(
    data: Path, tmp_path: Path, options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        make(data, tmp_path / "s", *options, code=2)
    except SystemExit as stop:
        assert stop.code == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "s").exists() and not (tmp_path / "s.shards").exists()


def test_workers_write_shards_themselves(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("dask.distributed")
    make(data, tmp_path / "whole")
    caplog.clear()
    with distributed.LocalCluster(2, 1, processes=False, dashboard_address=None) as cluster:
        at = ["--scheduler", cluster.scheduler_address]
        with caplog.at_level(logging.INFO):
            make(data, tmp_path / "s", "--shards", "3", *at)
        assert sum("skipped s0-3" in m for m in caplog.messages) == 1
        monkeypatch.setattr("speechdis.features.shards.stored", lambda *args, **more: None)  # to another disk
        make(data, tmp_path / "t", "--shards", "3", *at, code=2)
    assert content(tmp_path / "s") == content(tmp_path / "whole")


def test_pieces_are_those_that_frames_are_made_in() -> None:
    for count in (1, PIECE, 2 * PIECE, 2 * PIECE + 1, 3 * PIECE + 5, 5 * PIECE):
        frames = np.arange(count)[:, None]
        made = frames_of([np.arange(10 * count + 15)], 25, 10, lambda wave: wave[: len(wave) - 24 : 10, None])
        assert [len(one) for one in pieces_of(frames)] == [len(one) for one in made]
