"""Draw docs/pages/growth.png: what training and features take as a corpus grows, from docs/pages/growth.json.

    python tools/growth.py

The file holds rows by part, and under "made" how each part was measured (command, commit, date, hardware):

    {"training": [{"hours": 100, "memory_mb": 975, "segments_per_cpu_s": 2472, "how": "pools"}, ...],
     "features": [{"utterances": 1000, "seconds": 21, "memory_mb": 300, "how": "threads"}, ...],
     "made": {"training": {"command": ..., "commit": ..., "date": ..., "hardware": ...}, "features": {...}}}
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from speechdis.plots.files import write_figure

PAGES = Path(__file__).parents[1] / "docs" / "pages"
# Of each part: its size, and the two figures that are drawn over it.
PARTS = {
    "training": (
        ("hours", "hours in the store"),
        ("segments_per_cpu_s", "segments a CPU second"),
        ("memory_mb", "memory, MB"),
    ),
    "features": (("utterances", "utterances"), ("seconds", "seconds"), ("memory_mb", "memory, MB")),
}


def draw(ax: Axes, rows: Sequence[Mapping[str, Any]], size: str, figure: str) -> None:
    """One line for each way in which the rows were made."""
    for how in dict.fromkeys(row["how"] for row in rows):
        line = sorted((row[size], row[figure]) for row in rows if row["how"] == how)
        ax.plot(*zip(*line, strict=True), marker="o", label=how)


def main() -> None:
    """Two panels for each part that was measured."""
    content = json.loads((PAGES / "growth.json").read_text())
    parts = [part for part in PARTS if content.get(part)]
    figure = Figure(figsize=(8, 3 * len(parts)), layout="tight")
    axes = figure.subplots(len(parts), 2, squeeze=False)
    for part, row in zip(parts, axes, strict=True):
        (size, below), *figures = PARTS[part]
        for ax, (name, label) in zip(row, figures, strict=True):
            draw(ax, content[part], size, name)
            ax.set(xscale="log", xlabel=below, ylabel=label, title=part)
            if name == "seconds":  # a straight line of slope 1 is linear time
                ax.set(yscale="log")
            else:
                ax.set_ylim(0, 1.2 * max(one[name] for one in content[part]))
            ax.legend(loc="lower right")
    write_figure(PAGES / "growth.png", figure, dpi=80)


if __name__ == "__main__":
    main()
