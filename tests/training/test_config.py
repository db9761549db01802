"""Recipes: every mistake is named; what is resolved reads back to itself."""

import typing
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from speechdis import models
from speechdis.errors import InputError
from speechdis.training import config

FILES = (Path(__file__).parents[2] / "recipes").glob("*/*.yaml")
RECIPES = sorted(file for file in FILES if file.parent.name != "suites")


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_recipe_reads_and_resolves_to_itself(path: Path) -> None:
    recipe = config.read(path)
    assert config.recipe(recipe.resolved(), "resolved") == recipe
    assert recipe.name == path.parent.name


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"model": {"name": "cdsvae", "statc_size": 3}},
            "unknown key 'statc_size'; did you mean 'static_size'",
        ),
        ({"model": {"name": "dsvae"}, "training": {"step": 3}}, "unknown key 'step'; did you mean 'steps'"),
        ({"model": {"name": "dsvae"}, "trainin": {}}, "unknown key 'trainin'; did you mean 'training'"),
        (
            {"model": {"name": "dsvae", "hidden_size": "big"}},
            "model.hidden_size: expected a whole number from 1 to 8192, not 'big'",
        ),
        (
            {"model": {"name": "dsvae", "hidden_size": True}},
            "expected a whole number from 1 to 8192, not True",
        ),
        ({"model": {"name": "dsvae", "posterior": "best"}}, "expected one of factorised, full"),
        ({"model": {"name": "dsave"}}, "no model 'dsave'; there are: avrnn, cdsvae, dbse, dsvae"),
        ({"model": {}}, "'model.name' is missing"),
        ({"model": "dsvae"}, "'model.name' is missing"),
        (
            {"model": {"name": "dsvae"}, "training": {"batch": 0}},
            "training.batch: expected a whole number from 1",
        ),
        (
            {"model": {"name": "dsvae"}, "training": 0},
            "training: expected a mapping of keys to values, not 0",
        ),
        ({"model": {"name": "dsvae"}, "training": False}, "expected a mapping"),
        (
            {"model": {"name": "dsvae"}, "qwertz": {}},
            "unknown key 'qwertz'; there are: model, training, paper",
        ),
    ],
)
def test_a_mistake_is_named(content: dict, message: str, tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError) as error:
        config.read(file)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_settings_override_and_take_yaml_values() -> None:
    recipe = config.read(
        RECIPES[0], ["training.steps=7", "training.learning_rate=1e-4", "model.hidden_size=3"]
    )
    assert (recipe.training.steps, recipe.training.learning_rate, recipe.model.hidden_size) == (7, 1e-4, 3)
    for setting, says in (
        ("steps=7", "expected section"),
        ("training.steps=[", "not YAML"),
        ("model.name.first=7", "holds .*, no keys"),
    ):
        with pytest.raises(InputError, match=says):
            config.read(RECIPES[0], [setting])


def test_settings_may_fill_an_empty_section(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("model: {name: dsvae}\ntraining:\n")
    assert config.read(file, ["training.steps=7"]).training.steps == 7
    file.write_bytes(b"model: {name: dsvae}  # d\xe9j\xe0\n")
    with pytest.raises(InputError, match="not UTF-8"):
        config.read(file)


def test_no_code_is_run_from_a_recipe(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("model: !!python/object/apply:os.system ['touch ran']\n")
    with pytest.raises(InputError, match="not YAML"):
        config.read(file)


CONFIGS = [config.Training, *(models.load(name).Config for name in models.names())]


@pytest.mark.parametrize("kind", CONFIGS, ids=lambda kind: kind.__module__)
def test_every_number_has_a_range_and_nothing_else_is_taken(kind: type) -> None:
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        if typing.get_type_hints(kind)[field.name] not in (int, float):
            continue
        span = typing.get_args(hints[field.name])[1]
        assert field.default in span
        for end in span:
            value = typing.get_type_hints(kind)[field.name](end)
            assert getattr(config.fill(kind, {field.name: value}, "x"), field.name) == value
        beyond = [
            span.low - 1,
            span.high * 2 + 40,
            10**400,
            -(10**400),
            float("nan"),
            float("inf"),
            -float("inf"),
        ]
        for value in [*beyond, "nan", "1e999", True, None, [], {}, "x"]:
            with pytest.raises(InputError, match=rf"^x\.{field.name}: expected a .*number from"):
                config.fill(kind, {field.name: value}, "x")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("{name: dsvae, name: vae}", "stands twice"),
        ("&a {name: dsvae}", "anchors"),
        ("[" * 3000 + "]" * 3000, "nested too deeply"),
    ],
    ids=["a key twice", "an anchor", "brackets"],
)
def test_hostile_yaml_is_refused_in_a_file_and_in_a_setting(value: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(f"model: {value}")
    for path, settings in ((file, []), (RECIPES[0], [f"training.model={value}"])):
        with pytest.raises(InputError, match=says):
            config.read(path, settings)


def test_a_recipe_lies_over_the_one_that_it_extends_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "base.yaml").write_text(
        "model: {name: dsvae, hidden_size: 8, static_size: 2}\ntraining: {steps: 7, batch: 3}\npaper: [1, 2]"
    )
    (tmp_path / "far" / "middle.yaml").write_text("extends: base.yaml\nmodel: {static_size: 4}\ntraining:\n")
    file = tmp_path / "recipe.yaml"
    file.write_text("extends: far/middle.yaml\ntraining: {steps: 9}\npaper: text")
    found = config.read(file, ["training.batch=5"])
    assert (found.name, found.model.hidden_size, found.model.static_size) == ("dsvae", 8, 4)
    assert (found.training.steps, found.training.batch) == (9, 5)


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("b.yaml", r"b\.yaml: extends: .*a\.yaml extends this file, too"),
        ("a.yaml", r"a\.yaml: extends: .*a\.yaml extends this file, too"),
        ("none.yaml", r"a\.yaml: extends: .*none\.yaml: no such file"),
        ("[a, b]", r"a\.yaml: extends: expected the name of a recipe's file, not \['a', 'b'\]"),
    ],
)
def test_a_circle_of_recipes_and_a_missing_one_are_named(tmp_path: Path, base: str, message: str) -> None:
    (tmp_path / "a.yaml").write_text(f"extends: {base}\nmodel: {{name: dsvae}}")
    (tmp_path / "b.yaml").write_text("extends: a.yaml")
    with pytest.raises(InputError, match=message):
        config.read(tmp_path / "a.yaml")


def test_a_mistake_in_what_is_extended_names_both_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("extends: b.yaml")
    (tmp_path / "b.yaml").write_text("model: {name: dsvae, hiden_size: 3}")
    with pytest.raises(
        InputError, match=r"a\.yaml, which extends .*b\.yaml: model: unknown key 'hiden_size'"
    ):
        config.read(tmp_path / "a.yaml")


def test_old_names_of_fields_are_taken_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    """Recipes, checkpoints and runs of version 0.1 say hidden_size and frame_size of Revoice."""
    content = {"model": {"name": "revoice", "hidden_size": 24, "frame_size": 12}}
    with caplog.at_level("INFO"):
        model = config.recipe(content, "old.yaml").model
    assert (model.content_channels, model.voice_channels, model.hidden_size) == (24, 12, 24)
    assert "model.frame_size is now called model.voice_channels" in caplog.text
    content["model"]["voice_channels"] = 12
    with pytest.raises(InputError, match="old name of"):
        config.recipe(content, "both.yaml")
