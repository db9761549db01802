"""Recipes: every mistake is named; what is resolved reads back to itself."""

from pathlib import Path

import pytest
import yaml

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
        ({"model": {"name": "dsvae", "hidden_size": "big"}}, "model.hidden_size: expected int, not 'big'"),
        ({"model": {"name": "dsvae", "hidden_size": True}}, "expected int, not True"),
        ({"model": {"name": "dsvae", "posterior": "best"}}, "expected one of factorised, full"),
        ({"model": {"name": "dsave"}}, "no model 'dsave'; there are: avrnn, cdsvae, dbse, dsvae"),
        ({"model": {}}, "'model.name' is missing"),
        ({"model": "dsvae"}, "'model.name' is missing"),
        ({"model": {"name": "dsvae"}, "training": {"batch": 0}}, "training.batch must be 1 or more, not 0"),
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
        ("training.steps=[", "no YAML value"),
        ("model.name.first=7", "holds .*, no keys"),
    ):
        with pytest.raises(InputError, match=says):
            config.read(RECIPES[0], [setting])


def test_settings_may_fill_an_empty_section(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("model: {name: dsvae}\ntraining:\n")
    assert config.read(file, ["training.steps=7"]).training.steps == 7
    file.write_bytes(b"model: {name: dsvae}  # d\xe9j\xe0\n")
    with pytest.raises(InputError, match="not a YAML file"):
        config.read(file)


def test_no_code_is_run_from_a_recipe(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("model: !!python/object/apply:os.system ['touch ran']\n")
    with pytest.raises(InputError, match="not a YAML file"):
        config.read(file)
