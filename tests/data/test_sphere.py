"""SPHERE: shorten-compressed samples against a small encoder of our own, plain ones against libsndfile."""

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechdis.data.audio import duration, read_audio, write_audio
from speechdis.data.sphere import read_header
from speechdis.errors import InputError

CHIRP = (np.sin(np.linspace(0, 40, 5000) ** 2) * 9000).astype(np.int16)


def shorten(samples: np.ndarray, block: int = 256) -> bytes:
    """Tony Robinson's shorten, version 2, as the LDC embeds it: second differences in Rice codes."""
    bits: list[str] = []

    def uvar(value: int, k: int) -> None:
        bits.append("0" * (value >> k) + "1" + (format(value & ((1 << k) - 1), f"0{k}b") if k else ""))

    def ulong(value: int) -> None:
        k = value.bit_length()
        uvar(k, 2)
        uvar(value, k)

    for value in (5, 1, block, 0, 0, 0):  # type s16 little-endian, channels, block, maxnlpc, nmean, nskip
        ulong(value)
    padded = np.concatenate([[0, 0], samples.astype(int)])
    residual = padded[2:] - 2 * padded[1:-1] + padded[:-2]
    for start in range(0, len(residual), block):
        part = residual[start : start + block]
        if len(part) < block:
            uvar(5, 2)  # BLOCKSIZE
            ulong(len(part))
        k = max(1, int(np.abs(part).mean() + 1).bit_length())
        uvar(2, 2)  # DIFF2
        uvar(k - 1, 3)
        for value in part.tolist():
            uvar(value << 1 if value >= 0 else (~value << 1) | 1, k)
    uvar(4, 2)  # QUIT
    stream = "".join(bits)
    stream += "0" * (-len(stream) % 32)
    return b"ajkg\x02" + int(stream, 2).to_bytes(len(stream) // 8, "big")


def sphere(coding: str, count: int, data: bytes) -> bytes:
    lines = [f"sample_count -i {count}", "sample_rate -i 16000", "channel_count -i 1", "sample_n_bytes -i 2"]
    lines += ["sample_byte_format -s2 01", f"sample_coding -s{len(coding)} {coding}", "end_head"]
    return ("NIST_1A\n   1024\n" + "\n".join(lines) + "\n").encode().ljust(1024, b" ") + data


@pytest.fixture
def compressed(tmp_path: Path) -> Path:
    (tmp_path / "SA1.WAV").write_bytes(sphere("pcm,embedded-shorten-v2.00", len(CHIRP), shorten(CHIRP)))
    return tmp_path / "SA1.WAV"


def test_shorten_is_read_bit_exactly_and_in_part(compressed: Path) -> None:
    pytest.importorskip("av", reason="needs the extra [sphere]")
    wave, rate = read_audio(compressed)
    assert (rate, duration(compressed)) == (16000, 5000 / 16000)
    np.testing.assert_array_equal(wave * 32768, CHIRP)
    np.testing.assert_array_equal(read_audio(compressed, start=0.1, end=0.2)[0] * 32768, CHIRP[1600:3200])


def test_a_truncated_shorten_file_is_an_error(compressed: Path) -> None:
    pytest.importorskip("av", reason="needs the extra [sphere]")
    compressed.write_bytes(compressed.read_bytes()[:2500])
    with pytest.raises(InputError, match=r"SA1\.WAV: .*(truncated|damaged)"):
        read_audio(compressed)


def test_without_pyav_the_line_says_what_to_install(
    compressed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(InputError, match=r"pip install 'speechdis\[sphere\]'"):
        read_audio(compressed)


def test_what_nothing_here_can_decode_names_a_tool(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(sphere("ulaw,embedded-shorten-v2.00", 10, b"ajkg"))
    with pytest.raises(InputError, match="sph2pipe"):
        read_audio(tmp_path / "a.wav")


def test_plain_sphere_is_what_libsndfile_reads(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.WAV", CHIRP / 32768, 16000, format="NIST")
    samples, rate = soundfile.read(tmp_path / "a.WAV", dtype="int16")
    assert rate == 16000
    np.testing.assert_array_equal(samples, CHIRP)
    header = read_header(tmp_path / "a.WAV")
    assert header is not None
    assert (header["sample_count"], header["sample_coding"], header["sample_byte_format"]) == (
        "5000",
        "pcm",
        "01",
    )


def test_other_files_have_no_sphere_header(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", CHIRP, 16000)
    assert read_header(tmp_path / "a.wav") is None
