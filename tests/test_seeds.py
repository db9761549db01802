"""Several seeds beside a published table."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import seeds  # noqa: E402


def result(model: str, accuracy: float) -> dict:
    one = {"accuracy": accuracy, "inception": 8.0, "within": 0.1, "between": 2.0, "samples": 9}
    scores = {condition: {"motion": one} for condition in ("real", "motion kept")}
    made = {"command": "speechdis clips", "commit": "abc", "hardware": "a GPU"}
    return {"system": model, "model": model, "scores": scores, "protocol": {"split": "test"}, "made": made}


def test_the_interval_of_a_mean_is_that_of_students_t() -> None:
    values = [0.3, 0.9, 0.4]
    found = seeds.over_seeds(values)
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (found["mean"], *found["interval"]) == pytest.approx((np.mean(values), low, high))
    assert (found["least"], found["most"]) == (0.3, 0.9)
    assert "interval" not in seeds.over_seeds([0.5])


@pytest.mark.parametrize("corpus", ["sprites", "moving-mnist"])
def test_published_tables_are_of_the_five_models(corpus: str) -> None:
    asked = seeds.read_yaml(ROOT / "egs" / corpus / "published.yaml")
    assert set(asked["published"]) == {"mocogan", "dsvae", "rwae", "s3vae", "cdsvae"}
    assert all(set(row) == {"system", *seeds.SCORES} for row in asked["published"].values())


def test_seeds_stand_above_the_papers_row(tmp_path: Path) -> None:
    files = []
    for k, accuracy in enumerate((0.9, 1.0)):
        files.append(tmp_path / f"{k}.json")
        files[-1].write_text(json.dumps(result("cdsvae", accuracy)))
    words = [
        ROOT / "tools/seeds.py",
        ROOT / "egs/sprites/published.yaml",
        *files,
        "--out",
        tmp_path / "t.json",
    ]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()]
    own = next(k for k, line in enumerate(lines) if line[0] == "C-DSVAE")
    assert lines[own][1:3] == ["2", "95.00 (90.00-100.00) [31.47, 158.53]"]
    assert lines[own + 1][0] == "the paper: C-DSVAE" and lines[own + 1][2] == "99.99"
    rows = {row["system"]: row for row in json.loads((tmp_path / "t.json").read_text())["rows"]}
    assert rows["C-DSVAE"]["seeds"] == 2 and "interval" not in rows["judge, of real sequences"]["accuracy"]
    (tmp_path / "0.json").write_text("{}")
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
