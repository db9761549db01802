"""Lists of swaps: which voice says which words, and where each swap goes."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from speechdis.data.text import read_text
from speechdis.errors import InputError
from speechdis.synthesis.files import wave_file

_LONGEST = 255  # bytes of a file's name
_HEADERS = {"voice": 0, "content": 1, "name": 2}
SEVERAL = "|"  # between recordings of one voice


class Pair(NamedTuple):
    """Whose voice, in one recording or several, whose words, and where the swap goes."""

    voices: tuple[Path, ...]
    content: Path
    out: Path = Path()

    @classmethod
    def of(cls, folder: Path, voice: str, content: str) -> "Pair":
        """The recordings that a list in `folder` names so."""
        voices = (found_beside(folder, one) for one in recordings_in(voice))
        return cls(tuple(voices), found_beside(folder, content))

    @property
    def voice(self) -> str:
        """Its recordings of the voice, as a list names them."""
        return SEVERAL.join(map(str, self.voices))


def read_pairs(manifest: Path, out: Path) -> list[Pair]:
    """Pairs of a manifest: lines `voice<TAB>content` or `voice<TAB>content<TAB>name`, '#' begins a comment.

    A first line that names its columns voice, content and perhaps name may order them otherwise, among others.
    `voice` may be several recordings of one speaker, with `|` between. Relative paths are looked for beside the
    manifest, then in the working directory. `name` is the output's place in the folder `out`, by default VOICE_CONTENT
    of the files' names, with the first of several voices; without a suffix it is a WAV file. A name that several pairs
    have gets a mark of its own in each. A pair that stands there twice is one.

    Raises:
        InputError: with file and line: too few fields, a name outside the folder or of a format that is not written;
            no pairs.
    """
    columns = dict(_HEADERS)
    rows: list[Pair] = []
    for number, line in enumerate(read_text(manifest).split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("\t")]
        if not rows and {"voice", "content"} <= {field.lower() for field in fields}:
            columns = {field.lower(): k for k, field in enumerate(fields)}
            continue
        rows.append(_row(f"{manifest}:{number}", fields, columns, manifest.parent))
    if not rows:
        raise InputError(f"{manifest}: no pairs")
    return _named(list(dict.fromkeys(rows)), out)


def _row(place: str, fields: Sequence[str], columns: dict[str, int], folder: Path) -> Pair:
    """The pair of one line, whose swap has the name that it says."""
    voice, content, name = (
        fields[columns[key]] if key in columns and columns[key] < len(fields) else "" for key in _HEADERS
    )
    heard = recordings_in(voice)
    if not all(heard) or not content or (columns == _HEADERS and len(fields) > 3):
        raise InputError(f"{place}: expected voice<TAB>content or voice<TAB>content<TAB>name")
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InputError(f"{place}: '{name}' is not inside --out")
    try:
        named = wave_file(name or f"{Path(heard[0]).stem}_{Path(content).stem}.wav")
    except InputError as error:
        raise InputError(f"{place}: {error}") from None
    return Pair.of(folder, voice, content)._replace(out=named)


def recordings_in(voice: str) -> list[str]:
    """The recordings that a list's field names.

    >>> recordings_in("a.wav | b.wav")
    ['a.wav', 'b.wav']
    """
    return [one.strip() for one in voice.split(SEVERAL)]


def found_beside(folder: Path, name: str) -> Path:
    """A file named in a list in `folder`: there, or else in the working directory."""
    beside = folder / name
    return beside if beside.exists() or not Path(name).exists() else Path(name)


def _named(rows: list[Pair], out: Path) -> list[Pair]:
    """Pairs whose names are unique and short enough; which one a pair gets does not depend on the others' order."""
    uses = Counter(row.out for row in rows)
    pairs = []
    for row in rows:
        place = row.out
        long = len(place.name.encode()) > _LONGEST
        if long or uses[row.out] > 1:
            mark = hashlib.sha256(f"{row.voice}\n{row.content}".encode()).hexdigest()[:8]
            stem = place.stem.encode()[: _LONGEST // 2].decode(errors="ignore") if long else place.stem
            place = place.with_name(f"{stem}-{mark}{place.suffix}")
        pairs.append(row._replace(out=out / place))
    return pairs
