"""Lists of recordings to judge: which file should have whose voice, and the words of which recording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from speechdis.data.text import read_text
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.synthesis.manifest import Pair, found_beside, read_pairs, recordings_in

NAMES = ("path", "voice", "content", "text", "voice_speaker", "content_speaker", "system")


class Take(NamedTuple):
    """A recording to judge.

    Attributes:
        path: the recording.
        system: that made it; "" where the list does not say.
        voice: the speaker A.
        lent: the real recordings, by number, that lent the voice; none where the list says the speaker alone.
        content: the real recording, by number, of the words.
        text: of the words; "" where unknown.
    """

    path: Path
    system: str
    voice: str
    lent: tuple[int, ...]
    content: int
    text: str


@dataclass(frozen=True)
class Manifest:
    """Recordings to judge, and the real recordings by which their speakers are known."""

    takes: list[Take]
    recordings: list[Utterance]


def read_manifest(path: Path, known: Sequence[Utterance] = (), swaps: Path | None = None) -> Manifest:
    """Read a table with tabs, whose first line names its columns.

    `voice` is one recording or several, separated by `|`, or the id of a speaker of `known`; `content` is a recording.
    Recordings are files, sought beside the table, then in the working directory, or ids of `known`. Files of `known`
    have its speakers and texts. Other files have the speaker of `voice_speaker` or `content_speaker`; without one, each
    file is a speaker. `text` and `system` may be given.

    Args:
        path: the table.
        known: utterances of a data directory.
        swaps: folder of the recordings to judge where there is no column `path`: the table is one for
            `speechdis swap --manifest`, whose names they have.

    Raises:
        InputError: with file and line: no such column, an empty field, no such recording, two speakers of one file.
    """
    lines = _lines(path, swaps)
    reader = _Reader(known)
    for place, row in lines:
        for role in ("voice", "content"):
            reader.name_speakers(place, path.parent, row, role)
    takes = []
    for place, row in lines:
        lent = reader.find(place, path.parent, row, "voice")
        (content,) = reader.find(place, path.parent, row, "content") or (None,)
        if content is None:
            raise InputError(
                f"{place}: '{row['content']}' is a speaker, where a recording of the words is needed"
            )
        voices = {reader.recordings[k].spk for k in lent} or {row["voice"]}
        if len(voices) > 1:
            raise InputError(f"{place}: recordings of {len(voices)} speakers in one voice; give those of one")
        text = row.get("text") or reader.recordings[content].text
        made = found_beside(path.parent, row["path"])
        takes.append(Take(made, row.get("system", ""), voices.pop(), lent, content, text))
    return Manifest(takes, reader.recordings)


def _lines(path: Path, swaps: Path | None) -> list[tuple[str, dict[str, str]]]:
    """`file:line` and the fields of each row, by name."""
    lines = [(k, line) for k, line in enumerate(read_text(path).split("\n"), 1) if line.strip()]
    lines = [(k, line) for k, line in lines if not line.startswith("#")]
    columns = [field.strip().lower() for field in lines[0][1].split("\t")] if lines else []
    if swaps is not None and "path" not in columns:
        columns = columns if {"voice", "content"} <= set(columns) else []
        places = {(p.voice, str(p.content)): str(p.out.absolute()) for p in read_pairs(path, swaps)}
    elif missing := [name for name in NAMES[:3] if name not in columns]:
        more = "; the table of a swap needs --swaps, the folder of its swaps" * (missing == ["path"])
        raise InputError(
            f"{path}: its first line must name the columns path, voice and content, with tabs between; "
            f"there is no {missing[0]}{more}"
        )
    rows = []
    for number, line in lines[1:] if columns else lines:
        place, fields = f"{path}:{number}", [field.strip() for field in line.split("\t")]
        names = columns or ["voice", "content", "name"]
        row = {name: field for name, field in zip(names, fields, strict=False) if name in NAMES}
        if "path" not in columns:
            pair = Pair.of(path.parent, row["voice"], row["content"])
            row["path"] = places[pair.voice, str(pair.content)]
        if empty := [name for name in NAMES[:3] if not row.get(name)]:
            raise InputError(f"{place}: no {empty[0]}; fill it in or remove the line")
        rows.append((place, row))
    if not rows:
        raise InputError(f"{path}: lists no recordings")
    return rows


class _Reader:
    """Real recordings, numbered as they are met; those of `known` come first."""

    def __init__(self, known: Sequence[Utterance]) -> None:
        self.recordings = list(known)
        self._ids: dict[str, int] = {u.utt: k for k, u in enumerate(known)}
        self._files: dict[Path, int] = {}
        for k, u in enumerate(known):
            if u.start == 0 and u.end is None:
                self._files[u.path.resolve()] = k
        self._speakers = {u.spk for u in known}
        self._named: dict[Path, str] = {}

    def name_speakers(self, place: str, folder: Path, row: Mapping[str, str], role: str) -> None:
        """Remember whose the row's files are, if it says so."""
        speaker = row.get(f"{role}_speaker", "")
        for name in recordings_in(row[role]) if speaker else ():
            file = found_beside(folder, name).resolve()
            known = self._files.get(file)
            before = (
                self.recordings[known].spk if known is not None else self._named.setdefault(file, speaker)
            )
            if before != speaker:
                raise InputError(f"{place}: {name} is of '{speaker}', and elsewhere of '{before}'")

    def find(self, place: str, folder: Path, row: Mapping[str, str], role: str) -> tuple[int, ...]:
        """Numbers of the row's recordings; none for a speaker."""
        names = recordings_in(row[role])
        if names == [row[role]] and row[role] in self._speakers and row[role] not in self._ids:
            return ()
        return tuple(self._number(place, folder, name) for name in names)

    def _number(self, place: str, folder: Path, name: str) -> int:
        if name in self._ids:
            return self._ids[name]
        path = found_beside(folder, name)
        file = path.resolve()
        if file not in self._files:
            if not path.is_file():
                speakers = ", nor a speaker or an utterance of --data" if self._speakers else ""
                raise InputError(f"{place}: '{name}' is no file{speakers}")
            self._files[file] = len(self.recordings)
            spk = self._named.get(file, str(path))
            self.recordings.append(Utterance(str(path), spk, path))
        return self._files[file]
