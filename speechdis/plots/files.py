"""Figures in files, drawn without a screen; the same numbers give the same bytes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechdis.data.atomic import replacing
from speechdis.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Each format's metadata that would differ from day to day or version to version.
_VARYING: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def figure_format(path: str | Path) -> str:
    """The format that the suffix of `path` names: png, svg or pdf; raises InputError for any other."""
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in _VARYING:
        raise InputError(f"{path}: figures are written as .png, .svg or .pdf; choose one of these suffixes")
    return kind


def write_figure(path: str | Path, figure: "Figure", dpi: int) -> None:
    """Write a matplotlib figure, made without pyplot, in the format of the suffix of `path`."""
    from matplotlib import rc_context

    kind = figure_format(path)
    with replacing(path) as partial, rc_context({"svg.hashsalt": "speechdis"}):
        figure.savefig(partial, dpi=dpi, format=kind, metadata=_VARYING[kind])
