"""Draw words against voice from a file of results: python tools/trade.py RESULTS.json FOLDER NAME.

Beside the table (see `tools/results.py`) the file has "trails": lists of [row, label], each drawn as one line. Rows
without a trail stand alone, in grey, where they have both figures.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from results import read

from speechdis.plots.colours import FAINT, colour
from speechdis.plots.trade import Trail, write_trade
from speechdis.report.trade import BESIDE, FIGURES


def trails(content: Mapping[str, Any]) -> list[Trail]:
    """What a file of results says."""
    first = content["columns"][0]
    rows = {row[first]: row for row in content["rows"]}
    alone = [[(name, BESIDE[name])] for name in BESIDE if name in rows]
    lines = [
        *((line, colour(k)) for k, line in enumerate(content["trails"])),
        *((line, FAINT) for line in alone),
    ]
    return [_trail(rows, line, shade) for line, shade in lines]


def _trail(rows: Mapping[str, Any], line: Sequence[Sequence[str]], shade: str) -> Trail:
    voices, phonemes = ([rows[name][figure]["mean"] for name, _ in line] for figure in FIGURES)
    return Trail(voices, phonemes, [label for _, label in line], shade)


if __name__ == "__main__":
    source, folder, name = sys.argv[1:]
    write_trade(Path(folder), name, trails(read(Path(source))))
