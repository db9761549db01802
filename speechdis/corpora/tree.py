"""Large trees of recordings: what a folder holds by its listing alone, what a transcript promises, who speaks."""

import logging
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from speechdis.corpora.splits import Report
from speechdis.data.text import read_table, read_text
from speechdis.data.utterance import GENDERS, Utterance
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)


def walk(root: Path, report: Report) -> Iterator[tuple[Path, list[str]]]:
    """Every folder in `root` that holds files, and their sorted names; links to folders are followed, once each.

    Hidden files, such as the AppleDouble `._a.wav` that a Mac leaves, are passed over and counted in the log. A folder
    that cannot be read is reported.
    """

    def closed(error: OSError) -> None:
        report(InputError(f"{error.filename}: cannot be read ({error.strerror})"))

    seen: set[str] = set()
    hidden, example = 0, ""
    for folder, below, names in os.walk(root.absolute(), followlinks=True, onerror=closed):
        real = os.path.realpath(folder)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        below[:] = sorted(name for name in below if name[0] != ".")
        shown = sorted(name for name in names if name[0] != ".")
        if len(shown) < len(names):
            hidden += len(names) - len(shown)
            example = example or next(name for name in sorted(names) if name[0] == ".")
        if shown:
            yield Path(folder), shown
    if hidden:
        _LOG.warning("%s: %d hidden files, such as %s: left out", root, hidden, example)


def stems(names: Collection[str], suffixes: tuple[str, ...]) -> dict[str, str]:
    """Name without suffix to name, of the files with one of `suffixes`; where several fit, the first suffix wins."""
    found: dict[str, str] = {}
    for suffix in reversed(suffixes):
        found |= {name[: -len(suffix)]: name for name in names if name.lower().endswith(suffix)}
    return found


def transcripts(file: Path, report: Report) -> dict[str, str]:
    """Lines `id text` of a file as a dict; empty, and reported, where it cannot be read."""
    try:
        return {utt: text for _, utt, text in read_table(file)}
    except InputError as error:
        report(error)
        return {}


def report_missing(file: Path, listed: Collection[str], there: Collection[str], report: Report) -> None:
    """Report what a transcript lists and has no recording."""
    for utt in listed:
        if utt not in there:
            report(InputError(f"{file}: lists '{utt}', of which there is no recording"))


def genders(file: Path | None, column: int, separator: str | None = None) -> dict[str, str]:
    """Speaker, in the first column, to "m" or "f", in column number `column` from 0 on; other lines are passed over.

    Args:
        file: a table; None, or one that is not there, knows nobody.
        column: of the gender.
        separator: of the columns; None for blanks.
    """
    if file is None or not file.is_file():
        _LOG.warning("no table of speakers: their genders are not known")
        return {}
    rows = ([field.strip() for field in line.split(separator)] for line in read_text(file).split("\n"))
    return {
        row[0]: GENDERS[row[column].lower()]
        for row in rows
        if len(row) > column and row[column].lower() in GENDERS
    }


def note_untold(root: Path, utterances: Iterable[Utterance]) -> None:
    """Say how many recordings have no text; they are kept, for voices need none."""
    lost = [u.utt for u in utterances if not u.text]
    if lost:
        _LOG.warning("%s: %d recordings, such as %s, have no text: kept", root, len(lost), min(lost))
