"""Rows of `measure` as a Markdown table: verification first, then what is left of voice and words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A figure of a row; called, the text of its cell, which is empty where the row has none.

    Attributes:
        value: the figure; raises KeyError where a row has none.
        digits: how many after the point.
        interval: both ends of its interval, where it has one.
    """

    value: Callable[[Row], float]
    digits: int = 1
    interval: Callable[[Row], list[float]] | None = None

    def __call__(self, row: Row) -> str:
        try:
            text = f"{self.value(row):.{self.digits}f}"
        except KeyError:
            return ""
        return text if self.interval is None else text + " [{:.1f}, {:.1f}]".format(*self.interval(row))


def _eer(code: str, condition: str, kind: str) -> Column:
    def figures(row: Row) -> Row:
        return row[code][condition][kind]

    return Column(
        lambda row: 100 * figures(row)["eer"],
        interval=lambda row: [100 * end for end in figures(row)["interval"]],
    )


def _segments(condition: str, key: str = "segments") -> Column:
    return Column(lambda row: 100 * row[key][condition])


def _share(name: str, key: str = "value") -> Column:
    return Column(lambda row: 100 * row["probes"][name][key])


def _number(section: str, name: str, digits: int) -> Column:
    return Column(lambda row: row[section][name], digits)


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
    "segment static EER": _segments("clean"),
    "segment static EER, channel": _segments("channel"),
    "segment dynamic EER": _segments("clean", "dynamic_segments"),
    "segment dynamic EER, channel": _segments("channel", "dynamic_segments"),
    "dynamic flattened EER": _eer("flattened", "clean", "raw"),
    **_conditions("attacker", title="attacker on z"),
}
REMAINS: dict[str, Column] = {
    "speaker probe s %": _share("speaker_static"),
    "speaker probe z %": _share("speaker_dynamic"),
    "(chance)": _share("speaker_static", "chance"),
    "phone probe z %": _share("phones_dynamic"),
    "phone probe s %": _share("phones_static"),
    "(majority)": _share("phones_dynamic", "majority"),
    "phone errors z %": _share("phone_errors_dynamic", "rate"),
    "energy in z, R2": _number("probes", "energy_dynamic", 2),
    "leakage gap": _number("probes", "leakage_gap", 2),
    "squared error": _number("reconstruction", "squared_error", 3),
    "KL s": _number("validation", "kl_static", 1),
    "KL z": _number("validation", "kl_dynamic", 1),
    "active s": _number("reconstruction", "active_static", 0),
    "active z": _number("reconstruction", "active_dynamic", 0),
}


def markdown(rows: Sequence[Row]) -> str:
    """Two Markdown tables of the same rows; a column that no row fills is left out.

    EERs are percentages with their 95 % interval over speakers. Static EER should be low, dynamic and attacker
    EER high, and the words (phone probe, phone errors, energy) still in z. KL: nats per segment, validation speakers.
    """
    return _table(rows, VERIFICATION) + "\n" + _table(rows, REMAINS)


def _table(rows: Sequence[Row], columns: Mapping[str, Column]) -> str:
    cells = {title: [cell(row) for row in rows] for title, cell in columns.items()}
    cells = {"system": [row["system"] for row in rows]} | {t: c for t, c in cells.items() if any(c)}
    kept = [i for i in range(len(rows)) if any(column[i] for t, column in cells.items() if t != "system")]
    return grid(list(cells), [[column[i] for column in cells.values()] for i in kept])


def grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of cells."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def swaps(found: Mapping[str, Any]) -> str:
    """Swap scores as a Markdown table: a line a condition, shares in % with 95 % interval and count."""
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
    text = grid(columns, lines)
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
