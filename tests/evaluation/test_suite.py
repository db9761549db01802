"""Suites: what a file may say, and a table whose means and ranges are those of its rows."""

import json
from pathlib import Path

import pytest

from speechdis.errors import InputError
from speechdis.evaluation.results import Rates, Results
from speechdis.evaluation.suite import as_csv, committable, markdown, read_suite, summarise
from speechdis.metrics.verification import Verification

ROOT = Path(__file__).parents[2]


def row(static: float, dynamic: float) -> Results:
    def figures(eer: float) -> Rates:
        ends = (eer / 100 - 0.01, eer / 100 + 0.01)
        return {"clean": {"raw": Verification(eer / 100, 0.0, ends, 1.0, 1.0, 10, 90, 5)}}

    return Results("x", static=figures(static), dynamic=figures(dynamic), seconds=90, parameters=1_500_000)


def test_results_are_read_as_they_were_written() -> None:
    before = row(4, 30)
    content = json.loads(json.dumps(before.as_dict()))
    assert list(content) == ["system", "static", "dynamic", "parameters", "seconds"]
    assert json.loads(json.dumps(Results.read(content, "x.json").as_dict())) == content
    for wrong in (3, {}, {"system": 3}, {"system": "x", "static": 3}, {"system": "x", "probes": 3}):
        with pytest.raises(InputError, match="damaged"):
            Results.read(wrong, "x.json")


@pytest.mark.parametrize("file", sorted((ROOT / "recipes" / "suites").glob("*.yaml")), ids=lambda f: f.stem)
@pytest.mark.parametrize("corpus", ["speechocean762", "timit", "a-new-one"])
def test_every_suite_names_recipes_that_are_there(file: Path, corpus: str) -> None:
    from speechdis.training import config

    for system in read_suite(file, ROOT / "recipes", corpus).systems:
        config.read(system.recipe, system.settings)  # and its settings are keys of them


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[", "not YAML"),
        ("budget: {}", "expected 'systems:'"),
        ("systems: {a: {recipe: x.yaml}}", "no such recipe"),
        ("systems: {a: {set: {}}}", "needs 'recipe'"),
        ("systems: {a: {recipe: r.yaml}}\nseeds: 3", "unknown key 'seeds'"),
        ("systems: {A b: {recipe: r.yaml}, a-B: {recipe: r.yaml}}", "same folder"),
    ],
)
def test_a_bad_suite_is_named(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "r.yaml").touch()
    file = tmp_path / "suite.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=fault):
        read_suite(file, tmp_path, "corpus")


def test_a_missing_suite_says_which_there_are() -> None:
    with pytest.raises(InputError, match="static-dynamic"):
        read_suite(ROOT / "recipes/suites/none.yaml", ROOT / "recipes", "timit")


def test_budget_comes_before_a_systems_own_settings(tmp_path: Path) -> None:
    (tmp_path / "here.yaml").touch()
    file = tmp_path / "suite.yaml"
    file.write_text(
        "budget: {training.steps: 5, training.batch: 8}\n"
        "systems: {A, (b): {recipe: '{corpus}.yaml', set: {training.batch: 4}}}".replace("A, (b)", '"A, (b)"')
    )
    (system,) = read_suite(file, tmp_path, "here").systems
    assert system.settings == ("training.steps=5", "training.batch=4")
    assert system.slug == "a-b"


def test_means_and_ranges_are_those_of_the_rows() -> None:
    summary = summarise("X", [row(4, 30), row(8, 33)])
    assert summary["static EER"]["mean"] == pytest.approx(6)
    assert summary["gap"] == pytest.approx({"mean": 25.5, "least": 25, "most": 26})
    assert summary["dynamic EER"]["interval"] == pytest.approx([30.5, 32.5])
    assert "attacker on z EER" not in summary
    table = markdown([summary], {"X": {"static": 1, "source": "elsewhere"}})
    assert "| X | 6.0 (4.0-8.0) [5.0, 7.0] | 31.5 (30.0-33.0) [30.5, 32.5] |" in table
    assert "| X | 1 |  | elsewhere |" in table
    assert as_csv([summary]).splitlines()[1].startswith("X,2,6.0")


def test_a_committed_table_is_of_the_same_columns() -> None:
    summary = summarise("X", [row(4, 30), row(8, 33)])
    made = {"command": "speechdis benchmark", "commit": "abc", "date": "2026-11-29", "hardware": "a CPU"}
    content = committable("X", "EER in %.", [summary], made)
    assert content["columns"] == ["system", *markdown([summary], {}).split(" |\n")[0].split(" | ")[1:]]
    assert content["rows"] == [summary] and content["digits"] == {"parameters, M": 2}
