"""Figures in files, drawn without a screen; the same numbers give the same bytes."""

from pathlib import Path
from typing import TYPE_CHECKING

from speechdis.data.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_figure(path: str | Path, figure: "Figure", dpi: int) -> None:
    """Write a matplotlib figure, made without pyplot, as a PNG."""
    with replacing(path) as partial:
        figure.savefig(partial, dpi=dpi, format="png", metadata={"Software": None})  # else its version
