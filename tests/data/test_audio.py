"""Audio: what is written is read, only the wanted part is decoded, and every bad file has its own line."""

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechdis.data import noted
from speechdis.data.audio import duration, read_audio, read_blocks, write_audio
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

    noted._noted.clear()
    with caplog.at_level(logging.WARNING):
        for name in ("a", "b"):
            write_audio(tmp_path / f"{name}.wav", tone(8000), 8000)
            wave, rate = read_audio(tmp_path / f"{name}.wav", rate=RATE)
    assert (rate, len(wave), wave.dtype) == (RATE, RATE, np.float32)
    np.testing.assert_allclose(wave[800:-800], tone(RATE)[800:-800], atol=1e-3)
    assert [record.message.count("8000 Hz") for record in caplog.records] == [1]


def test_stereo_is_averaged_with_a_note(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    noted._noted.clear()
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


STEREO = {
    "opposite": (1.0, -1.0, 0.0),
    "quieter": (1.0, -0.8, 0.0),
    "rounded": (1.0, -1.0, 1e-4),
    "offset": (1.0, -1.0, 0.0),
}


@pytest.mark.parametrize("kind", STEREO)
def test_of_channels_that_cancel_one_is_taken(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    noted._noted.clear()
    left, right, noise = STEREO[kind]
    wave = CHIRP / 32768
    other = right * wave + noise * np.random.default_rng(0).standard_normal(len(wave))
    offset = 0.2 if kind == "offset" else 0.0
    both = np.stack([left * wave, other], 1) + offset
    soundfile.write(tmp_path / "a.wav", both, RATE)
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav")[0], wave + offset, atol=1e-4)
    assert "2 channels" in caplog.text and "only channel 1 is taken" in caplog.text
    np.testing.assert_array_equal(
        np.concatenate(list(read_blocks(tmp_path / "a.wav", RATE))), read_audio(tmp_path / "a.wav")[0]
    )


def test_channels_that_do_not_cancel_are_averaged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Two speakers, one of them, and the same twice; a channel that is silent and first is not the one taken."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, RATE)) * 0.1
    for one, two in ((a, b), (a, 0 * a), (a, a), (a, -a / 2 + b)):
        noted._noted.clear()
        soundfile.write(tmp_path / "a.wav", np.stack([one, two], 1), RATE, subtype="FLOAT")
        np.testing.assert_allclose(read_audio(tmp_path / "a.wav")[0], (one + two) / 2, atol=1e-6)
        assert "averaged" in caplog.text and "only channel" not in caplog.text
    soundfile.write(tmp_path / "a.wav", np.stack([0 * a, a, -a], 1), RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav")[0], a, atol=1e-6)


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_integers_stored_as_floats_are_scaled_with_a_note(
    tmp_path: Path, bits: int, subtype: str, caplog: pytest.LogCaptureFixture
) -> None:
    noted._noted.clear()
    wave = CHIRP / 32768
    soundfile.write(tmp_path / "a.wav", wave * 2.0 ** (bits - 1), RATE, subtype=subtype)
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav")[0], wave, atol=1e-6)
    assert f"{bits}-bit integers" in caplog.text and "a.wav" in caplog.text


def test_the_scale_is_that_of_the_whole_file(tmp_path: Path) -> None:
    """A quiet segment of integers has no value that tells; whole values do, however quiet all of it is."""
    wave = CHIRP * 1.003
    wave[:8000] *= 1e-3
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav", end=0.4)[0], wave[:6400] / 32768, rtol=1e-5)
    quiet = np.rint(CHIRP / 600).astype(np.int16)  # +- 20 of 32,768
    for values in (quiet, quiet / 2):
        soundfile.write(tmp_path / "b.wav", values, RATE, subtype="FLOAT")
        np.testing.assert_allclose(read_audio(tmp_path / "b.wav")[0], values / 32768, rtol=1e-6)


@pytest.mark.parametrize("gain", [0.5, 1.0, 3.0, 30.0])
def test_loud_floats_are_left_as_they_are(
    tmp_path: Path, gain: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Mixed hot, or divided by their standard deviation; far above full scale, with a note."""
    monkeypatch.setattr("speechdis.data.noted._noted", set())
    wave = gain * np.sin(np.linspace(0, 60, RATE) ** 2)
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav")[0], wave, rtol=1e-6, atol=1e-7)
    assert ("where 1 is full scale" in caplog.text) == (gain > 8)


def test_floats_on_no_scale_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.1, 1e20, -0.1]), RATE, subtype="FLOAT")
    with pytest.raises(InputError, match=r"a\.wav: holds a sample of 1e\+20"):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("source", [8000, 11025, 16000, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_blocks_are_the_whole(
    tmp_path: Path, source: int, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit by bit, at any rate, and however little is decoded at a time or kept."""
    path = tmp_path / "a.flac"
    noise = np.random.default_rng(0).standard_normal((3 * source + 17, channels)) * 0.05
    soundfile.write(path, noise, source)
    whole, _ = read_audio(path, RATE)
    part, _ = read_audio(path, RATE, 0.5, 2.3)
    monkeypatch.setattr("speechdis.data.libsndfile.BLOCK", 999)
    monkeypatch.setattr("speechdis.data.audio._KEPT", 1500)
    np.testing.assert_array_equal(np.concatenate(list(read_blocks(path, RATE))), whole)
    np.testing.assert_array_equal(np.concatenate(list(read_blocks(path, RATE, 0.5, 2.3))), part)
    np.testing.assert_array_equal(read_audio(path, RATE)[0], whole)


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    for name in ("n" * 300 + ".wav", "a\0b.wav"):
        for read in (read_audio, duration):
            with pytest.raises(InputError, match=r"name too long|no such audio file"):
                read(tmp_path / name)


@pytest.mark.parametrize(
    "times", [(1e305, None), (0.0, 1e305), (1e305, 1.5e305), (float("nan"), None), (-1e305, 1.0)]
)
@pytest.mark.parametrize("suffix", ["wav", "mp3"])
def test_times_beyond_any_recording(tmp_path: Path, suffix: str, times: tuple[float, float | None]) -> None:
    soundfile.write(tmp_path / f"a.{suffix}", CHIRP, RATE)
    with pytest.raises(InputError, match="outside its 1"):
        read_audio(tmp_path / f"a.{suffix}", start=times[0], end=times[1])


CASES = {
    "01-streamed-flac/streamed.flac": 8000, "02-sox-pipe-wav/sox.wav": 4000, "03-mp3-no-xing/a.mp3": 24192,
    "05-header-too-long/double.wav": 4000, "05-header-too-long/placeholder.wav": 4000,
    "05-header-too-long/plus44.wav": 4000, "18-antiphase-stereo/anti.wav": 4000,
    "18-antiphase-stereo/almost.wav": 4000, "19-float-wav-int-scale/float.wav": 4000, "21-m4a/a.m4a": 9216,
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_files_as_people_have_them(shared: Path, case: str) -> None:
    path = shared.parent / "cases" / "public" / case
    if not path.exists():
        pytest.skip("needs ../shared/cases")
    if path.suffix == ".m4a":
        pytest.importorskip("av", reason="needs the extra [formats]")
    wave, rate = read_audio(path)
    assert (len(wave), duration(path)) == (CASES[case], len(wave) / rate)
    beside = read_audio(path.parent / "ok.wav")[0]
    if rate == RATE and len(wave) == len(beside):
        np.testing.assert_allclose(wave, beside, atol=1e-4)
