"""Examples in docstrings and on the documentation's pages give what they show."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _examples(files: list[Path]) -> list[Path]:
    return sorted(file for file in files if ">>> " in file.read_text(encoding="utf-8"))


MODULES = _examples([*(ROOT / "speechdis").rglob("*.py")])


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_docstring_tells_the_truth(file: Path) -> None:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried and not failed
