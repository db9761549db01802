"""Recipes by name, in a checkout and in an installed package."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from speechdis.cli import main
from speechdis.errors import InputError
from speechdis.training import config, recipes


@pytest.mark.parametrize(
    ("name", "kinds", "file"),
    [
        ("revoice", recipes.KINDS, "revoice/speech.yaml"),
        ("revoice/demo", recipes.KINDS, "revoice/demo.yaml"),
        ("pvae", recipes.KINDS, "pvae/digits.yaml"),
        ("pvae-no-contrast", recipes.KINDS, "pvae/no-contrast.yaml"),
        ("cdsvae", ("timit", "speech"), "cdsvae/timit.yaml"),
        ("cdsvae", ("tidigits", "speech"), "cdsvae/speech.yaml"),
    ],
)
def test_names(name: str, kinds: tuple[str, ...], file: str) -> None:
    assert recipes.find(name, kinds) == recipes.folder() / file


def test_a_file_is_itself_and_any_other_name_lists_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").touch()
    (tmp_path / "revoice").mkdir()  # an experiment of that name is no recipe
    assert recipes.find("mine.yaml") == Path("mine.yaml")
    assert recipes.find("revoice").name == "speech.yaml"
    for name, says in (
        ("nope", "no recipe 'nope'; there are: avrnn/"),
        ("vae", "for speech or digits; there are: vae/im, vae/sp"),
        ("../suites/static-dynamic", "no recipe '../suites/static-dynamic'"),
        ("none.yaml", "none.yaml: no such file"),
    ):
        with pytest.raises(InputError, match=says):
            recipes.find(name)
    assert recipes.find_suite("static-dynamic").is_file()
    with pytest.raises(InputError, match="no suite 'nope'; there are: cdsvae-ablations, "):
        recipes.find_suite("nope")


def test_an_installed_package_has_them_inside_and_a_checkout_beside_it(tmp_path: Path) -> None:
    assert recipes.folder(tmp_path / "speechdis") == tmp_path / "recipes"
    (tmp_path / "speechdis" / "recipes").mkdir(parents=True)
    assert recipes.folder(tmp_path / "speechdis") == tmp_path / "speechdis" / "recipes"


def test_the_command_lists_and_checks(capsys: pytest.CaptureFixture) -> None:
    assert main(["recipes"]) == 0
    assert capsys.readouterr().out.splitlines() == list(recipes.names())
    assert main(["recipes", "cdsvae", "--set", "training.steps=3"]) == 0
    assert capsys.readouterr().out.strip() == str(recipes.folder() / "cdsvae" / "speech.yaml")
    assert main(["recipes", "cdsvae", "--set", "training.stepz=3"]) == 2
    assert main(["train", "--config", "nope", "--features", "f", "--out", "o"]) == 2
    assert "no recipe 'nope'; there are: " in capsys.readouterr().err


def test_the_command_shows_what_a_recipe_and_what_it_extends_say_together(
    capsys: pytest.CaptureFixture,
) -> None:
    assert main(["recipes", "pvae/no-contrast", "--show", "--set", "training.steps=3"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    found = config.read(recipes.find("pvae/no-contrast"), ["training.steps=3"])
    assert config.recipe(shown, "shown") == found
    assert found.model == replace(config.read(recipes.find("pvae")).model, contrast=0.0)
