"""Moving pictures on the page: what a judge makes of them, and the strips and GIFs that `speechdis clips` has drawn."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from speechdis.errors import InputError
from speechdis.evaluation import image_table
from speechdis.report.experiment import Experiment
from speechdis.report.figures import Figure, folder_of

PICTURES = {
    "swapped.gif": (
        "Swapped, in motion",
        "first row and first column: test sequences; the others have the content of their row, the motion of their "
        "column",
    ),
    "drawn.gif": ("Drawn, in motion", "all from the prior: a content a row, a motion a column"),
    "swapped.png": (
        "Swapped, frame by frame",
        "two test sequences; the content of the first with the motion of the second; the other way round; and again",
    ),
    "drawn.png": ("Drawn, frame by frame", "contents and motions from the prior, a sequence a row"),
}


@dataclass(frozen=True)
class Clips:
    """What is shown of one experiment.

    Attributes:
        head, rows: of the table, cells of text.
        figures: pictures that there are.
    """

    head: Sequence[str]
    rows: list[Sequence[str]]
    figures: list[Figure]


def shown(out: Path, experiments: Sequence[Experiment]) -> dict[str, Clips]:
    """The table and pictures of each of `experiments` that has any, by name; the pictures are copied to OUT/figures.

    Raises:
        InputError: a picture that is none.
    """
    found = {}
    for k, e in enumerate(experiments, 1):
        if e.clips:
            files = [e.path / name for name in PICTURES if (e.path / name).is_file()]
            figures = [_figure(out, f"clips-{k}-{file.name}", file, e.name) for file in files]
            rows = [cells[1:] for cells in image_table.rows([e.clips])]
            found[e.name] = Clips(image_table.HEAD[1:], rows, figures)
    return found


def _figure(out: Path, name: str, file: Path, system: str) -> Figure:
    title, text = PICTURES[file.name]
    try:
        with Image.open(file, formats=["GIF", "PNG"]) as image:
            width, height = image.size
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{file}: no picture ({error}); run 'speechdis clips' again") from None
    shutil.copyfile(file, folder_of(out) / name)
    return Figure(f"figures/{name}", "", width, height, f"Sequences by {system}: {text}.", title, text)
