"""List the recipes, or check one and show where it is.

A recipe's name is MODEL/RECIPE, such as cdsvae/timit; MODEL alone is its recipe for speech, or else for digits.

Examples:
    speechdis recipes cdsvae --set training.steps=100
    speechdis recipes fhvae/timit --show
"""

import argparse
from typing import Any

from speechdis.cli import set_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("name", nargs="?", metavar="RECIPE", help="a name or a file; without it, the names are listed")
    add(
        "--kind",
        action="append",
        metavar="NAME",
        help="which of a model's recipes: a corpus's name, speech or digits (repeatable: the first that there is)",
    )
    set_option(parser, "check this, too, as 'train' would")
    add("--show", action="store_true", help="print every setting, over what the recipe extends, not its path")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Print names, or a path."""
    from speechdis.training import recipes

    if args.name is None and args.set and "=" not in args.set[-1]:
        args.name = args.set.pop()  # --set takes all that follows it
    if args.name is None:
        if args.set or args.kind or args.show:
            raise InputError("--set, --kind and --show are of one recipe: name it")
        print("\n".join(recipes.names()))
        return {"recipes": recipes.names()}
    path = recipes.find(args.name, args.kind or recipes.KINDS)
    if not args.set and not args.show:
        print(path)
        return {"recipe": str(path)}
    import yaml

    from speechdis.training import config

    resolved = config.read(path, args.set).resolved()
    print(yaml.safe_dump(resolved, sort_keys=False).rstrip() if args.show else path)
    return {"recipe": str(path), "settings": resolved}
