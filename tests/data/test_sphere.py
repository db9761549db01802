"""SPHERE: FFmpeg reads what our shorten writes, libsndfile the plain kinds, and damage has a line of its own."""

import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from speechdis.data import shorten
from speechdis.data.audio import duration, read_audio, write_audio
from speechdis.data.decoders import open_recording
from speechdis.data.shorten import encode, sphere_file
from speechdis.data.sphere import read_header
from speechdis.errors import InputError

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "300"))
CHIRP = (np.sin(np.linspace(0, 40, 5000) ** 2) * 9000).astype(np.int16)


def sphere(coding: str, count: int, data: bytes) -> bytes:
    lines = [f"sample_count -i {count}", "sample_rate -i 16000", "channel_count -i 1", "sample_n_bytes -i 2"]
    lines += ["sample_byte_format -s2 01", f"sample_coding -s{len(coding)} {coding}", "end_head"]
    return ("NIST_1A\n   1024\n" + "\n".join(lines) + "\n").encode().ljust(1024, b" ") + data


@pytest.fixture
def compressed(tmp_path: Path) -> Path:
    (tmp_path / "SA1.WAV").write_bytes(sphere("pcm,embedded-shorten-v2.00", len(CHIRP), encode(CHIRP)))
    return tmp_path / "SA1.WAV"


def test_shorten_is_read_bit_exactly_and_in_part(compressed: Path) -> None:
    pytest.importorskip("av", reason="needs the extra [formats]")
    wave, rate = read_audio(compressed)
    assert (rate, duration(compressed)) == (16000, 5000 / 16000)
    np.testing.assert_array_equal(wave * 32768, CHIRP)
    np.testing.assert_array_equal(read_audio(compressed, start=0.1, end=0.2)[0] * 32768, CHIRP[1600:3200])


def test_a_truncated_shorten_file_is_an_error(compressed: Path) -> None:
    pytest.importorskip("av", reason="needs the extra [formats]")
    compressed.write_bytes(compressed.read_bytes()[:2500])
    with pytest.raises(InputError, match=r"SA1\.WAV: .*(truncated|damaged)"):
        read_audio(compressed)


def test_a_header_that_ffmpeg_does_not_take_is_damage(compressed: Path) -> None:
    pytest.importorskip("av", reason="needs the extra [formats]")
    compressed.write_bytes(compressed.read_bytes().replace(b"channel_count -i 1", b"channel_count -i 0"))
    with pytest.raises(InputError, match=r"SA1\.WAV: .*damaged"):
        read_audio(compressed)


def test_without_pyav_the_line_says_what_to_install(
    compressed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(InputError, match=r"pip install 'speechdis\[formats\]'"):
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


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=1500), st.integers(0, 15))
@settings(max_examples=min(EXAMPLES, 2000))
def test_shorten_is_lossless(tmp_path_factory: pytest.TempPathFactory, values: list[int], shift: int) -> None:
    pytest.importorskip("av", reason="needs the extra [formats]")
    samples = np.array(values, np.int16) >> shift
    path = tmp_path_factory.getbasetemp() / "one.wav"
    path.write_bytes(sphere_file(samples, 20000))
    with open_recording(path) as recording:
        decoded = np.concatenate(list(recording.blocks()))
    np.testing.assert_array_equal(decoded[:, 0] * 32768, samples)


@pytest.mark.parametrize("block", [1, 255, 256, 2048, 2049, 65535])
def test_blocks_that_could_fill_the_memory_are_refused(tmp_path: Path, block: int) -> None:
    """13 kB of a stream that says 'a block of zeros' took 2.6 GB."""
    pytest.importorskip("av", reason="needs the extra [formats]")
    codes = [shorten._long(value) for value in (5, 1, block, 0, 0, 0)]
    codes += [shorten._code(8, 2)] * 20 + [shorten._code(4, 2)]
    stream = b"ajkg\x02" + shorten._rice(np.concatenate(codes, axis=1))
    assert shorten.block_size(stream) == block
    (tmp_path / "a.wav").write_bytes(sphere("pcm,embedded-shorten-v2.00", 20 * block, stream))
    with pytest.raises(InputError, match="blocks of" if block > 2048 else "only digital silence"):
        read_audio(tmp_path / "a.wav")
    assert shorten.block_size(encode(CHIRP)) == 256 and not shorten.block_size(b"ajkg\x02" + bytes(90))


def test_shorten_compresses(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", CHIRP / 32768, 20000, format="SHORTEN")
    assert (tmp_path / "a.wav").stat().st_size < 0.9 * 2 * len(CHIRP)
    assert duration(tmp_path / "a.wav") == len(CHIRP) / 20000


@pytest.mark.parametrize("promised", [len(CHIRP) - 1, len(CHIRP) + 1])
@pytest.mark.parametrize("compress", [True, False])
def test_a_header_that_disagrees_with_the_samples(tmp_path: Path, promised: int, compress: bool) -> None:
    pytest.importorskip("av", reason="needs the extra [formats]")
    coding = "pcm,embedded-shorten-v2.00" if compress else "pcm"
    data = encode(CHIRP) if compress else CHIRP.astype("<i2").tobytes()
    (tmp_path / "a.wav").write_bytes(sphere(coding, promised, data))
    with pytest.raises(InputError, match=rf"a\.wav: .*(promises|says {promised} samples)"):
        read_audio(tmp_path / "a.wav")


HEADERS = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda size, fields, end, data: b"NIST_1A\n" + size + b"\n".join(fields) + end + data,
        st.sampled_from(
            [b"   1024\n", b"     64\n", b"      0\n", b"     12\n", b"99999999999\n", b"   -100\n"]
        ),
        st.lists(
            st.builds(
                lambda name, kind, value: f"{name} {kind} {value}".encode(),
                st.sampled_from(
                    ["sample_count", "sample_rate", "channel_count", "sample_n_bytes", "sample_coding", "x"]
                ),
                st.sampled_from(["-i", "-s26", "-s3", ""]),
                st.one_of(
                    st.integers(-3, 50000).map(str),
                    st.sampled_from(["pcm", "ulaw", "pcm,embedded-shorten-v2.00", "", "1e9", "9" * 30]),
                    st.text(max_size=5),
                ),
            ),
            max_size=8,
        ),
        st.sampled_from([b"", b"\nend_head\n", b"\nend_head\n".ljust(900), b"end_hea"]),
        st.one_of(
            st.binary(max_size=50), st.just(encode(CHIRP[:300])), st.just(struct.pack("<9h", *range(9)))
        ),
    ),
)


@given(HEADERS)
@settings(max_examples=EXAMPLES)
def test_any_bytes_are_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.wav"
    path.write_bytes(data)
    for read in (duration, read_audio, read_header):
        try:
            read(path)
        except InputError as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
