"""Rows of `measure` as a Markdown table: verification first, then what is left of voice and words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def _eer(code: str, condition: str, kind: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        figures = row.get(code, {}).get(condition, {}).get(kind)
        if figures is None:
            return ""
        low, high = figures["interval"]
        return f"{100 * figures['eer']:.1f} [{100 * low:.1f}, {100 * high:.1f}]"

    return cell


def _segments(condition: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = row.get("segments", {}).get(condition)
        return "" if value is None else f"{100 * value:.1f}"

    return cell


def _share(name: str, key: str = "value") -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        found = row.get("probes", {}).get(name)
        return "" if found is None else f"{100 * found[key]:.1f}"

    return cell


def _number(section: str, name: str, form: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = row.get(section, {}).get(name)
        return "" if value is None else format(value, form)

    return cell


def _conditions(code: str, kind: str = "raw", title: str = "") -> dict[str, Callable[[Row], str]]:
    return {
        f"{title or code} EER": _eer(code, "clean", kind),
        f"{title or code} EER, channel": _eer(code, "channel", kind),
    }


VERIFICATION: dict[str, Callable[[Row], str]] = {
    **_conditions("static"),
    **_conditions("static", "centred", "static centred"),
    **_conditions("dynamic"),
    **_conditions("dynamic", "centred", "dynamic centred"),
    **_conditions("static_lda", title="static, supervised LDA"),
    "segment static EER": _segments("clean"),
    "segment static EER, channel": _segments("channel"),
    "dynamic flattened EER": _eer("flattened", "clean", "raw"),
    **_conditions("attacker", title="attacker on z"),
}
REMAINS: dict[str, Callable[[Row], str]] = {
    "speaker probe s %": _share("speaker_static"),
    "speaker probe z %": _share("speaker_dynamic"),
    "(chance)": _share("speaker_static", "chance"),
    "phone probe z %": _share("phones_dynamic"),
    "phone probe s %": _share("phones_static"),
    "(majority)": _share("phones_dynamic", "majority"),
    "phone errors z %": _share("phone_errors_dynamic", "rate"),
    "energy in z, R2": _number("probes", "energy_dynamic", ".2f"),
    "leakage gap": _number("probes", "leakage_gap", ".2f"),
    "squared error": _number("reconstruction", "squared_error", ".3f"),
    "KL s": _number("validation", "kl_static", ".1f"),
    "KL z": _number("validation", "kl_dynamic", ".1f"),
    "active s": _number("reconstruction", "active_static", "d"),
    "active z": _number("reconstruction", "active_dynamic", "d"),
}


def markdown(rows: Sequence[Row]) -> str:
    """Two Markdown tables of the same rows; a column that no row fills is left out.

    EERs are percentages with their 95 % interval over speakers. Static EER should be low, dynamic and attacker
    EER high, and the words (phone probe, phone errors, energy) still in z. KL: nats per segment, validation speakers.
    """
    return _table(rows, VERIFICATION) + "\n" + _table(rows, REMAINS)


def _table(rows: Sequence[Row], columns: Mapping[str, Callable[[Row], str]]) -> str:
    cells = {title: [cell(row) for row in rows] for title, cell in columns.items()}
    cells = {"system": [row["system"] for row in rows]} | {t: c for t, c in cells.items() if any(c)}
    kept = [i for i in range(len(rows)) if any(column[i] for t, column in cells.items() if t != "system")]
    lines = [list(cells), ["---"] * len(cells), *([column[i] for column in cells.values()] for i in kept)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
