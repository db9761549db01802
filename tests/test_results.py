"""Tables of results: those shown are those committed, and a figure that changes is noticed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from speechdis.errors import InputError

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import results  # noqa: E402

FILES = sorted(ROOT.glob("egs/*/results/*.json"))
TABLE = {
    "title": "Two systems",
    "caption": "EER in %.",
    "command": "speechdis benchmark",
    "commit": "abc",
    "date": "2026-11-29",
    "hardware": "a CPU",
    "transcribed": None,
    "columns": ["system", "static EER", "error", "note"],
    "digits": {"error": 3},
    "rows": [
        {"system": "A", "static EER": {"mean": 3.46, "least": 3, "most": 4, "interval": [2.2, 4.6]}},
        {"system": "B", "static EER": 10, "error": 0.1, "note": None},
    ],
}


def test_tables_shown_are_those_committed() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/results.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parts[-3]}/{f.stem}")
def test_every_file_says_what_it_is(file: Path) -> None:
    content = results.read(file)
    assert content["title"] and content["caption"] and content["rows"]
    assert content["transcribed"] or all(content[key] for key in ("command", "commit", "date", "hardware"))
    assert all(set(row) <= {*content["columns"], "seeds"} for row in content["rows"])


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "results").mkdir()
    (tmp_path / "results/two.json").write_text(json.dumps(TABLE))
    page = tmp_path / "README.md"
    page.write_text("Before.\n\n<!-- results: two -->\n<!-- end -->\n\nAfter.\n")
    return page


def test_a_table_has_its_cells_and_where_they_are_from(page: Path) -> None:
    text = results.written(page)
    assert "| system | static EER | error |\n" in text  # and no empty column
    assert "| A | 3.5 (3.0-4.0) [2.2, 4.6] |  |\n| B | 10 | 0.100 |" in text
    assert "EER in %. `two.json`; `speechdis benchmark`; commit abc; 2026-11-29; a CPU" in text
    assert text.startswith("Before.") and text.endswith("After.\n")


def test_a_changed_figure_is_noticed(page: Path) -> None:
    page.write_text(results.written(page))
    assert results.written(page) == page.read_text()
    changed = json.loads(json.dumps(TABLE))
    changed["rows"][1]["error"] = 0.2
    (page.parent / "results/two.json").write_text(json.dumps(changed))
    assert results.written(page) != page.read_text()


def test_columns_and_rows_are_chosen_in_the_order_asked(page: Path) -> None:
    page.write_text("<!-- results: two; columns: error | static EER; rows: B -->\n<!-- end -->\n")
    assert "| system | error | static EER |\n| --- | --- | --- |\n| B | 0.100 | 10 |\n\n" in results.written(
        page
    )


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ("<!-- results: none -->\n<!-- end -->", "no such table"),
        ("<!-- results: two; columns: dynamic EER -->\n<!-- end -->", "no 'dynamic EER'; there are: static"),
        ("<!-- results: two; lines: 3 -->\n<!-- end -->", "unknown choice 'lines'"),
        ("<!-- results: two -->\n", "without '<!-- end -->'"),
    ],
)
def test_what_is_wrong_is_named(page: Path, block: str, fault: str) -> None:
    page.write_text(block)
    with pytest.raises(InputError, match=fault):
        results.written(page)


def test_a_missing_key_is_named(page: Path) -> None:
    (page.parent / "results/two.json").write_text(json.dumps({k: v for k, v in TABLE.items() if k != "date"}))
    with pytest.raises(InputError, match="no 'date'"):
        results.written(page)
