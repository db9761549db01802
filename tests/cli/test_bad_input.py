"""Everything a person drops in: in commands and in Python it is one line that names the file, or sound that is right.

Three hours of speech, which no test has time for, are read in blocks as in `tests/synthesis/test_long.py`.
"""

import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import speechdis
from speechdis import models
from speechdis.cli import main
from speechdis.data.directory import read_directory
from speechdis.errors import InputError
from speechdis.features import settings_of
from speechdis.features.store import Store
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

RATE = 16000
USELESS = {
    "text.wav": "it is text, 'no sound'",
    "film.mp4": "holds no sound",
    "blink.wav": "160 samples, shorter than one window",
    "silence.wav": "holds only digital silence",
    "offset.wav": "holds only digital silence",
    "empty.wav": "empty file",
    "folder.wav": "a folder, where a file is expected",
    "cut.flac": "truncated or damaged",
    "holes.wav": "holds NaN",
    "broken.wav": "no such audio file",
    "closed.wav": "cannot be read (Permission denied)",
}
USABLE = {  # name: s
    "short.wav": 0.1,
    "clipped.wav": 1.0,
    "fast.wav": 1.0,  # 192 kHz
    "six.wav": 1.0,  # channels
    "a name — wörd 中 '\"$x;.wav": 1.0,
    "-dash.wav": 1.0,
}


def voice(seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * k * 140 * t) / k for k in range(1, 12))
    return 0.1 * wave + 1e-3 * np.random.default_rng(0).standard_normal(len(t))


@pytest.fixture(scope="module")
def drawer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file of each kind, and `good.wav`."""
    folder = tmp_path_factory.mktemp("drawer")
    wave = voice()
    (folder / "text.wav").write_text("no sound\n")
    (folder / "empty.wav").touch()
    (folder / "folder.wav").mkdir()
    (folder / "broken.wav").symlink_to("nowhere.wav")
    soundfile.write(folder / "whole.flac", voice(3.0), RATE)
    (folder / "cut.flac").write_bytes((folder / "whole.flac").read_bytes()[:20000])
    (folder / "whole.flac").unlink()
    for name, samples in (
        ("good.wav", wave),
        ("closed.wav", wave),
        ("blink.wav", wave[:160]),
        ("short.wav", wave[:1600]),
        ("silence.wav", 0 * wave),
        ("offset.wav", 0 * wave + 0.3),
        ("clipped.wav", np.clip(50 * wave, -1, 1)),
        ("six.wav", np.stack([wave * k / 6 for k in range(6)], 1)),
        *((name, wave) for name in list(USABLE)[4:]),
    ):
        soundfile.write(folder / name, samples, RATE)
    soundfile.write(folder / "holes.wav", wave * np.nan, RATE, subtype="FLOAT")
    soundfile.write(folder / "fast.wav", voice(rate=192000), 192000)
    (folder / "closed.wav").chmod(0)
    try:
        _film(folder / "film.mp4")
    except ImportError:  # without the extra [formats]
        (folder / "film.mp4").unlink(missing_ok=True)
    return folder


def _film(file: Path) -> None:
    import av

    with av.open(str(file), "w") as film:
        video = film.add_stream("mpeg4", rate=5)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        film.mux([*video.encode(picture), *video.encode(None)])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has not learnt anything, on disk."""
    torch.manual_seed(0)
    config = models.load("dsvae").Config(static_size=4, dynamic_size=3, hidden_size=8)
    path = tmp_path_factory.mktemp("dsvae") / "checkpoints" / "best.safetensors"
    mean, std = np.full(80, 8, np.float32), np.full(80, 3, np.float32)
    network = models.build("dsvae", 80, config)
    checkpoint.save(path, Checkpoint(network, "dsvae", settings_of("fbank"), 20, mean, std, 0))
    return path.parent.parent


def useless(drawer: Path, name: str) -> Path:
    file = drawer / name
    if name == "film.mp4" and not file.exists():
        pytest.skip("needs the extra [formats]")
    if name == "closed.wav" and os.access(file, os.R_OK):
        pytest.skip("this user may read everything")
    return file


@pytest.mark.parametrize("name", USELESS)
def test_what_is_no_recording_is_one_line_everywhere(
    name: str, drawer: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = useless(drawer, name), drawer / "good.wav"
    model = speechdis.load(trained)
    for call in (
        lambda: model.embed(bad),
        lambda: model.embed([good, bad]),
        lambda: model.swap(bad, good),
        lambda: model.swap(good, bad),
        lambda: model.anonymise(bad),
    ):
        with pytest.raises(InputError) as caught:
            call()
        assert str(caught.value).startswith(f"{bad}: ") and USELESS[name] in str(caught.value)
    for one, other in ((bad, good), (good, bad)):
        told = ["--voice", str(one), "--content", str(other), "--out", str(tmp_path / "o.wav")]
        assert main(["swap", "--checkpoint", str(trained), *told]) == 2
        error = capsys.readouterr().err
        assert (
            error.startswith(f"speechdis swap: {bad}: ") and USELESS[name] in error and error.count("\n") == 1
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", USABLE)
def test_odd_recordings_are_read(
    name: str, drawer: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(drawer)
    model = speechdis.load(trained)
    codes = model.embed(name)
    assert np.isfinite(codes.static).all() and len(codes.dynamic) == pytest.approx(100 * USABLE[name], abs=3)
    for one, other in ((name, "good.wav"), ("good.wav", name)):
        out = tmp_path / "o.wav"
        told = ["--voice", one, "--content", other, "--out", str(out)]
        assert main(["swap", "--checkpoint", str(trained), *told]) == 0
        wave, rate = soundfile.read(out)
        seconds = USABLE[name] if other == name else 1.0
        assert len(wave) == pytest.approx(seconds * rate, abs=2) and 0.01 < np.abs(wave).max() <= 1


def test_a_folder_of_all_of_it(
    drawer: Path, trained: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """`prepare folder`, then `features`, then `embed`: what can be used is, and every other file has its line."""
    root = tmp_path / "in"
    shutil.copytree(drawer, root / "ann", symlinks=True, ignore=shutil.ignore_patterns("closed.wav"))
    for speaker in ("bob b", "-cleo", "dan"):
        (root / speaker).mkdir()
        shutil.copy(drawer / "good.wav", root / speaker)
    with caplog.at_level(logging.INFO):
        assert main(["prepare", "folder", "--root", str(root), "--out", str(tmp_path / "data")]) == 0
        assert main(["features", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "feats")]) == 0
    splits = "train", "dev", "test"
    stores = [Store.read(tmp_path / "feats" / part) for part in splits]
    kept = {u.path.name for part in splits for u in read_directory(tmp_path / "data" / part)}
    assert kept >= USABLE.keys() and "text.wav" not in kept
    assert sum(map(len, stores)) == len(USABLE) + 4
    for name in USELESS.keys() - {"closed.wav", "folder.wav", "film.mp4"}:
        assert any(f"{name}: " in m and USELESS[name] in m for m in caplog.messages if "skipped" in m), name
    told = ["--checkpoint", str(trained), "--features", str(tmp_path / "feats" / "test")]
    assert main(["embed", *told, "--out", str(tmp_path / "vectors")]) == 0


@pytest.mark.parametrize("what", ["good.wav", "text.wav", "none", "."])
def test_embed_wants_a_store(
    drawer: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    told = ["--checkpoint", str(trained), "--features", str(drawer / what), "--out", str(tmp_path / "o")]
    assert main(["embed", *told]) == 2
    assert "not a frame store" in capsys.readouterr().err and not (tmp_path / "o").exists()
