"""Pieces of generated corpora: a recording of a moment in a format, and files by a dict of their paths."""

import io
from pathlib import Path

import numpy as np
import soundfile


def recording(format: str = "WAV", rate: int = 16000) -> bytes:
    """A tenth of a second of a tone."""
    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.sin(np.arange(rate // 10) / 5), rate, format=format)
    return file.getvalue()


def plant(root: Path, files: dict[str, bytes | str]) -> Path:
    """Write files below `root` by their relative paths."""
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root
