"""Rows of `measure` as a table: verification first, then what is left of voice and words.

In two layouts: `grid`, Markdown, a line a row; and `upright`, for terminals, a line a figure.
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from speechdis.evaluation.results import Results, strongest
from speechdis.metrics.verification import Verification

Layout = Callable[
    [Sequence[str], Sequence[Sequence[str]]], str
]  # titles of columns, and rows of cells, to text
WIDTH, HEADING = 100, 20  # characters of a terminal's line, and of a name in it before it is wrapped


@dataclass(frozen=True)
class Column:
    """A figure of a row; called, the text of its cell, which is empty where the row has none.

    Attributes:
        value: the figure; raises KeyError where a row has none.
        digits: how many after the point.
        interval: both ends of its interval, where it has one.
    """

    value: Callable[[Results], float]
    digits: int = 1
    interval: Callable[[Results], Sequence[float]] | None = None

    def __call__(self, row: Results) -> str:
        try:
            text = f"{self.value(row):.{self.digits}f}"
        except KeyError:
            return ""
        return text if self.interval is None else text + " [{:.1f}, {:.1f}]".format(*self.interval(row))


def _eer(code: str, condition: str, kind: str) -> Column:
    def figures(row: Results) -> Verification:
        return row.verified[code][condition][kind]

    return Column(
        lambda row: 100 * figures(row).eer,
        interval=lambda row: [100 * end for end in figures(row).interval or ()],
    )


def _training(condition: str) -> Column:
    return Column(lambda row: 100 * (row.attackers or {})[condition]["training"])


def _attack(name: str, scale: float, digits: int) -> Column:
    return Column(lambda row: scale * strongest((row.attackers or {})["clean"])["test"][name], digits)


def _share(name: str, key: str = "value") -> Column:
    return Column(lambda row: 100 * (row.probes or {})[name][key])


def _number(section: Callable[[Results], Mapping[str, Any] | None], name: str, digits: int) -> Column:
    return Column(lambda row: (section(row) or {})[name], digits)


def _conditions(code: str, kind: str = "raw", title: str = "") -> dict[str, Column]:
    return {
        f"{title or code} EER": _eer(code, "clean", kind),
        f"{title or code} EER, channel": _eer(code, "channel", kind),
    }


VERIFICATION: dict[str, Column] = {
    **_conditions("static"),
    **_conditions("static", "centred", "static centred"),
    **_conditions("dynamic"),
    **_conditions("dynamic", "centred", "dynamic centred"),
    **_conditions("static_lda", title="static, supervised LDA"),
    "segment static EER": Column(lambda row: 100 * (row.segments or {})["clean"]),
    "segment static EER, channel": Column(lambda row: 100 * (row.segments or {})["channel"]),
    "segment dynamic EER": Column(lambda row: 100 * (row.dynamic_segments or {})["clean"]),
    "segment dynamic EER, channel": Column(lambda row: 100 * (row.dynamic_segments or {})["channel"]),
    "dynamic flattened EER": _eer("flattened", "clean", "raw"),
    **_conditions("attacker", title="attacker on z"),
    "attacker's training EER": _training("clean"),
    "attacker's training EER, channel": _training("channel"),
    "attacker's misses at 1 %": _attack("miss_at_1", 100, 1),
    "attacker's misses at 0.1 %": _attack("miss_at_01", 100, 1),
    "attacker's min Cllr": _attack("min_cllr", 1, 3),
    "attacker's D_sys": _attack("linkability", 1, 3),
}
REMAINS: dict[str, Column] = {
    "speaker probe s %": _share("speaker_static"),
    "speaker probe z %": _share("speaker_dynamic"),
    "(chance)": _share("speaker_static", "chance"),
    "phone probe z %": _share("phones_dynamic"),
    "phone probe s %": _share("phones_static"),
    "(majority)": _share("phones_dynamic", "majority"),
    "phone errors z %": _share("phone_errors_dynamic", "rate"),
    "energy in z, R2": _number(lambda row: row.probes, "energy_dynamic", 2),
    "leakage gap": _number(lambda row: row.probes, "leakage_gap", 2),
    "squared error": _number(lambda row: row.reconstruction, "squared_error", 3),
    "KL s": _number(lambda row: row.validation, "kl_static", 1),
    "KL z": _number(lambda row: row.validation, "kl_dynamic", 1),
    "active s": _number(lambda row: row.reconstruction, "active_static", 0),
    "active z": _number(lambda row: row.reconstruction, "active_dynamic", 0),
}


def markdown(rows: Sequence[Results], layout: Layout | None = None) -> str:
    """Two tables of the same rows, Markdown or in another `layout`; a column that no row fills is left out.

    EERs are percentages with their 95 % interval over speakers. Static EER should be low, dynamic and attacker
    EER high, and the words (phone probe, phone errors, energy) still in z. KL: nats per segment, validation speakers.
    """
    layout = layout or grid
    return layout(*_cells(rows, VERIFICATION)) + "\n" + layout(*_cells(rows, REMAINS))


def _cells(rows: Sequence[Results], columns: Mapping[str, Column]) -> tuple[list[str], list[list[str]]]:
    cells = {title: [cell(row) for row in rows] for title, cell in columns.items()}
    cells = {"system": [row.title for row in rows]} | {t: c for t, c in cells.items() if any(c)}
    kept = [i for i in range(len(rows)) if any(column[i] for t, column in cells.items() if t != "system")]
    return list(cells), [[column[i] for column in cells.values()] for i in kept]


def grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of cells."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def upright(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same cells for a terminal of WIDTH characters: a line a column, rows beside each other, some at a time."""
    margin = max(map(len, columns))
    size = max([HEADING, *(len(cell) for row in rows for cell in row[1:])])
    beside = max(1, (WIDTH - margin) // (size + 2))
    blocks = []
    for k in range(0, len(rows), beside):
        shown = rows[k : k + beside]
        names = [textwrap.wrap(row[0], size) for row in shown]
        lines = [
            ["" if n else columns[0], *(name[n] if n < len(name) else "" for name in names)]
            for n in range(max(map(len, names)))
        ]
        figures = zip(columns[1:], *(row[1:] for row in shown), strict=True)
        lines += [list(line) for line in figures if any(line[1:])]
        blocks.append(
            [f"{line[0]:{margin}}" + "".join(f"  {cell:{size}}" for cell in line[1:]) for line in lines]
        )
    return "\n".join("".join(line.rstrip() + "\n" for line in block) for block in blocks)


def swaps(found: Mapping[str, Any], layout: Layout = grid) -> str:
    """Swap scores as a table: a line a condition, shares in % with 95 % interval and count."""
    columns = ["what is heard", "voice as it should be", "nearer it than the other", "words of B",
               "phone errors %", "F0 level nearer A", "F0 error, cents", "F0 contour r",
               "MCD to reconstruction, dB"]  # fmt: skip
    lines = []
    for name, of in found["conditions"].items():
        shares = {key: _counted(of.get(key)) for key in ("voice", "nearer", "words", "level")}
        errors = "" if "phone_errors" not in of else f"{100 * of['phone_errors']['rate']:.1f}"
        numbers = [
            "" if of[key] is None else format(of[key], form)
            for key, form in (("cents", ".0f"), ("correlation", ".2f"), ("distortion", ".1f"))
        ]
        lines.append(
            [name, shares["voice"], shares["nearer"], shares["words"], errors, shares["level"], *numbers]
        )
    text = layout(columns, lines)
    text += (
        f"\n{found['pairs']} pairs, {found['speakers']} speakers, {found['sentences']} sentences, vocoder "
        f"{found['vocoder']}. Voice: A's of 'no change' and swaps, else B's.\n"
    )
    for factor, of in found["generation"].items():
        text += (
            f"{factor} kept, the other drawn: accuracy {100 * of['accuracy']:.1f} %, IS {of['inception']:.2f}, "
            f"H(y|x) {of['within']:.2f}, H(y) {of['between']:.2f} nats, {of['samples']} samples.\n"
        )
    return text


def _counted(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    low, high = found["interval"]
    return f"{100 * found['share']:.1f} [{100 * low:.1f}, {100 * high:.1f}] of {found['count']}"
