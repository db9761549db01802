"""Recipes and suites by name: `recipes/` of a checkout, or of an installed package."""

from collections.abc import Sequence
from pathlib import Path

from speechdis.errors import InputError

KINDS = ("speech", "digits")  # what a model's recipe is called, where it has none of the corpus's name


def folder(package: Path = Path(__file__).parents[1]) -> Path:
    """Where they are."""
    inside = package / "recipes"  # of a wheel
    return inside if inside.is_dir() else package.parent / "recipes"  # of a checkout


def names() -> tuple[str, ...]:
    """Every recipe, as MODEL/RECIPE."""
    files = (file.relative_to(folder()) for file in folder().glob("*/*.yaml"))
    return tuple(sorted(file.with_suffix("").as_posix() for file in files if file.parent.name != "suites"))


def find(name: str | Path, kinds: Sequence[str] = KINDS) -> Path:
    """The file of a recipe.

    Args:
        name: a file; or MODEL/RECIPE, also written MODEL-RECIPE; or MODEL, for the first of `kinds` that it has.
        kinds: corpora, "speech" or "digits".

    Raises:
        InputError: neither a file nor a recipe's name; the names that there are.
    """
    path, known = Path(name), set(names())
    if path.is_file():
        return path
    wanted = [f"{name}/{kind}" for kind in kinds] + [str(name), str(name).replace("-", "/", 1)]
    for recipe in wanted:
        if recipe in known:
            return folder() / f"{recipe}.yaml"
    if path.suffix in (".yaml", ".yml"):
        raise InputError(f"{name}: no such file ('speechdis recipes' lists those that have a name)")
    own = sorted(recipe for recipe in known if recipe.split("/")[0] == str(name))
    if own:
        raise InputError(f"no recipe of '{name}' for {' or '.join(kinds)}; there are: {', '.join(own)}")
    raise InputError(f"no recipe '{name}'; there are: {', '.join(sorted(known))}")


def find_suite(name: str | Path) -> Path:
    """The file of a suite: a file, or a name in `recipes/suites`. Raises InputError with the known names."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return path
    known = sorted(file.stem for file in (folder() / "suites").glob("*.yaml"))
    if str(name) not in known:
        raise InputError(f"no suite '{name}'; there are: {', '.join(known)}")
    return folder() / "suites" / f"{name}.yaml"
