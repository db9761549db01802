"""Which form a file of trials or scores has, and how its lines are split.

A file has the form that all its first lines fit, split at blanks, tabs, commas, semicolons or bars. Where several fit
(ids that are numbers), the one wins in which the fewest ids look like numbers or labels; where none wins, the columns
must be named.
"""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from speechdis.errors import InputError
from speechdis.metrics.files.forms import FAMILY, FORMS, ROLES, SPOOF, Form, role_of

SAMPLE = 1000  # lines that are looked at
AROUND = b' \t\r\f\v"'  # what may stand around a cell between separators
_SEPARATORS = {
    None: "",
    b"\t": ", split at tabs",
    b",": ", split at commas",
    b";": ", split at semicolons",
    b"|": ", split at bars",
}
_TRAILING = (
    {b","},
    {b";"},
)  # what ends all cells but the last of 'a, b, 1' at blanks: it separates the columns


@dataclass(frozen=True)
class Layout:
    """A form, what separates its columns (None: blanks), and whether the first line names them."""

    form: Form
    separator: bytes | None = None
    header: bool = False

    def rows(self, lines: Sequence[bytes]) -> list[list[bytes]]:
        """The cells of each line; lines without any are left out."""
        if self.separator is None:
            return [row for row in map(bytes.split, lines) if row]
        rows = ([cell.strip(AROUND) for cell in line.split(self.separator)] for line in lines)
        return [row for row in rows if any(row)]

    def columns(self, lines: Sequence[bytes]) -> list[Sequence[bytes]]:
        """The cells of all lines that are not blank, column by column, or ValueError where a line has more or fewer.

        Lines must hold no zero bytes: these mark their ends, as a list for each line would take twice the time.
        """
        width = len(self.form.columns)
        if self.separator is None:
            cells = [*b" \0 ".join(lines).split(), b"\0"]
            whole = len(cells) == (width + 1) * len(lines)
            if whole and cells[width :: width + 1].count(b"\0") == len(lines):
                return [cells[k :: width + 1] for k in range(width)]
        rows = self.rows(lines)
        if set(map(len, rows)) - {width}:
            raise ValueError
        return [*zip(*rows, strict=True)] or [()] * width

    def cost(self, line: bytes, needs: Collection[str] = ROLES) -> int | None:
        """How unlikely it is that a line, not blank, has this layout where `needs` are sought; None if it cannot."""
        row = next(iter(self.rows([line])), [])
        if len(row) != len(self.form.columns):
            return None
        enroll, test = self.form.place("enroll"), self.form.place("test")
        if enroll is not None and test is not None and enroll != test and row[enroll] == row[test]:
            return None
        costs = [_cost(role, cell) for role, cell in zip(self.form.columns, row, strict=True)]
        more = {"score", "label", "spoof"} & set(self.form.columns) - {*needs, "spoof" * ("label" in needs)}
        if self.separator is None and len(row) > 1 and {cell[-1:] for cell in row[:-1]} in _TRAILING:
            more |= {"-"}
        return None if None in costs else sum(filter(None, costs)) + 3 * len(more)

    def __str__(self) -> str:
        named = "as its header says" if self.header else f"as {self.form.name}"
        columns = " ".join("label" if column == "spoof" else column for column in self.form.columns)
        return f"read {named}: {columns}{_SEPARATORS[self.separator]}"


def recognise(
    lines: Sequence[tuple[int, bytes]], needs: Collection[str], columns: Sequence[str] | None, path: object
) -> Layout:
    """The layout of a file.

    Args:
        lines: number and content of its first lines that are not blank; at least one.
        needs: see `Form.gives`.
        columns: the roles of its columns, if somebody knows them.
        path: of errors.

    Raises:
        InputError: with the first line that no form fits; or several forms fit equally well.
    """
    forms = [Form("told", tuple(columns))] if columns else list(FORMS)
    forms = [form for form in forms if form.gives(needs)]
    layouts = [Layout(form, separator) for separator in _SEPARATORS for form in forms]
    if columns:
        layouts = [_headed(layout, lines) for layout in layouts]
    elif named := _named(lines, needs, path):
        layouts = [named]
    costs = dict.fromkeys(layouts, 0)
    for number, line in lines:
        left = {}
        for layout, cost in costs.items():
            more = 0 if layout.header and number == lines[0][0] else layout.cost(line, needs)
            if more is not None:
                left[layout] = cost + more
        if not left:
            raise wrong(path, number, line, costs, forms[0], alone={"score", "label"} <= set(needs))
        costs = left
    return _cheapest(costs, path)


def wrong(
    path: object,
    number: int,
    line: bytes,
    layouts: Collection[Layout],
    default: Form | None = None,
    alone: bool = False,
) -> InputError:
    """What to say of a line that has none of `layouts`; `default` is named of several, and `alone` if the file should
    have both scores and labels."""
    left = {layout.form for layout in layouts}
    form = left.pop() if len(left) == 1 or default is None else default
    cells = line.split()
    if form.columns[:2] == ("enroll", "test") and len(cells) == len(form.columns) and cells[0] == cells[1]:
        return InputError(f"{path}:{number}: '{shown(cells[0])}' is compared with itself; remove the line")
    finite = " (finite)" if "score" in form.columns else ""
    hint = "" if default is None else "; name columns of another order by --columns"
    hint += ", or give the labels by --trials or --labels" if alone else ""
    return InputError(f"{path}:{number}: expected '{form}'{finite}, got '{shown(line)}'{hint}")


def shown(line: bytes) -> str:
    """A line as a message shows it: the first 80 characters."""
    text = line.decode("utf-8", "surrogateescape").strip()
    return text if len(text) <= 80 else f"{text[:80]}..."


def number(cell: bytes) -> float:
    """A finite number, with a decimal point or comma; raises ValueError for anything else."""
    value = float(cell.replace(b",", b"."))
    if not math.isfinite(value) or b"_" in cell:
        raise ValueError
    return value


def _cheapest(costs: dict[Layout, int], path: object) -> Layout:
    """The best layout; InputError if others that take other columns are as good."""
    best = [layout for layout, cost in costs.items() if cost == min(costs.values())]
    best = [layout for layout in best if layout.separator == best[0].separator]
    if len({tuple(layout.form.place(role) for role in ROLES) for layout in best}) > 1:
        either = " or ".join(f"'{','.join(layout.form.columns)}'" for layout in best[:3])
        raise InputError(
            f"{path}: its columns may be {either.replace('spoof', 'label')}; name them by --columns"
        )
    return best[0]


def _cost(role: str, cell: bytes) -> int | None:
    """How unlikely it is that a cell has a role: a score of digits alone, an id that is a number or a label; None if
    it cannot."""
    family = FAMILY.get(cell.lower())
    if role == "label":
        return None if family is None else int(family > 0)
    if role == "spoof":
        return 0 if family == SPOOF else None
    if role == "side":
        return 0 if re.fullmatch(rb"[a-zA-Z-]|A\d\d|bonafide", cell) else None
    if role == "score":
        return None if not _is_number(cell) else 2 * cell.isdigit()
    if not cell:
        return 0 if role == "-" else None
    if _is_number(cell):
        return 2 - cell.isdigit()
    return 0 if family is None else 2


def _is_number(cell: bytes) -> bool:
    try:
        number(cell)
    except ValueError:
        return False
    return True


def _named(lines: Sequence[tuple[int, bytes]], needs: Collection[str], path: object) -> Layout | None:
    """The layout that the first line names, if it is a header."""
    for separator in [mark for mark in _SEPARATORS if mark and mark in lines[0][1]] + [None]:
        rows = Layout(FORMS[0], separator).rows([line for _, line in lines[:2]])
        roles = [role_of(cell.decode("utf-8", "replace")) for cell in rows[0]]
        form = Form("its header", tuple(roles))
        if form.gives(needs) and _is_header(form, rows):
            for role in ROLES:
                if roles.count(role) > 1:
                    raise InputError(f"{path}: several columns may be the {role}; name them by --columns")
            if "enroll" not in roles and any(cell.lower().startswith(b"test") for cell in rows[0]):
                raise InputError(
                    f"{path}: its header names no enrolment beside the test; name the columns by --columns"
                )
            return Layout(form, separator, header=True)
    return None


def _is_header(form: Form, rows: Sequence[Sequence[bytes]]) -> bool:
    """Whether the first row, whose words name columns, is one: 'utt1 utt2 target' may be a trial."""
    if "score" in form.columns:
        return not _is_number(rows[0][form.columns.index("score")])
    place = form.columns.index("label")
    first, *later = (FAMILY.get(row[place].lower()) if place < len(row) else None for row in rows)
    if first is None or (later and later[0] != first):
        return True
    numbered = any(re.search(rb"(\d|[_-][ab])$", cell) for cell in rows[0])  # as ids are
    return "test" in form.columns and "-" not in form.columns and not numbered


def _headed(layout: Layout, lines: Sequence[tuple[int, bytes]]) -> Layout:
    """`layout`, with a header if the first line has words where numbers and labels belong."""
    rows = layout.rows([line for _, line in lines[:2]])
    places = [layout.form.place(role) for role in ("score", "label")]
    cells = [
        [row[k].lower() for row in rows] for k in places if k is not None and all(k < len(r) for r in rows)
    ]
    word = re.compile(rb"(?!nan$|inf$|infinity$)[a-z][\w .-]*")
    header = len(rows) > 1 and bool(cells)
    header = header and all(
        word.fullmatch(c) and FAMILY.get(c, -1) != FAMILY.get(later) for c, later in cells
    )
    return Layout(layout.form, layout.separator, header)
