"""Imports point one way: files on the left, tensors on the right, and they meet only in training."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "speechdis"
MAY_IMPORT = {
    "data": set(),
    "plots": {"data"},
    "corpora": {"data"},
    "features": {"data", "corpora"},
    "segmentation": {"data"},
    "augment": {"data", "corpora", "features"},
    "nn": set(),
    "models": {"nn"},
    "training": {"data", "corpora", "features", "augment", "nn", "models"},
    "synthesis": {"data", "features", "augment", "nn", "models", "plots", "training"},
    "metrics": {"data", "features"},
    "judges": {"features", "metrics", "nn", "training"},
    "evaluation": {
        *("data", "features", "augment", "nn", "models", "training"),
        *("synthesis", "metrics", "judges", "plots"),
    },
    "report": {
        *("data", "features", "models", "training", "synthesis", "metrics", "evaluation", "plots"),
    },
    "pipeline": {
        *("data", "features", "augment", "models", "training"),
        *("synthesis", "judges", "evaluation"),
    },
    "app": {"data", "features", "synthesis", "plots", "model", "parser"},
}
NO_TORCH = {"data", "plots", "corpora", "segmentation"}


def imported(file: Path) -> set[str]:
    """Dotted names a file imports, wherever in the file the import stands."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("layer", sorted(MAY_IMPORT))
def test_a_layer_imports_only_what_is_below_it(layer: str) -> None:
    allowed = MAY_IMPORT[layer] | {layer, "errors", "ranges", "weights", "__version__"}
    for file in sorted((PACKAGE / layer).rglob("*.py")):
        for name in imported(file):
            if name.startswith("speechdis."):
                assert name.split(".")[1] in allowed, f"{file.relative_to(PACKAGE)} imports {name}"
            if layer in NO_TORCH:
                assert name.split(".")[0] not in {"torch", "torchaudio"}, f"{file} imports {name}"


def test_only_plots_draw() -> None:
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.parent != PACKAGE / "plots":
            for name in imported(file):
                assert name.split(".")[0] != "matplotlib", f"{file.relative_to(PACKAGE)} imports {name}"
