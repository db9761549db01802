"""Corpora as mirrors, converters and spreadsheets leave them: in other folders, with other suffixes and marks."""

import os
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.corpora import fsdd, layout, mnist, secuvoice, speechocean762, tidigits, timit
from speechdis.data.audio import write_audio
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from tests.corpora.test_fsdd import write_tree as write_fsdd
from tests.corpora.test_speechocean762 import write_release
from tests.corpora.test_timit import write_tree as write_timit

WAVE = np.sin(np.arange(1600) / 3)


def ids(splits: dict[str, list[Utterance]]) -> list[str]:
    return sorted(u.utt for us in splits.values() for u in us)


@pytest.mark.parametrize("above", ["", "data", "archive/data/TIMIT"])
def test_corpora_are_found_below_the_root(tmp_path: Path, above: str) -> None:
    for name, write, prepare in (
        ("timit", write_timit, timit.prepare),
        ("fsdd", write_fsdd, lambda root: fsdd.prepare(root, dev_takes=1)),
        ("so", write_release, lambda root: speechocean762.prepare(root, dev_speakers=1)),
    ):
        if name == "fsdd" and above.count("/") > 1:
            continue  # its recordings are one deeper
        tree = write(tmp_path / name / above)
        assert ids(prepare(tmp_path / name)) == ids(prepare(tree)) != []


@pytest.mark.parametrize("suffix", [".WAV.wav", ".flac", ".wav", ".FLAC"])
def test_recordings_under_other_suffixes(tmp_path: Path, suffix: str) -> None:
    published = ids(timit.prepare(write_timit(tmp_path / "t")))
    for file in list((tmp_path / "t").rglob("*.WAV")):
        write_audio(file.with_suffix(".x"), WAVE, 16000, "FLAC" if "f" in suffix.lower() else "WAV")
        file.with_suffix(".x").rename(file.with_suffix(suffix))
        if suffix != ".WAV":
            file.unlink(missing_ok=True)
        (file.parent / f"._{file.name}").write_bytes(b"\0\5\x16\7")  # what macOS leaves
    assert ids(timit.prepare(tmp_path / "t")) == published
    for group in ("train/man/ae", "train/man/al", "test/woman/ah"):
        file = tmp_path / "digits" / group / f"z1a{suffix}"
        file.parent.mkdir(parents=True)
        write_audio(file.with_suffix(".x"), WAVE, 20000, "WAV")
        file.with_suffix(".x").rename(file)
    assert ids(tidigits.prepare(tmp_path / "digits")) == ["ae_z1a", "ah_z1a", "al_z1a"]


def test_of_several_copies_the_published_one_counts(tmp_path: Path) -> None:
    for name in ("A.flac", "A.WAV.wav", "A.WAV", "B.WAV.wav", "B.flac", "C.sph", "d.txt", ".wav"):
        (tmp_path / name).touch()
    found = layout.recordings(tmp_path)
    assert {stem: file.name for stem, file in found.items()} == {"a": "A.WAV", "b": "B.flac", "c": "C.sph"}


def test_two_trees_are_not_chosen_from(tmp_path: Path) -> None:
    write_timit(tmp_path / "one")
    write_timit(tmp_path / "two")
    with pytest.raises(InputError, match=r"holds TIMIT in 2 folders, .*one and .*two; name one as --root"):
        timit.prepare(tmp_path)


def test_no_corpus_is_said_to_look_like_itself(tmp_path: Path) -> None:
    (tmp_path / "TRAIN" / "DR1" / "FCJF0").mkdir(parents=True)
    with pytest.raises(InputError, match="no folder with both TRAIN/DR1 and TEST/DR1") as half:
        timit.prepare(tmp_path)
    (tmp_path / "TEST" / "DR1" / "FELC0").mkdir(parents=True)
    with pytest.raises(InputError, match="no recording of a listed speaker") as empty:
        timit.prepare(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").touch()
    with pytest.raises(InputError, match="no t10k-images-idx3-ubyte") as other:
        mnist.read(tmp_path, "test")
    for caught, name in ((half, "TIMIT"), (empty, "TIMIT"), (other, "MNIST")):
        assert f"it looks like {name}" not in str(caught.value)


@pytest.mark.parametrize("place", ["MNIST/raw/{0}", "raw/{0}", "{0}/{0}", "archive/{0}/{0}"])
@pytest.mark.parametrize("sign", ["-idx", ".idx"])
def test_mnist_of_torchvision_and_kaggle(tmp_path: Path, place: str, sign: str) -> None:
    images, labels = np.arange(2 * 784).astype(np.uint8).reshape(2, 28, 28), np.array([3, 7], np.uint8)
    for name, array in (("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)):
        file = tmp_path / place.format(name.replace("-idx", sign))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(
            struct.pack(f">{1 + array.ndim}I", 2048 + array.ndim, *array.shape) + array.tobytes()
        )
    beside = tmp_path / "FashionMNIST" / "raw"
    if place.startswith("MNIST"):
        shutil.copytree(tmp_path / "MNIST" / "raw", beside)
        (beside / "train-images-idx3-ubyte").write_bytes(b"other")
    read = mnist.read(tmp_path, "train")
    np.testing.assert_array_equal(read[0], images)
    np.testing.assert_array_equal(read[1], labels)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_manifest_from_a_spreadsheet(tmp_path: Path, encoding: str) -> None:
    rows = ["path\tspeaker\tdevice\tdigits\ttake"]
    for spk in range(4):
        write_audio(tmp_path / f"{spk}.wav", WAVE, 16000)
        rows.append(f"{spk}.wav\ts{spk}\twide\t12\t1")
    text = "\r\n".join([*rows, "\t\t\t\t", ""])
    (tmp_path / "manifest.tsv").write_bytes(text.encode(encoding))
    assert len(ids(secuvoice.prepare(tmp_path))) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"0 {'9' * 400} h#\n", "PHN:1: starts at"),
        (f"{'9' * 400} {'9' * 400} h#\n", "PHN:1: starts at"),
        (f"0 {'9' * 5000} h#\n", "PHN:1: expected"),
        ("-1 5 h#\n", "PHN:1: starts at"),
        ("0 5 h#\n5 nan iy\n", "PHN:2: expected"),
    ],
)
def test_times_no_recording_has_cost_one_utterance(
    tmp_path: Path, text: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    (write_timit(tmp_path / "t") / "TRAIN/DR1/FCJF0/SX127.PHN").write_text(text)
    arguments = ["--root", str(tmp_path / "t"), "--out", str(tmp_path / "o")]
    assert main(["prepare", "timit", *arguments]) == 0
    assert "skipped: " in caplog.text and message in caplog.text
    assert main(["prepare", "timit", *arguments, "--strict"]) == 2


def test_a_name_or_label_that_cannot_be_written_costs_one_utterance(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_timit(tmp_path / "t")
    (root / "TRAIN/DR1/FCJF0/SX127.WRD").write_bytes(b"0 8 a\x01b\n")
    shutil.copytree(root / "TRAIN/DR1/FCJF0", root / "TRAIN/DR1/FCJF0 copy")
    assert main(["prepare", "timit", "--root", str(root), "--out", str(tmp_path / "o")]) == 0
    assert "SX127.WRD:1" in caplog.text and "cannot be an id" in caplog.text and "FCJF0 copy" in caplog.text
    assert (tmp_path / "o" / "train" / "utt2spk").read_text() == "fcjf0_si648 fcjf0\n"


def test_a_speaker_list_with_a_mark(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbfMREB9\r\n\r\n")
    assert timit.read_speakers(tmp_path / "list") == {"mreb9"}
    (tmp_path / "list").write_bytes(b"MREB9 \xe9\n")
    with pytest.raises(InputError, match="list: not UTF-8"):
        timit.read_speakers(tmp_path / "list")


def test_the_release_names_no_missing_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    speechocean762.prepare(write_release(tmp_path / "so"), dev_speakers=1)
    assert "missing" not in caplog.text


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc/self/fd")
def test_espeak_in_long_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    espeakng_loader = pytest.importorskip("espeakng_loader")
    from speechdis.corpora import espeak

    long = tmp_path / ("d" * 200)
    long.mkdir()
    (long / "espeak-ng-data").symlink_to(espeakng_loader.get_data_path())
    link = espeak._short(str(long / "espeak-ng-data"), os.open(long / "espeak-ng-data", os.O_RDONLY))
    assert len(link) < 30 and (Path(link) / "phontab").is_file()
    monkeypatch.setattr("tempfile.tempdir", str(long))  # the voice's file
    assert len(espeak.speak("one", espeak.Voice(100, 1.3, 160)).samples) > 1000
