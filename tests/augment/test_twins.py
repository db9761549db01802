"""The store of twins lines up with its source row by row, whatever the recordings are like."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from speechdis.augment.voice import Twin
from speechdis.cli import main
from speechdis.data.audio import read_audio, write_audio
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.features import extract
from speechdis.features.store import Store


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Seven recordings, one of them digital silence and one shorter than a window."""
    path = tmp_path / "data"
    utterances = []
    for i, n in enumerate((6000, 400, 7777, 300, 5000, 6001, 9999)):
        wave = np.random.default_rng(i).standard_normal(n) * (0 if i == 4 else 0.05)
        write_audio(path / f"{i}.wav", wave, 16000)
        utterances.append(Utterance(f"s-{i}", "s", path / f"{i}.wav"))
    write_directory(path, utterances)
    assert main(["features", "--data", str(path), "--out", str(tmp_path / "feats"), "--jobs", "1"]) == 0
    return path


def augment(data: Path, out: Path, *options: str) -> int:
    return main(
        ["augment", "--data", str(data), "--out", str(out), "--versions", "3", "--jobs", "1", *options]
    )


@pytest.mark.parametrize("aligned", [True, False])
def test_rows_line_up(data: Path, tmp_path: Path, aligned: bool) -> None:
    source = Store.read(tmp_path / "feats")
    assert source.utts == ("s-0", "s-1", "s-2", "s-5", "s-6")
    options = ["--features", str(tmp_path / "feats")] if aligned else []
    assert augment(data, tmp_path / "twins", *options) == 0
    twins = Store.read(tmp_path / "twins")
    assert twins.utts == tuple(f"{utt}#{v}" for v in range(3) for utt in source.utts)
    assert (twins.counts == np.tile(source.counts, 3)).all()
    assert twins.settings["augment"]["source"] == (source.digest if aligned else None)
    assert {key: twins.settings[key] for key in source.settings} == source.settings
    for v in range(3):
        for i, utt in enumerate(source.utts):
            wave = Twin(0, utt, v)(read_audio(data / f"{utt[-1]}.wav")[0], 16000)
            first = v * len(source.frames) + source.first[i]
            expected = extract(wave, source.settings)
            np.testing.assert_array_equal(twins.frames[first : first + source.counts[i]], expected)


def test_same_bytes_whatever_the_number_of_processes(data: Path, tmp_path: Path) -> None:
    for jobs in ("1", "2"):
        assert augment(data, tmp_path / jobs, "--jobs", jobs, "--random-channel") == 0
    digests = [Store.read(tmp_path / jobs).digest for jobs in ("1", "2")]
    assert digests[0] == digests[1]
    assert augment(data, tmp_path / "1", "--seed", "1", "--random-channel", "--overwrite") == 0
    assert Store.read(tmp_path / "1").digest != digests[0]


def test_a_version_does_not_depend_on_how_many_there_are(data: Path, tmp_path: Path) -> None:
    assert augment(data, tmp_path / "a") == 0
    assert augment(data, tmp_path / "b", "--versions", "1") == 0
    one = np.array(Store.read(tmp_path / "b").frames)
    np.testing.assert_array_equal(Store.read(tmp_path / "a").frames[: len(one)], one)


def test_settings_come_from_the_source(data: Path, tmp_path: Path) -> None:
    spectra = tmp_path / "spectra"
    options = ["--data", str(data), "--out", str(spectra), "--feature-type", "spectrogram"]
    assert main(["features", *options, "--jobs", "1"]) == 0
    assert augment(data, tmp_path / "twins", "--features", str(spectra)) == 0
    assert Store.read(tmp_path / "twins").settings["type"] == "spectrogram"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--low", "0.96", "--high", "1.04"], "no factor"),
        (
            ["--feature-type", "spectrogram", "--features", "FEATS"],
            "holds fbank, but --feature-type says spectrogram",
        ),
        (["--features", "DATA"], "not a frame store"),
    ],
)
def test_bad_options_are_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    places = {"FEATS": str(tmp_path / "feats"), "DATA": str(data)}
    assert augment(data, tmp_path / "twins", *(places.get(option, option) for option in options)) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "twins").exists()


def test_a_source_of_other_data_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (data / "wav.scp").read_text().splitlines(keepends=True)
    (data / "wav.scp").write_text("".join(lines[1:]))
    lines = (data / "utt2spk").read_text().splitlines(keepends=True)
    (data / "utt2spk").write_text("".join(lines[1:]))
    assert augment(data, tmp_path / "twins", "--features", str(tmp_path / "feats")) == 2
    assert "no utterance 's-0'" in capsys.readouterr().err


@pytest.mark.parametrize("samples", [0, 9000])
def test_a_recording_changed_since_is_an_error_that_names_it(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], samples: int
) -> None:
    (data / "2.wav").unlink()
    if samples:
        write_audio(data / "2.wav", np.random.default_rng(0).standard_normal(samples) * 0.1, 16000)
    assert augment(data, tmp_path / "twins", "--features", str(tmp_path / "feats")) == 2
    assert "s-2#0" in capsys.readouterr().err
    assert not (tmp_path / "twins").exists()


def test_a_folder_of_splits_gives_train_and_dev_the_twins_each_has_alone(data: Path, tmp_path: Path) -> None:
    """Nothing reads twins of the test speakers."""
    folder, feats = tmp_path / "splits", tmp_path / "split-feats"
    for name in ("train", "dev", "test"):
        shutil.copytree(data, folder / name)
    assert main(["features", "--data", str(folder), "--out", str(feats), "--jobs", "1"]) == 0
    assert augment(folder, tmp_path / "twins", "--features", str(feats)) == 0
    assert sorted(p.name for p in (tmp_path / "twins").iterdir()) == ["dev", "train"]
    assert augment(data, tmp_path / "alone", "--features", str(feats / "dev")) == 0
    for name in ("train", "dev"):
        made = Store.read(tmp_path / "twins" / name)
        np.testing.assert_array_equal(made.frames, Store.read(tmp_path / "alone").frames)
        assert made.settings["augment"]["source"] == Store.read(feats / name).digest


def test_a_folder_without_train_and_dev_or_over_one_store_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(data, tmp_path / "splits" / "eval")
    assert augment(tmp_path / "splits", tmp_path / "twins") == 2
    assert "neither train nor dev" in capsys.readouterr().err
    assert augment(data, tmp_path / "twins") == 0
    before = Store.read(tmp_path / "twins").digest
    shutil.copytree(data, tmp_path / "splits" / "train")
    assert augment(tmp_path / "splits", tmp_path / "twins") == 2
    assert "holds the twins of one split" in capsys.readouterr().err
    assert Store.read(tmp_path / "twins").digest == before
