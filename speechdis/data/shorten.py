"""A writer of shorten-compressed SPHERE, as TIDIGITS is published: lossless, about 60 % of the samples' size.

Shorten is Tony Robinson's (1994, "SHORTEN: simple lossless and near-lossless waveform compression", CUED
TR.156): second differences in Rice codes, whose parameter fits each block. Version 2, without its header
parameters for long-term prediction. FFmpeg reads it (`data/ffmpeg.py`), after a look at the size of its blocks.
"""

import numpy as np

_BLOCK = 256  # samples
_TYPE = 5  # signed 16 bits, little-endian
_DIFF2, _QUIT, _BLOCKSIZE = 2, 4, 5  # commands
_COMMAND_BITS, _LONG_BITS, _ENERGY_BITS = 2, 2, 3  # Rice parameters of the fields
_CODING = "pcm,embedded-shorten-v2.00"


def sphere_file(samples: np.ndarray, rate: int) -> bytes:
    """A whole SPHERE file of (K,) int16 samples at `rate` Hz."""
    fields = {
        "channel_count": 1,
        "sample_count": len(samples),
        "sample_rate": rate,
        "sample_n_bytes": 2,
        "sample_sig_bits": 16,
    }
    lines = ["NIST_1A", "   1024", *(f"{name} -i {value}" for name, value in fields.items())]
    lines += ["sample_byte_format -s2 01", f"sample_coding -s{len(_CODING)} {_CODING}", "end_head", ""]
    return "\n".join(lines).encode().ljust(1024) + encode(samples)


def encode(samples: np.ndarray) -> bytes:
    """(K,) int16 to a shorten stream."""
    codes = [_long(value) for value in (_TYPE, 1, _BLOCK, 0, 0, 0)]  # 1 channel; no LPC, mean or skip
    residual = np.diff(np.concatenate([[0, 0], samples.astype(np.int64)]), n=2)
    for start in range(0, len(residual), _BLOCK):
        part = residual[start : start + _BLOCK]
        if len(part) < _BLOCK:
            codes += [_code(_BLOCKSIZE, _COMMAND_BITS), _long(len(part))]
        size = int(np.abs(part).mean() + 1).bit_length()
        unsigned = np.where(part >= 0, 2 * part, -2 * part - 1)
        codes += [_code(_DIFF2, _COMMAND_BITS), _code(size - 1, _ENERGY_BITS), _code(unsigned, size)]
    codes.append(_code(_QUIT, _COMMAND_BITS))
    return b"ajkg\x02" + _rice(np.concatenate(codes, axis=1))


def block_size(stream: bytes) -> int:
    """Samples in a block, by the first bytes of a shorten stream; 0 if it is none."""
    if stream[:4] != b"ajkg" or len(stream) < 6:
        return 0
    if stream[4] == 0:
        return _BLOCK
    bits = "".join(f"{byte:08b}" for byte in stream[5:69])
    value = place = 0
    for _ in ("type", "channels", "block"):
        value = 0
        for low in (True, False):  # the Rice parameter, itself a code, and then the value
            size = _LONG_BITS if low else value
            one = bits.find("1", place)
            if one < 0 or one + 1 + size > len(bits):
                return 0
            rest = bits[one + 1 : one + 1 + size]
            value = ((one - place) << size) + int(rest or "0", 2)
            place = one + 1 + size
    return value


def _code(values: np.ndarray | int, size: int) -> np.ndarray:
    """(2, n): values to be written, and the Rice parameter of each."""
    values = np.atleast_1d(values)
    return np.stack([values, np.full_like(values, size)])


def _long(value: int) -> np.ndarray:
    """A value that brings its own Rice parameter along."""
    size = value.bit_length()
    return np.concatenate([_code(size, _LONG_BITS), _code(value, size)], axis=1)


def _rice(codes: np.ndarray) -> bytes:
    """(2, n) values and parameters to bits: `value >> size` zeros, a one, the low `size` bits; in 32-bit words."""
    values, sizes = codes
    ends = np.cumsum((values >> sizes) + 1 + sizes)
    bits = np.zeros(-(-int(ends[-1]) // 32) * 32, np.uint8)
    bits[ends - sizes - 1] = 1
    for place in range(int(sizes.max())):
        has = sizes > place
        bits[ends[has] - 1 - place] = (values[has] >> place) & 1
    return np.packbits(bits).tobytes()
