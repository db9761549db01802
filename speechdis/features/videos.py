"""Moving pictures as frame stores: a frame is a picture's pixels, channel by channel, in 8 bits.

So everything that reads, checks and gathers frames does it for pictures too. Pixels are brought to [0, 1] where they
are gathered, on the device. The "speaker" of a sequence is what stays the same through it.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from speechdis.corpora.videos import Clip
from speechdis.data.atomic import replacing
from speechdis.data.text import read_text
from speechdis.errors import InputError
from speechdis.features.store import Row, check_replaceable, write_store

TABLE = "labels.tsv"


def write_videos(
    out: Path,
    parts: Mapping[str, Iterable[Clip]],
    settings: Mapping[str, Any],
    scale: float,
    overwrite: bool = False,
) -> dict[str, int]:
    """Write the stores `out/train` and so on, and `out/labels.tsv`; returns the number of sequences in each store.

    Args:
        out: a folder; what else is in it stays.
        parts: the sequences of each store.
        settings: of their frames.
        scale: what brings their pixels to [0, 1].
        overwrite: stores of other settings too.

    Raises:
        InputError: there is something else in a store's place.
    """
    for name in parts if not overwrite else ():
        check_replaceable(out / name, settings)
    out.mkdir(parents=True, exist_ok=True)
    sizes = {}
    with replacing(out / TABLE) as partial, partial.open("w", encoding="utf-8") as table:
        for name, clips in parts.items():
            rows = _rows(name, clips, table)
            sizes[name] = len(write_store(out / name, rows, settings, overwrite, scale))
    return sizes


def read_labels(file: Path) -> dict[str, dict[str, str]]:
    """What `labels.tsv` says of each sequence, by id: its `part`, and what else is known of it, by column.

    Raises:
        InputError: no such file, or a line that has not a field in every column.
    """
    first, *lines = read_text(file).rstrip("\n").split("\n")
    columns = first.split("\t")
    if columns[:2] != ["utt", "part"]:
        raise InputError(
            f"{file}:1: expected the columns utt, part and labels; run 'speechdis prepare' again"
        )
    known = {}
    for number, line in enumerate(lines, 2):
        fields = line.split("\t")
        if len(fields) != len(columns):
            raise InputError(f"{file}:{number}: {len(fields)} fields for {len(columns)} columns")
        known[fields[0]] = dict(zip(columns[1:], fields[1:], strict=True))
    return known


def _rows(part: str, clips: Iterable[Clip], table: Any) -> Iterator[Row]:
    """The rows of a store; what is known of each goes to the table, whose first line names the columns."""
    for clip in clips:
        if not table.tell():
            table.write("\t".join(["utt", "part", *clip.labels]) + "\n")
        table.write("\t".join([clip.utt, part, *clip.labels.values()]) + "\n")
        yield clip.utt, clip.spk, clip.frames.reshape(len(clip.frames), -1)
