"""Long recordings: on disk and by windows, the same swap as in one piece; and in memory that does not grow."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from speechdis import models
from speechdis.data.audio import write_audio, write_blocks
from speechdis.errors import InputError
from speechdis.features import settings_of
from speechdis.synthesis import codes, files
from speechdis.synthesis.content import content_of
from speechdis.synthesis.conversion import convert, reconstruct
from speechdis.synthesis.manner import Manner
from speechdis.synthesis.rows import Rows, peak, pieces
from speechdis.synthesis.spectra import converted_frames
from speechdis.synthesis.voices import voice_of
from speechdis.training.checkpoint import Checkpoint


def model(name: str) -> Checkpoint:
    torch.manual_seed(0)
    config = models.load(name).Config(static_size=4, dynamic_size=3, hidden_size=8)
    mean, std = np.full(80, 8, np.float32), np.full(80, 3, np.float32)
    return Checkpoint(models.build(name, 80, config).eval(), name, settings_of("fbank"), 20, mean, std, 0)


def speech(seconds: float, f0: float) -> np.ndarray:
    t = np.arange(round(16000 * seconds)) / 16000
    buzz = sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 30))
    noise = 1e-3 * np.random.default_rng(0).standard_normal(len(t))
    return (0.1 * buzz * np.sin(3 * np.pi * t) ** 2 + noise).astype(np.float32)


def on_disk(wave: np.ndarray, step: int = 7777) -> Rows:
    rows = Rows()
    for first in range(0, len(wave), step):
        rows.append(wave[first : first + step])
    return rows


def test_rows_are_read_as_arrays_are() -> None:
    values = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    rows = Rows()
    for first in range(0, 100, 30):
        rows.append(values[first : first + 30])
    assert rows.shape == (100, 3) and len(rows) == 100
    for part in (slice(0, 100), slice(7, 9), slice(95, 200), slice(5, 5), slice(200, 300)):
        np.testing.assert_array_equal(rows[part], values[part])
    np.testing.assert_array_equal(np.concatenate(list(pieces(rows))), values)
    assert peak(on_disk(values[:, 0])) == np.abs(values[:, 0]).max()


@pytest.mark.parametrize("vocoder", ["filter", "world"])
@pytest.mark.parametrize("name", ["dsvae", "fhvae"])
def test_a_swap_by_windows_on_disk_is_that_of_the_whole(
    name: str, vocoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To rounding; voice and words are both read so."""
    checkpoint = model(name)
    words, voice = speech(5.3, 130), speech(4.1, 190)
    whole = convert(checkpoint, content_of(checkpoint, words), voice_of(checkpoint, voice), Manner(vocoder))
    monkeypatch.setattr(codes, "LONGEST", 150)
    monkeypatch.setattr("speechdis.synthesis.rows.PIECE", 4000)
    content = content_of(checkpoint, on_disk(words))
    made = convert(checkpoint, content, voice_of(checkpoint, on_disk(voice)), Manner(vocoder))
    assert isinstance(made, Rows) and len(codes.windows(checkpoint, content.codes)) > 3
    assert np.abs(made[:] - whole).max() < 1e-4 * np.abs(whole).max()
    again = reconstruct(checkpoint, content, vocoder)[:]
    plain = reconstruct(checkpoint, content_of(checkpoint, words), vocoder)
    assert np.abs(again - plain).max() < 1e-4 * np.abs(plain).max()


def test_the_slow_part_by_windows_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window reaches as much further as a slow part does."""
    checkpoint = model("dsvae")
    words, voice = speech(5.3, 130), voice_of(checkpoint, speech(1.1, 190))
    made = []
    for longest in (600, 150):
        monkeypatch.setattr(codes, "LONGEST", longest)
        content = content_of(checkpoint, words)
        static = codes.transfer_static(checkpoint, content.codes.static, voice.static)
        made.append(converted_frames(checkpoint, content, static, voice.residual, slow=12))
    assert len(codes.windows(checkpoint, content.codes)) > 3
    np.testing.assert_allclose(made[1], made[0], atol=1e-4)


def test_a_long_recording_is_read_and_written_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = model("dsvae")
    write_audio(tmp_path / "a.wav", speech(3.0, 130), 16000)
    voice = files.read_voice(checkpoint, tmp_path / "a.wav")
    files.swap_file(checkpoint, voice, tmp_path / "a.wav", tmp_path / "whole.wav")
    monkeypatch.setattr(files, "LONGEST", 1)
    assert isinstance(files.read_content(checkpoint, tmp_path / "a.wav").words.frames, Rows)
    for name in ("long.wav", "long.flac"):
        assert files.swap_file(checkpoint, voice, tmp_path / "a.wav", tmp_path / name) == 3.0
    assert (tmp_path / "long.wav").read_bytes() == (tmp_path / "whole.wav").read_bytes()
    samples, _ = soundfile.read(tmp_path / "long.flac", dtype="int16")
    np.testing.assert_array_equal(samples, soundfile.read(tmp_path / "whole.wav", dtype="int16")[0])


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".sph"])
def test_blocks_are_written_as_the_whole_is(tmp_path: Path, suffix: str) -> None:
    wave = 1.2 * speech(1.0, 130)
    write_audio(tmp_path / f"one{suffix}", wave, 16000)
    write_blocks(tmp_path / f"many{suffix}", (wave[k : k + 999] for k in range(0, 16000, 999)), 16000)
    one, many = (soundfile.read(tmp_path / f"{name}{suffix}", dtype="int16")[0] for name in ("one", "many"))
    np.testing.assert_array_equal(one, many)
    with pytest.raises(InputError, match=r"cannot write '.mp3' audio"):
        write_blocks(tmp_path / "x.mp3", [wave], 16000)


def test_windows_hold_every_segment_that_a_frame_depends_on() -> None:
    checkpoint = model("dsvae")
    frames = np.zeros((1000, 80), np.float32)
    read = codes.encode(checkpoint, frames)
    for depth in (1, 3):
        (only,) = codes.windows(checkpoint, read, depth)
        assert only == (0, 1000, 0, 1000, slice(0, len(read.starts)))


def test_a_disk_that_is_full_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows()

    class Full:
        def seek(self, *_: int) -> None: ...
        def write(self, _: object) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(rows, "_file", Full())
    with pytest.raises(InputError, match="No space left on device; set TMPDIR"):
        rows.append(np.zeros(3, np.float32))


def test_memory_does_not_grow_with_the_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing as long as the recording is held, but numbers a frame; 30 s of short blocks stand for hours."""
    import tracemalloc

    monkeypatch.setattr(codes, "LONGEST", 200)
    monkeypatch.setattr("speechdis.synthesis.blocks.LONGEST", 2.0)
    monkeypatch.setattr("speechdis.synthesis.blocks.SEARCH", 1.0)
    monkeypatch.setattr("speechdis.synthesis.words.PIECE", 200)
    monkeypatch.setattr("speechdis.synthesis.pitch.PIECE", 2)
    monkeypatch.setattr("speechdis.synthesis.rows.PIECE", 1 << 14)
    monkeypatch.setattr("speechdis.synthesis.residual.MOST", 200)
    checkpoint = model("dsvae")
    voice = voice_of(checkpoint, speech(1.0, 190))
    held = []
    for seconds in (3, 10, 30):  # the first time imports, too
        wave = on_disk(speech(seconds, 130))
        tracemalloc.start()
        convert(checkpoint, content_of(checkpoint, wave), voice)
        held.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert held[2] - held[1] < 20 * 100 * 80 * 4 / 2  # half of the frames that the longer one has more
