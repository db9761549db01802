"""Sizes in headers: whatever they say, the samples that are there are read; truncated is what both sizes call so."""

import struct
from pathlib import Path

import numpy as np
import pytest

from speechdis.data.audio import duration, read_audio
from speechdis.errors import InputError

SAMPLES = (np.sin(np.linspace(0, 60, 4000) ** 2) * 12000).astype(np.int16)
PLACEHOLDERS = [0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFF - 36, 2_000_000_000]
LIST = b"LIST\x04\0\0\0abcd"


def wav(outer: int | None, data: int | None, after: bytes = b"", rifx: bool = False) -> bytes:
    """A WAV file with these sizes, or with true ones."""
    order = ">" if rifx else "<"
    samples = SAMPLES.astype(f"{order}i2").tobytes()
    head = b"WAVEfmt " + struct.pack(f"{order}IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16) + b"data"
    true = 4 + len(head) + len(samples) + len(after)
    size = struct.pack(f"{order}I", true if outer is None else outer)
    return (
        (b"RIFX" if rifx else b"RIFF")
        + size
        + head
        + struct.pack(f"{order}I", len(samples) if data is None else data)
        + samples
        + after
    )


def rf64(outer: int, data: int) -> bytes:
    head = b"RF64" + b"\xff" * 4 + b"WAVEds64" + struct.pack("<IQQQI", 28, outer, data, 0, 0)
    head += b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16)
    return head + b"data" + b"\xff" * 4 + SAMPLES.astype("<i2").tobytes()


def w64(outer: int, data: int) -> bytes:
    rest = bytes.fromhex("f3acd3118cd100c04f8edb8a")
    head = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000") + struct.pack("<Q", outer)
    head += (b"wave" + rest) + (b"fmt " + rest) + struct.pack("<QHHIIHH", 40, 1, 1, 16000, 32000, 2, 16)
    return head + b"data" + rest + struct.pack("<Q", data) + SAMPLES.astype("<i2").tobytes()


def aiff(outer: int, data: int) -> bytes:
    rate = bytes.fromhex("400cfa00000000000000")  # 16,000 in 80 bits
    comm = b"COMM" + struct.pack(">IHIH", 18, 1, len(SAMPLES), 16) + rate
    head = b"FORM" + struct.pack(">I", outer) + b"AIFF" + comm
    return head + b"SSND" + struct.pack(">III", data, 0, 0) + SAMPLES.astype(">i2").tobytes()


def read(tmp_path: Path, content: bytes) -> np.ndarray:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    wave = read_audio(path)[0]
    assert duration(path) == len(wave) / 16000
    np.testing.assert_array_equal(read_audio(path, start=0.1, end=0.2)[0], wave[1600:3200])
    return wave * 32768


@pytest.mark.parametrize("rifx", [False, True])
@pytest.mark.parametrize("data", [*PLACEHOLDERS, 16000, 8044, 8001, 1000, None])
@pytest.mark.parametrize("outer", [*PLACEHOLDERS, 8, 36, 2_000_000_036, None])
def test_every_wrong_size_is_read_to_the_end_of_the_file(
    tmp_path: Path, outer: int | None, data: int | None, rifx: bool
) -> None:
    np.testing.assert_array_equal(read(tmp_path, wav(outer, data, rifx=rifx)), SAMPLES)


@pytest.mark.parametrize("data", [8000, 9000, 16000, 0x10000])
def test_truncated_is_what_both_sizes_call_so(tmp_path: Path, data: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav(data + 36, data)[:-1000])
    for reader in (read_audio, duration):
        with pytest.raises(InputError, match=r"a\.wav: truncated"):
            reader(tmp_path / "a.wav")


def test_chunks_behind_the_samples_are_no_samples(tmp_path: Path) -> None:
    for content in (
        wav(None, None, LIST),
        wav(None, None, LIST) + bytes(50),  # padded to a block
        wav(8036, None) + b"TAGsome title",  # hung on
        wav(0xFFFFFFFF, None, LIST),
        wav(0, None, LIST),
    ):
        np.testing.assert_array_equal(read(tmp_path, content), SAMPLES)


@pytest.mark.parametrize("kind", [rf64, w64, aiff])
@pytest.mark.parametrize("size", [0, 9000, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1])
def test_kin_of_wav(tmp_path: Path, kind: object, size: int) -> None:
    if kind is aiff and size >= 1 << 32:
        size &= 0xFFFFFFFF
    assert callable(kind)
    np.testing.assert_array_equal(read(tmp_path, kind(size if size != 9000 else 8044, size)), SAMPLES)
    with pytest.raises(InputError, match="truncated"):
        read(tmp_path, kind(10000, 9500))


def test_a_file_beyond_what_its_header_can_say_is_refused(tmp_path: Path) -> None:
    """Sizes of more than 4 GiB that have wrapped; the file has holes, it takes no room."""
    path = tmp_path / "a.wav"
    size = (1 << 32) + 8000
    path.write_bytes(wav((size + 36) % (1 << 32), size % (1 << 32)))
    with path.open("r+b") as file:
        file.truncate(size + 44)
        file.seek(8044)
        file.write(SAMPLES.tobytes())
    with pytest.raises(InputError, match="longer than its header can say"):
        duration(path)
