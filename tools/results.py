"""Write the tables of READMEs and pages from the figures in egs/CORPUS/results/NAME.json; with --check only compare.

A table stands between `<!-- results: NAME -->`, or `<!-- results: CORPUS/NAME -->`, and `<!-- end -->`. To show a part
of it, name columns or rows: `<!-- results: NAME; columns: static EER | dynamic EER; rows: DSVAE | FHVAE -->`. Rows go
by their first column, which is always shown. A file holds one table:

    {"title", "caption": what the figures are, "command", "commit", "date", "hardware",
     "transcribed": null, or the commit whose RESULTS.md the figures were copied from,
     "columns": [names in order, the first of which names a row], "digits": {column: digits, where not 1},
     "rows": [{column: 3.5 | {"mean": 3.5, "least": 3, "most": 4, "interval": [2.2, 4.6]} | "text" | null}]}
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from speechdis.errors import InputError
from speechdis.evaluation.suite import cell
from speechdis.evaluation.table import grid

ROOT = Path(__file__).parents[1]
KEYS = ("title", "caption", "command", "commit", "date", "hardware", "transcribed", "columns", "rows")
BLOCK = re.compile(r"<!-- results: (?P<asked>[^>]+?) -->\n(?P<table>.*?)<!-- end -->", re.DOTALL)


def read(path: Path) -> dict[str, Any]:
    """The table in `path`; raises InputError where a key is missing, or a row names a column that is not there."""
    if not path.is_file():
        raise InputError(f"{path}: no such table of results")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if missing := [key for key in KEYS if key not in content]:
        raise InputError(f"{path}: no '{missing[0]}'")
    first = content["columns"][0]
    for row in content["rows"]:
        if not isinstance(row.get(first), str):
            raise InputError(f"{path}: a row without the name that '{first}' gives it")
    return content


def table(content: Mapping[str, Any], columns: list[str] | None = None, rows: list[str] | None = None) -> str:
    """The Markdown table of `content`, or of some columns and rows of it, without those that are empty there."""
    first, *others = content["columns"]
    shown = content["rows"]
    for asked, known in ((columns, others), (rows, [row[first] for row in shown])):
        if asked and (unknown := set(asked) - set(known)):
            raise InputError(f"{content['title']}: no '{min(unknown)}'; there are: {' | '.join(known)}")
    if rows:
        shown = [row for name in rows for row in shown if row[first] == name]
    digits = content.get("digits", {})
    cells = {name: [cell(row.get(name), digits.get(name, 1)) for row in shown] for name in columns or others}
    kept = [name for name in cells if any(cells[name])]
    lines = [[row[first], *(cells[name][i] for name in kept)] for i, row in enumerate(shown)]
    return grid([first, *kept], [line for line in lines if any(line[1:])])


def provenance(content: Mapping[str, Any], path: Path) -> str:
    """One line: what the figures are, in which file, and by which command, commit, day and machine."""
    told = [f"`{path.relative_to(ROOT)}`" if path.is_relative_to(ROOT) else f"`{path.name}`"]
    if content["transcribed"]:
        told.append(f"transcribed from {content['transcribed']}")
    if content["command"]:
        told.append(f"`{content['command']}`")
    if content["commit"]:
        told.append(f"commit {content['commit']}")
    told += [content[key] for key in ("date", "hardware") if content[key]]
    return f"{content['caption']} {'; '.join(told)}."


def rendered(asked: str, page: Path) -> str:
    """What stands in the block that asks for `asked` on `page`."""
    name, *choices = (part.strip() for part in asked.split(";"))
    chosen = dict(choice.split(":", 1) for choice in choices)
    if unknown := set(chosen) - {"columns", "rows"}:
        raise InputError(f"{page}: unknown choice '{min(unknown)}'; there are columns and rows")
    lists = {key: [part.strip() for part in text.split("|")] for key, text in chosen.items()}
    *corpus, file = name.split("/")
    folder = ROOT / "egs" / corpus[0] if corpus else page.parent
    path = folder / "results" / f"{file}.json"
    content = read(path)
    return f"\n{table(content, lists.get('columns'), lists.get('rows'))}\n{provenance(content, path)}\n\n"


def written(page: Path) -> str:
    """The text of `page` with all of its tables made anew."""
    text = page.read_text(encoding="utf-8")
    if text.count("<!-- results:") != len(BLOCK.findall(text)):
        raise InputError(f"{page}: a table of results without '<!-- end -->'")
    return BLOCK.sub(
        lambda m: f"<!-- results: {m['asked']} -->\n{rendered(m['asked'], page)}<!-- end -->", text
    )


def pages() -> Iterator[Path]:
    """Every file that may show a table."""
    yield from (page for page in (ROOT / "README.md",) if page.exists())
    yield from sorted((ROOT / "egs").glob("*/README.md"))
    yield from sorted((ROOT / "docs" / "pages").rglob("*.md"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 where a table is stale"
    )
    check = parser.parse_args().check
    try:
        made = {page: written(page) for page in pages()}
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    stale = [page for page, text in made.items() if text != page.read_text(encoding="utf-8")]
    for page in stale:
        print(f"{page.relative_to(ROOT)}: {'stale; run make results' if check else 'written'}")
        if not check:
            page.write_text(made[page], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
