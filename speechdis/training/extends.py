"""A recipe that states what differs from another.

    extends: speech.yaml        # a file beside this one, or a path from there
    training: {utterances: 2000}

Key by key, a section of this file lies over that of the other, which may extend a third.
"""

from pathlib import Path
from typing import Any

from speechdis.data.text import read_yaml
from speechdis.errors import InputError


def read(path: str | Path, above: tuple[Path, ...] = ()) -> tuple[dict[str, Any], str]:
    """The sections of `path` over those that it extends, and the names of both for messages.

    Args:
        path: of a recipe.
        above: the recipes that extend it, resolved.

    Raises:
        InputError: no such file, not YAML, not sections, or recipes that extend each other in a circle.
    """
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected 'model:' and 'training:' sections")
    if "extends" not in content:
        return content, str(path)
    base, here = content.pop("extends"), (*above, Path(path).resolve())
    if not isinstance(base, str):
        raise InputError(f"{path}: extends: expected the name of a recipe's file, not {base!r}")
    file = Path(path).parent / base
    if not file.is_file():
        raise InputError(f"{path}: extends: {file}: no such file")
    if file.resolve() in here:
        raise InputError(f"{path}: extends: {file} extends this file, too; take the key out of one")
    under, names = read(file, here)
    return _over(under, content), f"{path}, which extends {names}"


def _over(under: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """The sections of `content` over those of `under`; one that is empty changes nothing."""
    for section, values in content.items():
        base = under.get(section)
        if not isinstance(base, dict):
            under[section] = values
        elif isinstance(values, dict):
            under[section] = base | values
        elif values is not None:
            under[section] = values
    return under
