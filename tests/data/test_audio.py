"""Audio: what is written is read, only the wanted part is decoded, and every bad file has its own line."""

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechdis.data import survey
from speechdis.data.audio import duration, read_audio, write_audio
from speechdis.errors import InputError

RATE = 16000
CHIRP = (np.sin(np.linspace(0, 60, RATE) ** 2) * 12000).astype(np.int16)


def sphere(path: Path, samples: np.ndarray, rate: int, subtype: str) -> None:
    soundfile.write(path, samples, rate, format="NIST", subtype=subtype)


@pytest.mark.parametrize("suffix", ["wav", "flac", "sph"])
def test_16_bits_come_back_exactly(tmp_path: Path, suffix: str) -> None:
    write_audio(tmp_path / f"a.{suffix}", CHIRP / 32768, RATE)
    wave, rate = read_audio(tmp_path / f"a.{suffix}")
    assert (wave.dtype, rate, duration(tmp_path / f"a.{suffix}")) == (np.float32, RATE, 1.0)
    np.testing.assert_array_equal(wave * 32768, CHIRP)


@pytest.mark.parametrize(("subtype", "error"), [("ULAW", 0.02), ("ALAW", 0.02), ("PCM_16", 0)])
def test_sphere_codings_whatever_the_suffix(tmp_path: Path, subtype: str, error: float) -> None:
    sphere(tmp_path / "SA1.WAV", CHIRP, RATE, subtype)
    np.testing.assert_allclose(read_audio(tmp_path / "SA1.WAV")[0], CHIRP / 32768, atol=error)


def test_values_beyond_full_scale_are_clipped_not_wrapped(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.array([2.0, -2.0, 0.5]), RATE)
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav")[0], [32767 / 32768, -1, 0.5])


@pytest.mark.parametrize("suffix", ["wav", "flac", "sph"])
def test_a_part_is_a_slice_of_the_whole(tmp_path: Path, suffix: str) -> None:
    write_audio(tmp_path / f"a.{suffix}", CHIRP / 32768, RATE)
    for start, end in [(0.25, 0.5), (0.1, None), (0.0, 1.2)]:  # a segment may end a little late
        wave, _ = read_audio(tmp_path / f"a.{suffix}", start=start, end=end)
        np.testing.assert_array_equal(wave * 32768, CHIRP[round(start * RATE) : end and round(end * RATE)])
    for start, end in [(1.0, None), (0.5, 0.5), (0.0, 2.0), (-1.0, 0.5)]:
        with pytest.raises(InputError, match=r"outside its 1\.000 s"):
            read_audio(tmp_path / f"a.{suffix}", start=start, end=end)


def test_resampling_keeps_a_tone_and_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def tone(rate: int) -> np.ndarray:
        return 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)

    survey._noted.clear()
    with caplog.at_level(logging.WARNING):
        for name in ("a", "b"):
            write_audio(tmp_path / f"{name}.wav", tone(8000), 8000)
            wave, rate = read_audio(tmp_path / f"{name}.wav", rate=RATE)
    assert (rate, len(wave), wave.dtype) == (RATE, RATE, np.float32)
    np.testing.assert_allclose(wave[800:-800], tone(RATE)[800:-800], atol=1e-3)
    assert [record.message.count("8000 Hz") for record in caplog.records] == [1]


def test_stereo_is_averaged_with_a_note(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    survey._noted.clear()
    soundfile.write(tmp_path / "a.wav", np.stack([CHIRP, CHIRP // 2], axis=1), RATE)
    wave, _ = read_audio(tmp_path / "a.wav")
    np.testing.assert_allclose(wave * 32768, (CHIRP + CHIRP // 2) / 2, atol=1e-2)
    assert "2 channels" in caplog.text


def bad_files(path: Path) -> dict[str, str]:
    """Write one file of every kind of damage; file name to what its line must say."""
    write_audio(path / "whole.wav", CHIRP / 32768, RATE)
    write_audio(path / "whole.flac", CHIRP / 32768, RATE)
    write_audio(path / "whole.ogg", CHIRP / 32768, RATE)
    sphere(path / "whole.sph", CHIRP, RATE, "PCM_16")
    for suffix in ("wav", "flac", "ogg", "sph"):
        whole = (path / f"whole.{suffix}").read_bytes()
        (path / f"half.{suffix}").write_bytes(whole[: len(whole) // 2])
    (path / "header.wav").write_bytes((path / "whole.wav").read_bytes()[:30])
    (path / "header.sph").write_bytes((path / "whole.sph").read_bytes()[:40])
    (path / "empty.wav").touch()
    (path / "words.wav").write_text("not audio")
    soundfile.write(path / "none.wav", np.zeros(0), RATE)
    soundfile.write(path / "silent.wav", np.zeros(100), RATE)
    soundfile.write(path / "nan.wav", np.array([0.1, np.nan]), RATE, subtype="FLOAT")
    soundfile.write(path / "inf.wav", np.array([0.1, np.inf]), RATE, subtype="FLOAT")
    return {
        **{f"half.{suffix}": "truncated" for suffix in ("wav", "flac", "sph")},
        "half.ogg": "malformed",
        "header.wav": "not audio that can be read",
        "header.sph": "truncated",
        "empty.wav": "empty file",
        "words.wav": "not audio that can be read",
        "none.wav": "holds no samples",
        "silent.wav": "only digital silence",
        "nan.wav": "NaN",
        "inf.wav": "infinite",
        "absent.wav": "no such audio file",
    }


def test_every_bad_file_has_its_own_line(tmp_path: Path) -> None:
    for name, message in bad_files(tmp_path).items():
        with pytest.raises(InputError) as caught:
            read_audio(tmp_path / name)
        line = str(caught.value)
        assert line.startswith(str(tmp_path / name)) and message in line and "\n" not in line, line


def test_a_name_may_be_of_any_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a\udcff.wav"
    write_audio(path, np.linspace(-0.5, 0.5, 800), 8000)
    assert len(read_audio(path)[0]) == 800


def test_a_wav_from_a_pipe_has_no_length_and_is_not_truncated(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", CHIRP / 32768, RATE)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = data[4:8] = b"\xff" * 4
    (tmp_path / "a.wav").write_bytes(data)
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav")[0] * 32768, CHIRP)


def test_an_unknown_suffix_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write '\.mp3'"):
        write_audio(tmp_path / "a.mp3", CHIRP / 32768, RATE)
    assert not list(tmp_path.iterdir())
