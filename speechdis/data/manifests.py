"""lhotse's manifests (lhotse.readthedocs.io): recordings and supervisions as lines of JSON, maybe gzipped.

A supervision is an utterance. Its times, and those of its alignments, count from the start of the recording; ours of
phones and words count from the start of the utterance. Session and phones without times stand in lhotse's `custom`.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speechdis.data.atomic import replacing
from speechdis.data.commands import decoded_file
from speechdis.data.directory import LONGEST
from speechdis.data.place import locate
from speechdis.data.text import parse_json, require_file
from speechdis.data.utterance import GENDERS, Interval, Utterance
from speechdis.errors import InputError

_SHORT = 1e-3  # s before the end of a recording at which a supervision is taken to go on to it
_WRONG = (
    KeyError,
    TypeError,
    ValueError,
    IndexError,
    AttributeError,
    OverflowError,
)  # of no record of lhotse


@dataclass(frozen=True)
class _Recording:
    """Length in seconds, and of each file the channels, from 0 on, in their order."""

    duration: float
    files: tuple[tuple[Path, list[int]], ...]


def read_manifests(
    recordings: Path, supervisions: Path, skip: Callable[[InputError], None]
) -> list[Utterance]:
    """The utterances of a pair of manifests.

    Args:
        recordings: `*recordings*.jsonl` or `.jsonl.gz`; its relative paths are sought beside it, then here.
        supervisions: the same of supervisions.
        skip: called for each supervision that cannot be used: no speaker, no recording, one that is no file, or is
            changed when it is read (`transforms`), or channels of several files.

    Raises:
        InputError: a file that is no such manifest, a line that is no JSON.
    """
    known: dict[str, _Recording | InputError] = {}
    for place, record in _lines(recordings):
        try:
            known[str(record["id"])] = _recording(record, recordings.parent)
        except InputError as error:
            known[str(record["id"])] = InputError(f"{place}: {error}")
        except _WRONG as error:
            raise InputError(f"{place}: no recording of lhotse ({error!r})") from None
    utterances = []
    for place, record in _lines(supervisions):
        try:
            utterances.append(_utterance(record, known))
        except InputError as error:
            skip(InputError(f"{place}: {error}"))
        except _WRONG as error:
            raise InputError(f"{place}: no supervision of lhotse ({error!r})") from None
    return utterances


def write_manifests(recordings: Path, supervisions: Path, utterances: Iterable[Utterance]) -> int:
    """Write `*.jsonl.gz` of the utterances, the same bytes each time; how many recordings there are.

    Raises:
        InputError: a recording does not open.
    """
    about: dict[Path, dict[str, Any]] = {}
    lines = []
    for u in utterances:
        if u.path not in about:
            about[u.path] = _described(u)
        lines.append(_supervision(u, about[u.path]))
    _write(recordings, about.values())
    _write(supervisions, lines)
    return len(about)


def _lines(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """`file:line` and the record of every line that is not blank."""
    packed = require_file(file).suffix == ".gz"
    try:
        with (
            gzip.open(file, "rt", encoding="utf-8-sig") if packed else file.open(encoding="utf-8-sig") as text
        ):
            for number, line in enumerate(text, 1):
                if line.strip():
                    record = parse_json(line, place := f"{file}:{number}")
                    if not isinstance(record, dict) or "id" not in record:
                        raise InputError(f"{place}: no record with an id, as lhotse's manifests have")
                    yield place, record
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error})") from None


def _recording(record: dict[str, Any], folder: Path) -> _Recording:
    if record.get("transforms"):
        raise InputError(
            "its recording is changed when it is read (transforms); give the manifest before that"
        )
    files = []
    for source in record["sources"]:
        name = source["source"]
        if source["type"] == "command":
            try:
                name = decoded_file(f"{name.rstrip().removesuffix('|')} |")[0]
            except ValueError as error:
                raise InputError(str(error)) from None
        elif source["type"] != "file":
            raise InputError(
                f"its recording is no file, but of type '{source['type']}'; lhotse can store it as one"
            )
        files.append((locate(name, folder), [int(channel) for channel in source["channels"]]))
    return _Recording(float(record["duration"]), tuple(files))


def _utterance(record: dict[str, Any], known: dict[str, _Recording | InputError]) -> Utterance:
    utt, spk = str(record["id"]), str(record.get("speaker") or "")
    recording = known.get(str(record["recording_id"]))
    if isinstance(recording, InputError):
        raise recording
    if recording is None:
        raise InputError(
            f"'{utt}' is of the recording '{record['recording_id']}', which is in no manifest beside it"
        )
    if not spk:
        raise InputError(f"'{utt}' has no speaker")
    path, channel = _heard(recording, record.get("channel", 0), utt)
    start = float(record["start"])
    end = start + float(record["duration"])
    if not 0 <= start < end <= LONGEST:
        raise InputError(f"'{utt}' is from {start} to {end} s, which is no part of a recording")
    custom, aligned = record.get("custom") or {}, record.get("alignment") or {}
    return Utterance(
        utt if utt.startswith(spk) else f"{spk}-{utt}",
        spk,
        path,
        start=round(start, 6),
        end=None if end >= recording.duration - _SHORT else round(end, 6),
        gender=GENDERS.get(str(record.get("gender") or "").lower(), ""),
        text=" ".join(str(record.get("text") or "").split()),
        text_phone=str(custom.get("text_phone") or ""),
        phones=_intervals(aligned.get("phone", ()), start),
        words=_intervals(aligned.get("word", ()), start),
        channel=channel,
        session=str(custom.get("session") or ""),
    )


def _heard(recording: _Recording, channel: int | list[int], utt: str) -> tuple[Path, int | None]:
    """The file in which the channels are, and which one of it, from 1 on; None for all it has."""
    wanted = {int(c) for c in channel} if isinstance(channel, list) else {int(channel)}
    for path, channels in recording.files:
        if wanted == set(channels):
            return path, None
        if len(wanted) == 1 and wanted <= set(channels):
            return path, channels.index(*wanted) + 1
    raise InputError(f"'{utt}': channels {sorted(wanted)} are neither one channel nor all of one file")


def _intervals(items: Iterable[Any], start: float) -> tuple[Interval, ...]:
    """`[symbol, start, duration, score]`, or the same by names as before lhotse 1.8; silences have no symbol."""
    rows = [list(item.values()) if isinstance(item, dict) else item for item in items]
    found = ((max(0.0, float(row[1]) - start), float(row[2]), str(row[0])) for row in rows if row[0])
    intervals = (Interval(round(begin, 6), round(begin + lasts, 6), label) for begin, lasts, label in found)
    return tuple(i for i in intervals if 0 <= i.start <= i.end <= LONGEST)


def _described(u: Utterance) -> dict[str, Any]:
    """The recording of an utterance, named after it."""
    from speechdis.data.audio import duration
    from speechdis.data.decoders import open_recording

    with open_recording(u.path) as recording:
        rate, channels, total = recording.rate, recording.channels, recording.total
    samples = total if total is not None else round(duration(u.path) * rate)
    source = {"type": "file", "channels": list(range(channels)), "source": str(u.path.absolute())}
    return {
        "id": u.utt,
        "sources": [source],
        "sampling_rate": rate,
        "num_samples": samples,
        "duration": samples / rate,
        "channel_ids": source["channels"],
    }


def _supervision(u: Utterance, recording: dict[str, Any]) -> dict[str, Any]:
    channels = recording["channel_ids"] if u.channel is None else [u.channel - 1]
    end = recording["duration"] if u.end is None else min(u.end, recording["duration"])
    aligned = {"word": u.words, "phone": u.phones}
    custom = {"session": u.session, "text_phone": u.text_phone}
    made: dict[str, Any] = {
        "id": u.utt,
        "recording_id": recording["id"],
        "start": u.start,
        "duration": end - u.start if u.start else end,
        "channel": channels[0] if len(channels) == 1 else channels,
        "text": u.text,
        "speaker": u.spk,
        "gender": u.gender,
        "alignment": {
            kind: [[i.label, round(u.start + i.start, 6), round(i.end - i.start, 6), None] for i in intervals]
            for kind, intervals in aligned.items()
            if intervals
        },
        "custom": {name: value for name, value in custom.items() if value},
    }
    return {name: value for name, value in made.items() if value not in ("", {})}


def _write(file: Path, records: Iterable[dict[str, Any]]) -> None:
    with (
        replacing(file) as partial,
        partial.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,  # no name and no time in it
    ):
        for record in records:
            packed.write(f"{json.dumps(record, ensure_ascii=False)}\n".encode())
