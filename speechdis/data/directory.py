"""Kaldi data directories (https://kaldi-asr.org/doc/data_prep.html).

`wav.scp` and `utt2spk`, and where known `segments`, `text`, `spk2gender`, `utt2session`, `text_phone`, `phones` and
`words`; `spk2utt` is written and never read.

Relative paths in `wav.scp` are sought in the directory itself, then in the working directory as in Kaldi. Of commands
those that decode a file stand for it (`data/commands.py`); any other is refused, and none is run. `phones` and `words`
are not Kaldi's: lines `utt start end label`, in seconds.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

from speechdis.data.atomic import replacing
from speechdis.data.chapters import warn_of_chapters
from speechdis.data.commands import decoded_file
from speechdis.data.directory_lines import tables
from speechdis.data.place import locate, note_missing
from speechdis.data.record import Kind
from speechdis.data.text import read_table, require_id, split
from speechdis.data.utterance import GENDERS, Interval, Utterance
from speechdis.errors import InputError

Value = TypeVar("Value")
Source: TypeAlias = tuple[Path, int | None]  # a recording, and the channel of it; None for all
LONGEST = 1e7  # s, four months: what a time of a label may say
_OPTIONAL = ("segments", "text", "spk2gender", "utt2session", "text_phone", "phones", "words")


def directories_kind(names: Iterable[str]) -> Kind:
    """A folder of data directories of these names, or one itself ("")."""
    needs = (Path(name, file).as_posix() for name in names for file in ("wav.scp", "utt2spk", "spk2utt"))
    files = "|".join((*_OPTIONAL, "wav.scp", "utt2spk", "spk2utt", "confidence", "pairs", "trials_[a-z]+"))
    return Kind("folder of data directories", tuple(needs), rf"([^/]+/)?({files})")


@dataclass(frozen=True)
class Summary:
    """How much speech a data directory holds."""

    utterances: int
    speakers: int
    hours: float


def read_directory(path: str | Path, also: Path | None = None) -> list[Utterance]:
    """Utterances of a data directory, sorted by id. Audio files are not looked at (see `validate`).

    Args:
        path: the data directory.
        also: another folder that its relative paths may count from.

    Raises:
        InputError: with file and line: a missing file, an id twice, a command, a wrong number of fields,
            an utterance in one file and not in another, a segment of no recording or with start >= end.
    """
    path = Path(path)
    recordings = _table(path, "wav.scp", lambda value: _recording(path, value, also))
    note_missing(path / "wav.scp", (file for file, _ in recordings.values()))
    if (path / "segments").exists():
        parts = _table(path, "segments", lambda value: _segment(recordings, value))
    else:
        parts = {utt: (source, 0.0, None) for utt, source in recordings.items()}
    spks = _table(path, "utt2spk", _one_field, known=parts)
    for utt in parts.keys() - spks.keys():
        raise InputError(
            f"{path / 'utt2spk'}: no speaker for utterance '{utt}'; add a line '{utt} <speaker>'"
        )
    warn_of_chapters(path, spks)
    genders = _optional(path, "spk2gender", _gender, known=spks.values())
    sessions = _optional(path, "utt2session", _one_field, known=parts)
    texts = _optional(path, "text", str, known=parts)
    text_phones = _optional(path, "text_phone", str, known=parts)
    phones, words = _intervals(path, "phones", parts), _intervals(path, "words", parts)
    return [
        Utterance(
            utt, spks[utt], file, start, end, genders.get(spks[utt], ""), texts.get(utt, ""), channel=channel,
            text_phone=text_phones.get(utt, ""), phones=phones.get(utt, ()), words=words.get(utt, ()),
            session=sessions.get(utt, ""),
        )
        for utt, ((file, channel), start, end) in sorted(parts.items())
    ]  # fmt: skip


def find_directories(path: str | Path, marker: str = "wav.scp") -> dict[str, Path]:
    """Name of each data directory in the folder `path`, or "" for `path` itself.

    Args:
        path: a data directory, or a folder of some (train, dev, test).
        marker: the file that tells one.

    Raises:
        InputError: there is none.
    """
    path = Path(path)
    if (path / marker).exists():
        return {"": path}
    found = {file.parent.name: file.parent for file in sorted(path.glob(f"*/{marker}"))}
    if not found:
        raise InputError(f"{path}: no {marker} there or in a folder of it; see 'speechdis prepare'")
    return found


def write_directory(path: str | Path, utterances: Iterable[Utterance]) -> None:
    """Write a data directory, each file sorted as `LC_ALL=C sort` would.

    All files are written beside their place before the first one is renamed into it, and `wav.scp` comes
    last, so that a directory with a `wav.scp` is whole. Nothing else in the directory is touched. Paths are
    absolute, which Kaldi reads from anywhere. Times are kept to a microsecond.

    Raises:
        InputError: no utterances, an id twice, a blank in an id or label, two genders of one speaker.
    """
    path = Path(path)
    files = {name: lines for name, lines in tables(path, list(utterances)).items() if lines}
    path.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name in ("wav.scp", *files.keys() - {"wav.scp"}):  # the stack unwinds from its end
            stack.enter_context(replacing(path / name)).write_text("".join(files[name]), "utf-8")
        (path / "wav.scp").unlink(missing_ok=True)
        for name in set(_OPTIONAL) - files.keys():
            (path / name).unlink(missing_ok=True)


def validate(path: str | Path, audio: bool = False) -> Summary:
    """Check a data directory and that its audio files open; with `audio`, decode every sample of them too.

    Raises:
        InputError: see `read_directory` and `speechdis.data.audio.read_audio`.
    """
    from speechdis.data.audio import read_utterance

    utterances = read_directory(path)
    if not utterances:
        raise InputError(f"{Path(path) / 'wav.scp'}: no utterances")
    seconds = sum(utterance_duration(utterance) for utterance in utterances)
    if audio:
        for utterance in utterances:
            read_utterance(utterance)
    return Summary(len(utterances), len({u.spk for u in utterances}), seconds / 3600)


def utterance_duration(utterance: Utterance) -> float:
    """Seconds of an utterance, by the header of its audio file; raises InputError if that does not open."""
    from speechdis.data.audio import duration

    whole = duration(utterance.path)
    if utterance.start >= whole:
        raise InputError(
            f"{utterance.path}: '{utterance.utt}' starts at {utterance.start} s of {whole:.3f} s"
        )
    return min(utterance.end or whole, whole) - utterance.start


def _table(
    path: Path, name: str, parse: Callable[[str], Value], known: Iterable[str] | None = None
) -> dict[str, Value]:
    """A file of `id value` lines as a dict."""
    table: dict[str, Value] = {}
    known = None if known is None else set(known)
    for place, key, rest in _lines(path / name):
        if key in table:
            raise InputError(f"{place}: '{key}' stands here a second time; remove one line")
        if known is not None and key not in known:
            raise InputError(f"{place}: '{key}' is in no other file; remove the line")
        try:
            table[key] = parse(rest)
        except ValueError as error:
            raise InputError(f"{place}: {error}") from None
    return table


def _optional(path: Path, name: str, parse: Callable[[str], Value], known: Iterable[str]) -> dict[str, Value]:
    return _table(path, name, parse, known) if (path / name).exists() else {}


def _lines(file: Path) -> Iterator[tuple[str, str, str]]:
    """`file:line`, first field and rest of every line that is not blank."""
    if not file.exists():
        raise InputError(f"{file}: not found; a data directory needs wav.scp and utt2spk")
    return read_table(file)


def _recording(path: Path, value: str, also: Path | None) -> Source:
    """The file of a line, and its channel."""
    if not value:
        raise ValueError("no file after the id")
    name, channel = decoded_file(value) if "|" in (value[0], value[-1]) else (value, None)
    file = locate(name, path)
    return also / name if also and not file.exists() and (also / name).exists() else file, channel


def _segment(recordings: dict[str, Source], value: str) -> tuple[Source, float, float | None]:
    fields = split(value)
    if len(fields) != 3:
        raise ValueError(f"expected 'utt recording start end', got {len(fields) + 1} field(s)")
    if fields[0] not in recordings:
        raise ValueError(f"recording '{fields[0]}' is not in wav.scp")
    start, end = float(fields[1]), float(fields[2])
    if end == -1 and 0 <= start < float("inf"):  # Kaldi: to the end of the recording
        return recordings[fields[0]], start, None
    if not 0 <= start < end < float("inf"):
        raise ValueError(f"start {fields[1]} and end {fields[2]} do not satisfy 0 <= start < end, in seconds")
    return recordings[fields[0]], start, end


def _one_field(value: str) -> str:
    if len(split(value)) != 1:
        raise ValueError(f"expected 'id value', got {len(split(value)) + 1} field(s)")
    return require_id(value, "value")


def _gender(value: str) -> str:
    gender = GENDERS.get(value.lower())
    if gender is None:
        raise ValueError(f"gender '{value}' is neither m nor f")
    return gender


def _intervals(path: Path, name: str, known: Iterable[str]) -> dict[str, tuple[Interval, ...]]:
    """Lines `utt start end label`, several an utterance, ordered by time."""
    intervals: dict[str, list[Interval]] = {utt: [] for utt in known}
    for place, utt, rest in _lines(path / name) if (path / name).exists() else ():
        fields = split(rest)
        try:
            interval = Interval(float(fields[0]), float(fields[1]), fields[2])
        except (ValueError, IndexError):
            raise InputError(f"{place}: expected 'utt start end label' with times in seconds") from None
        if utt not in intervals:
            raise InputError(f"{place}: '{utt}' is in no other file; remove the line")
        if len(fields) != 3 or not 0 <= interval.start <= interval.end <= LONGEST:
            raise InputError(f"{place}: expected four fields and 0 <= start <= end")
        intervals[utt].append(interval)
    return {utt: tuple(sorted(found, key=lambda i: i[:2])) for utt, found in intervals.items() if found}
