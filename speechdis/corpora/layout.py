"""Where in a folder a corpus lies, as releases, mirrors and converters leave it, and what else a folder looks like."""

import os
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from speechdis.errors import InputError

Found = TypeVar("Found")
_SIGNS = {  # a path of the layout, in lower case, from anywhere inside the root
    "TIMIT": r"(train|test)/dr[1-8]",
    "TIDIGITS": r"(train|test)/(man|woman|boy|girl)",
    "FSDD": r"\d_[a-z]+_\d+\.wav",
    "MNIST": r"(train|t10k)-(images|labels)[-.]idx[13]-ubyte(\.gz)?",
    "speechocean762": r"wave/speaker\d+",
    "LibriSpeech or LibriTTS": r"(train|dev|test)-(clean|other)(-\d+)?",
    "VCTK": r"wav48(_silence_trimmed)?",
    "AISHELL-1": r"aishell_transcript_v0\.8\.txt",
    "AISHELL-3": r"wav/ssb\d+",
    "Common Voice": r"clips/common_voice_[^/]+\.mp3",
    "VoxCeleb1": r"id1\d{4}",
    "VoxCeleb2": r"id0\d{4}",
    "SecuVoice with a manifest": r"manifest\.tsv",
    "a Kaldi data directory": r"wav\.scp",
}
_ENTRIES = 2000  # looked at, breadth first: enough for every sign, and quick on any folder
_DEPTH = 3  # folders that may stand above a corpus: an archive's, a mirror's `data`, the corpus's own name
_AUDIO = (".wav", ".flac", ".sph")
_SUFFIXES = re.compile(r"(.+?)((?:\.(?:wav|flac|sph))+)", re.IGNORECASE)


def folders(root: str | Path, depth: int = _DEPTH) -> Iterator[tuple[int, Path, dict[str, Path]]]:
    """`root` and the folders in it, breadth first, with their depth and what each holds by its name in lower case.

    Hidden entries, which systems and archivers leave, and folders that cannot be read are passed over.
    """
    level = [Path(root)]
    for number in range(depth + 1):
        below = []
        for folder in level:
            try:
                inside = sorted((e for e in os.scandir(folder) if e.name[0] != "."), key=lambda e: e.name)
            except OSError:  # no folder, or not ours to read
                continue
            yield number, folder, {entry.name.lower(): folder / entry.name for entry in inside}
            below += [folder / entry.name for entry in inside if entry.is_dir()]
        level = below


def find(root: str | Path, match: Callable[[dict[str, Path]], Found | None], what: str) -> Found | None:
    """What `match` makes of the one folder, the least deep in `root`, of which it makes something.

    Args:
        root: where to look, down to three folders below it.
        match: of what a folder holds, by name in lower case; None for "not here".
        what: the corpus, for messages.

    Raises:
        InputError: two folders of the same depth match, so that it takes a person to choose.
    """
    for _, level in groupby(folders(root), key=lambda found: found[0]):
        matches = [(folder, made) for _, folder, held in level if (made := match(held)) is not None]
        if len(matches) > 1:
            places = f"{len(matches)} folders, such as {matches[0][0]} and {matches[1][0]}"
            raise InputError(f"{root}: holds {what} in {places}; name one as --root")
        if matches:
            return matches[0][1]
    return None


def recordings(folder: Path) -> dict[str, Path]:
    """The audio files of a folder by their names without suffix, in lower case and sorted.

    Of `SX1.WAV`, `SX1.WAV.wav` and `SX1.flac`, as mirrors have one recording, the first of them counts.
    """
    found: dict[str, tuple[int, int, Path]] = {}
    for _, _, held in folders(folder, depth=0):
        for name, file in held.items():
            if match := _SUFFIXES.fullmatch(name):
                suffixes = match[2][1:].split(".")
                this = len(suffixes), _AUDIO.index(f".{suffixes[-1]}"), file
                found[match[1]] = min(this, found.get(match[1], this))
    return {stem: file for stem, (_, _, file) in sorted(found.items())}


def looks_like(root: str | Path, but: str = "") -> str:
    """`; it looks like TIMIT`, to end an error message with, or nothing where `root` is like no known corpus.

    Args:
        root: the folder.
        but: the corpus that the message says it is not.
    """
    seen = [path.as_posix().lower() for path in _entries(root)]
    for corpus, sign in _SIGNS.items():
        if corpus != but and any(re.search(rf"(^|/){sign}$", path) for path in seen):
            return f"; it looks like {corpus}"
    return ""


def _entries(root: str | Path) -> list[Path]:
    """Files and folders in the order of their depth."""
    found: list[Path] = []
    for _, _, held in folders(root, depth=_ENTRIES):
        found += held.values()
        if len(found) >= _ENTRIES:
            break
    return found
