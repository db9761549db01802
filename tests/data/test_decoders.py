"""The chain of decoders: what FFmpeg adds, what is refused, and that no file fills the memory."""

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechdis.data import decoders, recording, shorten
from speechdis.data.audio import duration, read_audio, read_blocks
from speechdis.errors import InputError

av = pytest.importorskip("av", reason="needs the extra [formats]")
RATE = 16000
CHIRP = (np.sin(np.linspace(0, 60, RATE) ** 2) * 12000).astype(np.int16)


def encode(
    path: Path,
    samples: np.ndarray,
    container: str,
    codec: str,
    rate: int = RATE,
    video: bool = False,
    **options: str,
) -> Path:
    """(K,) int16 by FFmpeg; `video` puts a picture before the sound."""
    with av.open(str(path), "w", format=container, options=options) as file:
        if video:
            pictures = file.add_stream("mpeg4", rate=10)
            pictures.width = pictures.height = 32
            pictures.pix_fmt = "yuv420p"
        sound = file.add_stream(codec, rate=rate, layout="mono") if codec else None
        if video:
            for _ in range(5):
                frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
                file.mux(pictures.encode(frame))
            file.mux(pictures.encode(None))
        if sound is not None:
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.sample_rate = rate
            for part in av.AudioResampler(sound.format, "mono", sound.rate).resample(frame):
                file.mux(sound.encode(part))
            file.mux(sound.encode(None))
    return path


def decoded(path: Path) -> np.ndarray:
    """What FFmpeg gives for it, (K,)."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler("fltp")
        parts = [f.to_ndarray()[0] for frame in file.decode(audio=0) for f in resampler.resample(frame)]
    return np.concatenate(parts)


@pytest.mark.parametrize(
    ("container", "codec", "rate", "video"),
    [
        ("mp4", "aac", RATE, False),
        ("mp4", "aac", 44100, True),
        ("adts", "aac", RATE, False),
        ("webm", "libopus", 48000, False),
        ("matroska", "pcm_s16le", RATE, False),
        ("mpegts", "aac", RATE, True),
        ("avi", "pcm_s16le", RATE, True),
        ("mov", "alac", RATE, False),
    ],
)
def test_what_libsndfile_does_not_read_ffmpeg_does(
    tmp_path: Path, container: str, codec: str, rate: int, video: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = encode(tmp_path / "a.bin", CHIRP, container, codec, rate, video)  # by its contents, not its name
    wave, found = read_audio(path)
    assert found == rate and abs(len(wave) - len(CHIRP)) < 4100
    np.testing.assert_array_equal(wave, decoded(path))
    assert duration(path) == len(wave) / rate
    np.testing.assert_array_equal(read_audio(path, start=0.1, end=0.2)[0], wave[rate // 10 : rate // 5])
    with pytest.raises(InputError, match=r"a\.bin: 5-6 s is outside its"):
        read_audio(path, start=5, end=6)
    monkeypatch.setattr("speechdis.data.ffmpeg.BLOCK", 1000)
    monkeypatch.setattr("speechdis.data.audio._KEPT", 2000)
    np.testing.assert_array_equal(np.concatenate(list(read_blocks(path, rate))), wave)


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("adts", "aac"), ("webm", "libopus")])
def test_without_pyav_the_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str, codec: str
) -> None:
    encode(tmp_path / "a.m4a", CHIRP, container, codec, 48000)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(InputError, match=r"a\.m4a: (MP4|AAC|WebM).*pip install 'speechdis\[formats\]'"):
        read_audio(tmp_path / "a.m4a")


@pytest.mark.parametrize("quality", [None, "4"])
@pytest.mark.parametrize("xing", ["0", "1"])
@pytest.mark.parametrize("loud_first", [False, True])
def test_mp3_gives_what_its_decoder_gives(
    tmp_path: Path, xing: str, quality: str | None, loud_first: bool
) -> None:
    """Without a Xing header libsndfile guesses the length by the first frame; too short a guess lost the rest."""
    noise = (np.random.default_rng(0).standard_normal(4 * RATE) * 6000).astype(np.int16)
    noise[2 * RATE :] = 0
    file = tmp_path / "a.mp3"
    with av.open(str(file), "w", format="mp3", options={"write_xing": xing}) as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        if quality is None:
            stream.bit_rate = 64000
        else:  # variable bit rate
            stream.codec_context.flags |= 2
            stream.codec_context.global_quality = int(quality) * 118
        frame = av.AudioFrame.from_ndarray(
            noise[None, :: 1 if loud_first else -1].copy(), format="s16", layout="mono"
        )
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    wave, _ = read_audio(file)
    expected = decoded(file)
    assert len(wave) == len(expected) and duration(file) == len(wave) / RATE
    np.testing.assert_allclose(wave, expected, atol=1e-3)
    np.testing.assert_allclose(read_audio(file, start=1.75, end=2.25)[0], wave[28000:36000], atol=1e-6)


def test_a_stream_of_flac_has_no_length(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.tile(CHIRP, 3), RATE)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:42] = bytes(20)  # samples and checksum of STREAMINFO: unknown
    path.write_bytes(content)
    wave, _ = read_audio(path)
    np.testing.assert_array_equal(wave * 32768, np.tile(CHIRP, 3))
    assert duration(path) == 3
    np.testing.assert_array_equal(read_audio(path, start=1.5, end=2.9)[0], wave[24000:46400])
    with pytest.raises(InputError, match=r"0\.0-9\.0 s is outside its 3\.000 s"):
        read_audio(path, end=9.0)


@pytest.mark.parametrize("channels", [2, 8, 12, 64])
def test_any_number_of_channels(tmp_path: Path, channels: int) -> None:
    """A CAF of unknown length, which libsndfile refuses."""
    samples = np.arange(channels * 800).reshape(800, channels).astype(">i2")
    about = struct.pack(">d4sIIIII", 16000.0, b"lpcm", 0, 2 * channels, 1, channels, 16)
    head = b"caff" + struct.pack(">HH", 1, 0) + b"desc" + struct.pack(">Q", len(about)) + about
    (tmp_path / "a.caf").write_bytes(
        head + b"data" + struct.pack(">QI", (1 << 64) - 1, 0) + samples.tobytes()
    )
    code = "import sys; from speechdis.data.ffmpeg import FFmpeg; from pathlib import Path; p = Path(sys.argv[1]);"
    code += "print(sum(b.shape[0] * b.shape[1] for b in FFmpeg(p, p.open('rb')).blocks()))"
    command = [sys.executable, "-c", code, str(tmp_path / "a.caf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and int(done.stdout) == 800 * channels, done.stderr


def test_a_video_without_sound_says_so(tmp_path: Path) -> None:
    encode(tmp_path / "a.mp4", CHIRP, "mp4", "", video=True)
    with pytest.raises(InputError, match="holds no sound"):
        read_audio(tmp_path / "a.mp4")


@pytest.mark.parametrize("start", ["moov", "mdat"])
def test_half_an_mp4_is_damaged(tmp_path: Path, start: str) -> None:
    options = {"movflags": "faststart"} if start == "moov" else {}
    content = encode(tmp_path / "whole", np.tile(CHIRP, 5), "mp4", "aac", **options).read_bytes()
    (tmp_path / "a.m4a").write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(InputError, match=r"a\.m4a: .*(truncated|damaged)"):
        read_audio(tmp_path / "a.m4a")


@pytest.mark.parametrize("subtype", ["GSM610", "IMA_ADPCM", "MS_ADPCM", "G721_32", "ULAW", "ALAW"])
def test_old_codings_of_wav(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.wav"
    tone = np.sin(2 * np.pi * 300 * np.arange(8000) / 8000) * 0.3
    soundfile.write(path, tone, 8000, subtype=subtype)
    wave, _ = read_audio(path)
    assert len(wave) == round(duration(path) * 8000) >= 8000
    np.testing.assert_array_equal(read_audio(path, start=0.3, end=0.6)[0], wave[2400:4800])
    assert np.corrcoef(wave[:8000], tone)[0, 1] > 0.9


NOT_AUDIO = {
    "pointer.wav": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n",
        "git lfs pull",
    ),
    "marked.flac": (
        b"\xef\xbb\xbfversion https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "git lfs pull",
    ),
    "._a.wav": (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X" + bytes(60), "what macOS keeps"),
    "page.wav": (b"\n<!DOCTYPE html><html><head><title>404</title></head></html>", "web page"),
    "error.flac": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "web page or XML"),
    "words.wav": ("Gr\u00fc\u00dfe\nan alle".encode(), "it is text, 'Gr\u00fc\u00dfe an alle'"),
    "packed.wav": (b"PK\x03\x04" + bytes(60), "unzip"),
    "packed.mp3": (b"\x1f\x8b\x08" + bytes(60), "gunzip"),
    "packed.ogg": (bytes(257) + b"ustar" + bytes(300), "tar"),
    "empty.m4a": (bytes(4000), "nothing but zeros"),
    "bare.raw": (CHIRP.tobytes(), "sox -t raw"),
    "bare.gsm": (CHIRP.tobytes()[2000:], "sox -t raw"),
    "bare.vox": (CHIRP.tobytes()[2000:], "sox -t raw"),
    "list.mp3": (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "it is text"),
}


@pytest.mark.parametrize("with_av", [True, False])
@pytest.mark.parametrize("name", NOT_AUDIO)
def test_what_is_no_audio_is_named(
    tmp_path: Path, name: str, with_av: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, says = NOT_AUDIO[name]
    (tmp_path / name).write_bytes(content)
    if not with_av:
        monkeypatch.setitem(sys.modules, "av", None)
    for read in (read_audio, duration):
        with pytest.raises(InputError) as caught:
            read(tmp_path / name)
        line = str(caught.value)
        assert line.startswith(f"{tmp_path / name}: not audio that can be read") and says in line
        assert "\n" not in line


def test_folders_pipes_and_devices_are_no_recordings(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(InputError, match=f"^{path}: "):
            read_audio(path)


@pytest.mark.parametrize("rate", [1, 7, 3999, 384001, 2**31 - 1])
def test_rates_that_speech_is_never_recorded_at(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", CHIRP, rate)
    for read in (read_audio, duration):
        with pytest.raises(InputError, match=rf"a\.wav: a rate of {rate} Hz"):
            read(tmp_path / "a.wav")


def bombs(path: Path) -> list[Path]:
    """Small files that decode to gigabytes: a header that promises them, FLAC and shorten that hold them."""
    soundfile.write(path / "claim.flac", CHIRP, RATE)
    content = bytearray((path / "claim.flac").read_bytes())
    content[21:26] = bytes([content[21] | 0x0F]) + b"\xff" * 4
    (path / "claim.flac").write_bytes(content)
    lines = "NIST_1A\n   1024\nsample_count -i 9000000000\nsample_rate -i 16000\nchannel_count -i 1\n"
    lines += "sample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_coding -s26 pcm,embedded-shorten-v2.00\nend_head\n"
    (path / "claim.sph").write_bytes(lines.encode().ljust(1024) + shorten.encode(CHIRP))
    return [path / "claim.flac", path / "claim.sph"]


def test_a_header_that_promises_gigabytes_is_not_believed(tmp_path: Path) -> None:
    for path in bombs(tmp_path):
        for read in (read_audio, duration):
            with pytest.raises(
                InputError, match=r"claim\.(flac|sph): truncated or damaged: .*more than its bytes"
            ):
                read(path)


def test_what_decodes_to_too_much_is_left_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_ALWAYS", 1000)
    monkeypatch.setattr(recording, "_DENSEST", 1)
    encode(tmp_path / "a.m4a", np.tile(CHIRP, 20), "mp4", "aac")
    for read in (read_audio, duration):
        with pytest.raises(InputError, match=r"a\.m4a: decodes to more than 1 samples a byte"):
            read(tmp_path / "a.m4a")


def test_one_waveform_has_a_limit_and_blocks_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("speechdis.data.audio._LARGEST", RATE - 1)
    soundfile.write(tmp_path / "a.wav", CHIRP, RATE)
    with pytest.raises(InputError, match=r"a\.wav: 16000 samples are too many"):
        read_audio(tmp_path / "a.wav")
    assert sum(map(len, read_blocks(tmp_path / "a.wav", RATE))) == RATE


def test_the_first_decoder_that_takes_a_file_reads_it(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", CHIRP, RATE)
    with decoders.open_recording(tmp_path / "a.wav") as found:
        assert type(found).__name__ == "Sndfile" and (found.rate, found.channels, found.total) == (
            RATE,
            1,
            RATE,
        )
