"""A table of recordings that a person wrote: TSV or CSV, with a header that names its columns."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from speechdis.corpora.splits import Report
from speechdis.data.text import read_text
from speechdis.errors import InputError

PARTS = ("train", "dev", "test")


class Row(NamedTuple):
    """A recording: its file, the path as the table has it, the speaker's name, words, and split; "" if not given."""

    file: Path
    written: str
    speaker: str
    text: str
    split: str


def read_rows(table: Path, root: Path, report: Report) -> list[Row]:
    """The recordings of a table; paths are relative to its folder, else to `root`.

    Args:
        table: columns `path` and `speaker`, and, where there are such, `text` and `split`; others are passed over.
        root: the folder of the recordings.
        report: called for each file that does not exist.

    Raises:
        InputError: a column is missing, a line has too few or too many fields, a path stands twice, or a split is
            none of train, dev and test.
    """
    rows: list[Row] = []
    lines: dict[Path, str] = {}
    for place, fields in _lines(table):
        path, speaker = fields["path"], fields["speaker"]
        if not path or not speaker:
            raise InputError(f"{place}: no {'speaker' if path else 'path'}; fill it in or remove the line")
        if "split" in fields and fields["split"] not in PARTS:
            raise InputError(f"{place}: split '{fields['split']}'; write one of {', '.join(PARTS)}")
        if "\0" in path:
            raise InputError(f"{place}: {path!r} is no file name")
        places = [(folder / path).absolute() for folder in (table.parent, root)]
        file = next((file for file in places if os.access(file, os.F_OK)), None)
        key = file.resolve() if file else places[0]
        if key in lines:
            raise InputError(
                f"{place}: '{path}' stands here a second time, after {lines[key]}; remove one line"
            )
        lines[key] = place
        if file is None:
            report(InputError(f"{place}: '{path}' is neither beside the table nor in {root}"))
        else:
            rows.append(Row(file, path, speaker, fields.get("text", ""), fields.get("split", "")))
    return rows


def _lines(table: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """`file:line` and the fields of every line that is not blank."""
    lines = read_text(table).split("\n")
    tabs = "\t" in lines[0]
    reader = (
        csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if tabs else csv.reader(lines, strict=True)
    )
    try:
        columns = [name.strip().lower() for name in next(reader)]
        for name in ("path", "speaker"):
            if columns.count(name) != 1:
                found = ", ".join(filter(None, columns))[:80] or "nothing"
                raise InputError(
                    f"{table}: its first line must name the columns path and speaker once, with tabs or commas; "
                    f"it names {found}"
                )
        for values in reader:
            place = f"{table}:{reader.line_num}"
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(columns):
                raise InputError(f"{place}: {len(values)} fields, where the first line names {len(columns)}")
            yield place, dict(zip(columns, (value.strip() for value in values), strict=True))
    except csv.Error as error:
        raise InputError(f"{table}:{reader.line_num}: not a table ({error})") from None
