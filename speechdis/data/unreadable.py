"""What a file is that no decoder takes, in words: most are no audio at all, and their first bytes say so."""

import re

HEAD = 512  # bytes that `what_is` wants to see

# What FFmpeg reads and libsndfile does not, where PyAV is missing.
_SOUND = (
    (rb"....ftyp", "MP4 or M4A"),
    (rb"\x1aE\xdf\xa3", "WebM or Matroska"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "AAC"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA"),
    (rb"#!AMR", "AMR"),
    (rb"FLV\x01", "Flash video"),
    (rb"RIFF....(AVI |WAVE)|RIFX....WAVE", "WAV or AVI in a coding that libsndfile does not know"),
    (rb"OggS", "Ogg in a coding that libsndfile does not know"),
    (rb"caff", "CAF"),
    (rb"wvPk|MAC |TTA1", "lossless audio"),
    (rb"\x0b\x77", "AC-3"),
    (rb"\x00\x00\x01\xba|\x47.{187}\x47", "MPEG video"),
)
_PACKED = (
    (rb"PK[\x03\x05\x07]", "a ZIP archive; unpack it first: unzip FILE"),
    (rb"\x1f\x8b", "compressed by gzip; unpack it first: gunzip FILE"),
    (rb"BZh", "compressed by bzip2; unpack it first: bunzip2 FILE"),
    (rb"\xfd7zXZ", "compressed by xz; unpack it first: unxz FILE"),
    (rb"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it first: unzstd FILE"),
    (rb"7z\xbc\xaf|Rar!", "an archive; unpack it first"),
    (rb".{257}ustar", "a tar archive; unpack it first: tar xf FILE"),
)
_OTHER = (
    (
        rb"(\xef\xbb\xbf)?version https://(git-lfs|hawser)",
        "a Git LFS pointer, not the file; run 'git lfs pull' where it came from",
    ),
    (
        rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|\?xml|!--)",
        "a web page or XML; download the file again, its link may ask for a login",
    ),
    *_PACKED,
    (rb"\x93NUMPY", "a NumPy array"),
    (
        rb"\x00\x05\x16\x07",
        "what macOS keeps of a file on a foreign disk ('._NAME'), not the file; leave it out",
    ),
    (rb"%PDF|\x89PNG|\xff\xd8\xff|GIF8", "a document or picture"),
    (rb"\0B[FDC]M ", "a Kaldi matrix; features are read by --from-kaldi"),
)


def sound_of(head: bytes) -> str:
    """The name of a format that FFmpeg is known to read; "" for any other."""
    return _first(_SOUND, head)


def packing(head: bytes) -> str:
    """What packed a file that begins with `head`, and how to unpack it; "" if nothing did."""
    return _first(_PACKED, head)


def what_is(head: bytes) -> str:
    """What a file that begins with `head` is, and what to do with it."""
    known = _first(_OTHER, head)
    if known:
        return f"it is {known}"
    if head and not head.strip(b"\0"):
        return "it is nothing but zeros, as a broken download leaves; copy it again"
    text = head.decode("utf-8", "ignore")
    if len(text.encode()) > len(head) - 4 and all(c.isprintable() or c.isspace() for c in text):
        return f"it is text, '{' '.join(text.split())[:40]}'"
    return "it has no header that is known; give bare samples one: sox -t raw -r RATE -e signed -b 16 -c 1 IN OUT.wav"


def _first(table: tuple[tuple[bytes, str], ...], head: bytes) -> str:
    return next((name for start, name in table if re.match(start, head, re.DOTALL)), "")
