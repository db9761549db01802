"""A trained vocoder in swaps: as long as the words, the same every time, and told where it does not fit."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from speechdis import models
from speechdis.cli import main
from speechdis.data.audio import write_audio
from speechdis.errors import InputError
from speechdis.features import extract, settings_of
from speechdis.features.store import Store, write_store
from speechdis.synthesis import codes, vocoders
from speechdis.synthesis.words import words_of
from speechdis.training import checkpoint
from speechdis.training.batches import versions_of
from speechdis.training.checkpoint import Checkpoint

FBANK = settings_of("fbank")
STATISTICS = np.full(80, 8, np.float32), np.full(80, 3, np.float32)


def untrained(folder: Path, name: str, seed: int = 0, **sizes: float) -> Path:
    torch.manual_seed(seed)
    model = models.build(name, 80, models.load(name).Config(hidden_size=8, **sizes))
    path = folder / "checkpoints" / "best.safetensors"
    checkpoint.save(path, Checkpoint(model, name, FBANK, 20, *STATISTICS, 0))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """exp (DSVAE), vocoder and other (Vocos), a.wav and b.wav, of a length that no frames cover."""
    untrained(tmp_path / "exp", "dsvae", static_size=4, dynamic_size=3)
    for seed, name in enumerate(("vocoder", "other")):
        untrained(tmp_path / name, "vocos", seed, block_size=8, layers=1)
    t = np.arange(12345) / 16000
    for name, hertz in (("a", 110), ("b", 220)):
        tone = sum(np.sin(2 * np.pi * k * hertz * t) / k for k in range(1, 12))
        write_audio(tmp_path / f"{name}.wav", 0.1 * np.asarray(tone), 16000)
    return tmp_path


def swap(folder: Path, out: str, vocoder: Path, *more: str) -> int:
    words = ["swap", "--checkpoint", folder / "exp", "--out", folder / out, "--vocoder", vocoder]
    return main([*map(str, words), *more])


@pytest.mark.parametrize("plain", [(), ("--plain",)])
def test_a_swap_has_as_many_samples_as_the_words_and_is_the_same_again(
    folder: Path, plain: tuple[str, ...]
) -> None:
    pair = ["--voice", str(folder / "a.wav"), "--content", str(folder / "b.wav"), *plain]
    for out, vocoder in (("one.wav", "vocoder"), ("two.wav", "vocoder/best"), ("three.wav", "other")):
        assert swap(folder, out, folder / vocoder, *pair) == 0
    assert soundfile.info(folder / "one.wav").frames == 12345
    one, two, three = ((folder / f"{k}.wav").read_bytes() for k in ("one", "two", "three"))
    assert one == two != three


def test_a_folder_of_swaps_remembers_the_vocoder_by_what_is_in_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "pairs.tsv").write_text("a.wav\tb.wav\n")
    pairs = ["--manifest", str(folder / "pairs.tsv")]
    assert swap(folder, "many", folder / "vocoder", *pairs) == 0
    assert len(json.loads((folder / "many" / "swaps.json").read_text())["vocoder"]) == 64
    (folder / "vocoder").rename(folder / "moved")
    assert swap(folder, "many", folder / "moved", *pairs) == 0
    assert swap(folder, "many", folder / "other", *pairs) == 2
    assert "holds swaps by another vocoder" in capsys.readouterr().err


def test_what_is_no_vocoder_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = ["--voice", str(folder / "a.wav"), "--content", str(folder / "b.wav")]
    for path, told in (
        (folder / "exp", "a 'dsvae' is no vocoder; 'speechdis train --config vocos' makes one"),
        (folder / "a.wav", "not a safetensors checkpoint"),
        (folder / "nothing", "there are: filter, griffin-lim, world, or a trained one"),
    ):
        try:
            assert swap(folder, "out.wav", path, *pair) == 2
        except SystemExit as stop:  # of the parser
            assert stop.code == 2
        assert told in capsys.readouterr().err
    assert not (folder / "out.wav").exists()


def test_frames_of_another_kind_are_refused(folder: Path) -> None:
    words = words_of(np.zeros(8000, np.float32) + 1e-3, FBANK)
    other = settings_of("fbank", bins=40)
    with pytest.raises(InputError, match="speaks frames whose config is"):
        vocoders.load(str(folder / "vocoder")).render(words.frames, words, other)


def test_decoded_stores_line_up_with_their_own_frames(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    for part in ("train", "dev"):
        waves = {f"{part}{n}": (0.1 * rng.normal(size=n)).astype(np.float32) for n in (6001, 9000)}
        rows = ((utt, "s", extract(wave, FBANK)) for utt, wave in waves.items())
        write_store(folder / "feats" / part, rows, FBANK)
    words = ["reconstruct", "--checkpoint", folder / "exp", "--features", folder / "feats", "--out"]
    command = [*map(str, words), str(folder / "decoded")]
    assert main(command) == main(command) == 0
    trained = checkpoint.load(folder / "exp")
    for part in ("train", "dev"):
        own, made = (Store.read(folder / name / part) for name in ("feats", "decoded"))
        assert versions_of(own, made) == 1
        frames = np.array(own[1])
        read = codes.encode(trained, frames)
        mean = codes.transfer_static(trained, read.static, read.static)
        best = codes.fitted(trained, frames, read, mean)
        np.testing.assert_allclose(made[1], codes.decode(trained, mean, best), atol=1e-5)
    assert main([*map(str, words), str(folder / "feats")]) == 2
    assert "choose another" in capsys.readouterr().err
    assert main(["reconstruct", "--out", str(folder / "x.wav")]) == 2
    assert "give --content or --features" in capsys.readouterr().err
