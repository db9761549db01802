"""Stores go to Kaldi's archives and come back unchanged."""

from pathlib import Path

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.errors import InputError
from speechdis.features import settings_of
from speechdis.features.kaldi import export, read_rows
from speechdis.features.store import Store, write_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    rng = np.random.default_rng(0)
    rows = [(f"s{i % 2}-{i}", f"s{i % 2}", rng.normal(5, 2, (i + 1, 80))) for i in (0, 2, 4, 1, 3)]
    return write_store(tmp_path / "store", rows, settings_of("fbank"))


def test_there_and_back(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path / "kaldi")
    moved = (tmp_path / "kaldi").rename(tmp_path / "moved")  # the archive is found beside its index
    arguments = ["--data", str(moved), "--out", str(tmp_path / "back"), "--from-kaldi"]
    assert main(["features", *arguments]) == 0
    back = Store.read(tmp_path / "back")
    assert (back.utts, back.spks, back.digest) == (store.utts, store.spks, store.digest)
    assert back.settings == store.settings


def test_kaldi_reads_what_is_exported(store: Store, tmp_path: Path) -> None:
    native = pytest.importorskip("kaldi_native_io")
    export(store, tmp_path)
    with native.SequentialFloatMatrixReader(f"ark:{tmp_path / 'feats.ark'}") as reader:
        read = {key: np.array(value) for key, value in reader}
    assert list(read) == list(store.utts)
    for i, utt in enumerate(store.utts):
        np.testing.assert_array_equal(read[utt], store[i])
    assert (tmp_path / "utt2spk").read_text().split() == [
        word for pair in zip(store.utts, store.spks, strict=True) for word in pair
    ]


def test_export_while_extracting(store: Store, tmp_path: Path) -> None:
    """--to-kaldi beside --from-kaldi: an import that is exported again is byte for byte the same archive."""
    export(store, tmp_path / "a")
    arguments = ["--data", str(tmp_path / "a"), "--out", str(tmp_path / "s"), "--from-kaldi"]
    assert main(["features", *arguments, "--to-kaldi", str(tmp_path / "b")]) == 0
    for file in ("feats.ark", "feats.scp", "utt2spk"):
        first, second = ((tmp_path / name / file).read_bytes() for name in "ab")
        assert first.replace(bytes(tmp_path / "a"), bytes(tmp_path / "b")) == second


def test_what_does_not_fit_is_named(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path)
    with pytest.raises(InputError, match="80 dimensions, not 40"):
        list(read_rows(tmp_path, 40))
    (tmp_path / "utt2spk").write_text("s0-0 s0\n")
    with pytest.raises(InputError, match="no speaker for utterance 's0-2'"):
        list(read_rows(tmp_path, 80))
    (tmp_path / "utt2spk").write_text("s0-0 s0\ns0-2\n")
    with pytest.raises(InputError, match="utt2spk:2"):
        list(read_rows(tmp_path, 80))
    (tmp_path / "utt2spk").unlink()
    with pytest.raises(InputError, match="utt2spk: no such file"):
        list(read_rows(tmp_path, 80))


def test_a_command_in_the_index_is_not_run(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path)
    (tmp_path / "feats.scp").write_text(f"s0-0 touch {tmp_path / 'ran'} |\n")
    with pytest.raises(InputError, match="command"):
        list(read_rows(tmp_path, 80))
    assert not (tmp_path / "ran").exists()


def test_channels_need_audio(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--data", str(tmp_path), "--out", str(tmp_path / "s"), "--from-kaldi", "--channel-seed", "0"]
    assert main(["features", *arguments]) == 2
    assert "--from-kaldi" in capsys.readouterr().err


def test_one_bad_matrix_is_skipped_and_said(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    export(store, tmp_path / "k")
    with (tmp_path / "k" / "feats.scp").open("a") as file:
        file.write("s1-x nothing.ark:5\ns1-y feats.ark:7\n")
    words = ["features", "--data", str(tmp_path / "k"), "--from-kaldi", "--json", "-"]
    assert main([*words, "--out", str(tmp_path / "s")]) == 0
    assert '"skipped": 2' in capsys.readouterr().out
    assert {m.split()[1] for m in caplog.messages if m.startswith("skipped")} == {"s1-x:", "s1-y:"}
    assert Store.read(tmp_path / "s").utts == store.utts
    assert main([*words, "--out", str(tmp_path / "t"), "--strict"]) == 2
    (tmp_path / "k" / "feats.scp").write_text("s1-1 feats.ark:7\n")
    assert main([*words, "--out", str(tmp_path / "t")]) == 2
    assert "not one usable utterance; the last: " in capsys.readouterr().err
    assert not (tmp_path / "t").exists()
