"""From data directories to stores: what is kept, what is left out and said, and the same bytes every time."""

import json
import logging
import os
from pathlib import Path

import numpy as np
import pytest

from speechdis import features
from speechdis.cli import main
from speechdis.data.audio import write_audio
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.features.extraction import Item, make_store
from speechdis.features.store import Store


def recording(seed: int, seconds: float = 0.5, rate: int = 16000) -> np.ndarray:
    n = round(seconds * rate)
    return (np.random.default_rng(seed).standard_normal(n) * 0.05).astype(np.float32)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory of six recordings of two speakers."""
    path = tmp_path / "data"
    utterances = []
    for i in range(6):
        write_audio(path / "wav" / f"{i}.wav", recording(i, 0.3 + 0.1 * i), 16000)
        utterances.append(Utterance(f"s{i % 2}-{i}", f"s{i % 2}", path / "wav" / f"{i}.wav"))
    write_directory(path, utterances)
    return path


def store_files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


@pytest.mark.parametrize("name", features.names())
def test_a_store_holds_the_frames_of_its_recordings(data: Path, tmp_path: Path, name: str) -> None:
    from speechdis.data.audio import read_audio

    options = ["--data", str(data), "--out", str(tmp_path / "s"), "--feature-type", name]
    assert main(["features", *options, "--jobs", "1"]) == 0
    store = Store.read(tmp_path / "s")
    assert store.utts == ("s0-0", "s0-2", "s0-4", "s1-1", "s1-3", "s1-5")
    assert store.settings == features.settings_of(name)
    for i, utt in enumerate(store.utts):
        wave, _ = read_audio(data / "wav" / f"{utt[-1]}.wav")
        np.testing.assert_array_equal(store[i], features.extract(wave, store.settings))


def test_same_bytes_whatever_the_number_of_processes(data: Path, tmp_path: Path) -> None:
    for jobs in ("1", "2"):
        assert main(["features", "--data", str(data), "--out", str(tmp_path / jobs), "--jobs", jobs]) == 0
    assert store_files(tmp_path / "1") == store_files(tmp_path / "2")


def test_a_tree_becomes_a_tree(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "train").symlink_to(data)
    (tree / "test").symlink_to(data)
    (tree / "notes").mkdir()
    out = tmp_path / "feats"
    assert main(["features", "--data", str(tree), "--out", str(out), "--jobs", "1", "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert sorted(result) == sorted(p.name for p in out.iterdir()) == ["test", "train"]
    assert result["train"]["utterances"] == 6
    assert result["train"]["digest"] == Store.read(out / "train").digest


def spoil(data: Path) -> list[str]:
    """Make four recordings unusable; returns their ids."""
    (data / "wav" / "0.wav").write_bytes((data / "wav" / "0.wav").read_bytes()[:1000])
    (data / "wav" / "1.wav").unlink()
    write_audio(data / "wav" / "2.wav", np.zeros(8000), 16000)
    write_audio(data / "wav" / "3.wav", recording(3, 0.02), 16000)
    return ["s0-0", "s1-1", "s0-2", "s1-3"]


def test_bad_recordings_are_named_and_left_out(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = spoil(data)
    caplog.set_level(logging.INFO)
    assert main(["features", "--data", str(data), "--out", str(tmp_path / "s"), "--jobs", "1"]) == 0
    assert Store.read(tmp_path / "s").utts == ("s0-4", "s1-5")
    for utt in bad:
        assert f"skipped {utt}: " in caplog.text
    assert "320 samples, shorter than one window of 400" in caplog.text
    assert "2 utterances" in caplog.messages[-1]
    assert "4 utterances skipped" in caplog.messages[-1]


def test_strict_fails_on_the_first_of_them(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(data)
    for jobs in ("1", "2"):
        out = tmp_path / "s"
        assert main(["features", "--data", str(data), "--out", str(out), "--strict", "--jobs", jobs]) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("speechdis features: s0-0: ")
        assert not out.exists()


def test_nothing_left_is_an_error(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in (data / "wav").iterdir():
        file.write_bytes(b"")
    assert main(["features", "--data", str(data), "--out", str(tmp_path / "s"), "--jobs", "1"]) == 2
    assert "not one usable utterance; the last was s1-5" in capsys.readouterr().err


def test_other_rates_are_resampled(data: Path, tmp_path: Path) -> None:
    """Noise below 4 kHz has the same filterbanks at either rate, up to the edge."""
    import soxr

    low = recording(0, 2, 8000)
    for rate, wave in ((8000, low), (16000, soxr.resample(low, 8000, 16000))):
        write_audio(tmp_path / f"{rate}" / "a.wav", wave, rate)
        write_directory(tmp_path / f"{rate}", [Utterance("a", "a", tmp_path / f"{rate}" / "a.wav")])
        arguments = ["--data", str(tmp_path / f"{rate}"), "--out", str(tmp_path / f"s{rate}"), "--jobs", "1"]
        assert main(["features", *arguments]) == 0
    stores = [Store.read(tmp_path / f"s{rate}") for rate in (8000, 16000)]
    assert abs(stores[0].counts[0] - stores[1].counts[0]) <= 1
    assert np.abs(stores[0][0][:150, :50] - stores[1][0][:150, :50]).mean() < 0.01


def test_each_utterance_gets_its_own_channel(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "s"
    main(["features", "--data", str(data), "--out", str(out), "--jobs", "1"])
    clean = Store.read(out)
    clean_frames = np.array(clean.frames)
    first = ["features", "--data", str(data), "--out", str(tmp_path / "c"), "--channel-seed"]
    main([*first, "0", "--jobs", "1"])
    channel = Store.read(tmp_path / "c")
    assert channel.settings == {**clean.settings, "channel": 0}
    assert (channel.counts == clean.counts).all()
    shift = np.stack(
        [(channel[i] - clean_frames[clean.first[i] :][: clean.counts[i]]).mean(0) for i in range(6)]
    )
    assert (np.abs(shift[1:] - shift[:-1]).max(1) > 0.5).all()
    main([*first, "1", "--jobs", "1"])
    assert np.abs(Store.read(tmp_path / "c").frames - clean_frames).max() > 0.5


def test_memory_does_not_grow_with_the_corpus(data: Path, tmp_path: Path) -> None:
    """Peak memory of 400 times the utterances, in a process of its own, within 20 MB."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from speechdis.data.directory import read_directory;"
        "from speechdis.features import settings_of; from speechdis.features.extraction import Item, make_store;"
        "us = read_directory(sys.argv[1]); times = int(sys.argv[3]);"
        "items = (Item(f'{i}{u.utt}', u) for i in range(times) for u in us);"
        "make_store(sys.argv[2], items, 6 * times, settings_of('spectrogram'));"
        # Not ru_maxrss, which begins at the size of the process that started this one.
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    peaks = []
    for times in ("1", "400"):  # 0.2 and 98 MB of frames
        command = [sys.executable, "-c", code, str(data), str(tmp_path / times), times]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
        peaks.append(int(done.stdout) / 1024)
    assert peaks[1] - peaks[0] < 20
    assert peaks[1] < 1000


@pytest.mark.parametrize("name", features.names())
def test_blocks_give_the_frames_of_the_whole(name: str) -> None:
    """Cut anywhere: blocks shorter than a hop, than a window, and longer than what is extracted at a time."""
    settings, wave = features.settings_of(name), recording(0, 130)
    module = features.load(name)
    whole = module.extract(wave, module.Config())
    np.testing.assert_array_equal(features.extract(wave, settings), whole)
    cuts = np.cumsum([1, 99, 250, 0, 5000, 40001, 16000 * 100])
    blocks = list(features.extract_blocks(np.split(wave, cuts), settings))
    assert len(blocks) >= 3
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    with pytest.raises(InputError, match="150 samples, shorter than one"):
        list(features.extract_blocks([wave[:100], wave[:50]], settings))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_long_utterance_is_written_as_it_is_made(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: str
) -> None:
    out = ["features", "--data", str(data), "--jobs", jobs, "--rate", "8000", "--out"]
    assert main([*out, str(tmp_path / "whole")]) == 0
    for place, value in [
        ("speechdis.features.extraction.LONG", 20), ("speechdis.features.blocks.PIECE", 7),
        ("speechdis.data.libsndfile.BLOCK", 1500), ("speechdis.data.audio._KEPT", 2000),
    ]:  # fmt: skip
        monkeypatch.setattr(place, value)
    assert main([*out, str(tmp_path / "blocks")]) == 0
    whole, blocks = Store.read(tmp_path / "whole"), Store.read(tmp_path / "blocks")
    assert whole.utts == blocks.utts
    np.testing.assert_array_equal(whole.counts, blocks.counts)
    np.testing.assert_allclose(whole.frames, blocks.frames, rtol=0, atol=1e-5)  # products of few rows
    np.testing.assert_allclose(whole.std, blocks.std, rtol=1e-6)


def test_memory_does_not_grow_with_a_recording(tmp_path: Path) -> None:
    """Peak memory of 15 min, and of 10 s, in processes of their own, within 150 MB; at once it took 700 MB more."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from speechdis.cli import main;"
        "assert main(['features', '--data', sys.argv[1], '--out', sys.argv[1] + '/s', '--jobs', '2']) == 0;"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    # glibc keeps what each thread's arena once had: up to 60 MB more.
    env = {**os.environ, "MALLOC_ARENA_MAX": "2"}
    peaks = []
    for times in (1, 90):
        path = tmp_path / str(times)
        write_audio(path / "a.wav", np.tile(recording(0, 10), times), 16000)
        write_directory(path, [Utterance("a", "a", path / "a.wav")])
        command = [sys.executable, "-c", code, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
        peaks.append(int(done.stdout) / 1024)
    assert peaks[1] - peaks[0] < 150


def hopeless(path: Path) -> dict[str, str]:
    """A data directory of one good utterance and of those that once stopped a run; what must be said of each."""
    path.mkdir()
    good = soundfile_bytes(recording(0), "WAV")
    flac = bytearray(soundfile_bytes(recording(0), "FLAC"))
    flac[21:26] = bytes([flac[21] | 0x0F]) + b"\xff" * 4  # STREAMINFO: 2^36 - 1 samples
    sphere = bytearray(soundfile_bytes(recording(0), "NIST"))
    sphere[30:40] = "é…²".encode() + b"\xff\xfe"
    slow = bytearray(good)
    slow[24:28] = (7).to_bytes(4, "little")
    files = {"good": good, "flac": bytes(flac), "sphere": bytes(sphere), "slow": bytes(slow), "seg": good}
    for name, content in files.items():
        (path / f"{name}.wav").write_bytes(content)
    import soundfile

    soundfile.write(path / "huge.wav", np.array([0.1, 1e20] * 4000), 16000, subtype="DOUBLE")
    names = {name: f"{name}.wav" for name in (*files, "huge")} | {
        "name": "n" * 300 + ".wav",
        "nul": "a\0b.wav",
    }
    (path / "wav.scp").write_text("".join(f"{utt} {file}\n" for utt, file in names.items()))
    (path / "utt2spk").write_text("".join(f"{utt} s\n" for utt in names))
    times = dict.fromkeys(names, "0 -1") | {"seg": "1e305 1.5e305"}
    (path / "segments").write_text("".join(f"{utt} {utt} {time}\n" for utt, time in times.items()))
    return {
        "flac": "more than its bytes can hold", "sphere": "", "slow": "7 Hz", "huge": "a sample of 1e+20",
        "seg": "outside its 0.500 s", "name": "name too long", "nul": "no such audio file",
    }  # fmt: skip


def soundfile_bytes(wave: np.ndarray, format: str) -> bytes:
    import io

    import soundfile

    file = io.BytesIO()
    soundfile.write(file, wave, 16000, format=format)
    return file.getvalue()


@pytest.mark.parametrize("command", ["features", "augment"])
def test_one_bad_utterance_stops_no_run(
    tmp_path: Path, command: str, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    bad = hopeless(data)
    more = ["--versions", "1"] if command == "augment" else []
    assert main([command, "--data", str(data), "--out", str(tmp_path / "s"), "--jobs", "2", *more]) == 0
    assert [utt.split("#")[0] for utt in Store.read(tmp_path / "s").utts] == ["good"]
    lines = {m.split()[1].split("#")[0].rstrip(":"): m for m in caplog.messages if m.startswith("skipped")}
    assert lines.keys() == bad.keys()
    for utt, reason in bad.items():
        assert str(data) in lines[utt] and reason.lower() in lines[utt].lower()


@pytest.mark.parametrize(
    "error", [MemoryError(), PermissionError(13, "Permission denied"), OverflowError("x")]
)
def test_whatever_a_recording_raises_is_its_own_fault(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from speechdis.data import decoders

    def sndfile(path: Path, *rest: object) -> object:
        if path.name == "3.wav":
            raise error
        return decoders_sndfile(path, *rest)

    decoders_sndfile = decoders.Sndfile
    monkeypatch.setattr(decoders, "Sndfile", sndfile)
    assert main(["features", "--data", str(data), "--out", str(tmp_path / "s"), "--jobs", "1"]) == 0
    assert len(Store.read(tmp_path / "s")) == 5


def test_an_item_is_changed_before_its_frames_are_made(data: Path, tmp_path: Path) -> None:
    from speechdis.data.directory import read_directory

    source = read_directory(data)[0]
    settings = features.settings_of("fbank")
    items = [Item("as-is", source), Item("louder", source, lambda wave, rate: 2 * wave)]
    store, skipped = make_store(tmp_path / "s", items, 2, settings)
    assert skipped == 0
    np.testing.assert_allclose(store[1] - store[0], 2 * np.log(2), atol=1e-3)


def test_no_data_directory_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "--data", str(tmp_path), "--out", str(tmp_path / "s")]) == 2
    assert f"{tmp_path}: no wav.scp" in capsys.readouterr().err
    assert main(["features", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "s")]) == 2


def test_rate_and_bins_that_do_not_fit_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too many"):
        features.settings_of("fbank", bins=300)
    store = ["features", "--data", str(data), "--out", str(tmp_path / "s"), "--jobs", "1"]
    assert main([*store, "--bins", "0"]) == 2
    assert main([*store, "--rate", "8000", "--bins", "40"]) == 0
    assert Store.read(tmp_path / "s").frames.shape[1] == 40
