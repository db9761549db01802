"""Sprites (Li & Mandt 2018): 1,296 characters of a video game in nine actions, eight frames of 64 x 64 pixels each.

Cut from sheets of the Liberated Pixel Cup, `body/0.png` and so on: a sheet has 21 rows of 13 cells. A character is a
body, trousers, a top and hair, six of each, drawn over one another on black, with one pair of shoes. It stands, walks
or strikes (`spellcard`, `walk`, `slash`) to the front, the left or the right. As published, 1,000 characters are for
training and 296 for the test; of the former some, drawn by seed, are for dev.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechdis.corpora.videos import SIZE, Clip, settings_of
from speechdis.errors import InputError

if TYPE_CHECKING:
    import numpy as np

PARTS = ("body", "bottomwear", "topwear", "hair")
VARIANTS = 6
CHARACTERS, TRAIN = 1296, 1000
ACTIONS: dict[
    str, tuple[dict[str, int], tuple[int, ...]]
] = {  # first cell of a direction's row; frames from there
    "spellcard": ({"front": 26, "left": 13, "right": 39}, (0, 1, 2, 3, 4, 5, 4, 6)),
    "walk": ({"front": 130, "left": 117, "right": 143}, (8, 1, 2, 3, 4, 5, 6, 7)),
    "slash": ({"front": 182, "left": 169, "right": 195}, (0, 1, 2, 3, 4, 5, 4, 0)),
}
SCALE = 256  # as published: pixels in [0, 1)
_CELLS, _SHEET = 13, (832, 1344)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this corpus."""
    parser.add_argument(
        "--dev", type=int, default=50, metavar="N", help="of the 1,000 training characters, held for dev"
    )
    parser.add_argument("--seed", type=int, default=0, help="draws them")


def settings() -> dict[str, Any]:
    """Of the frames."""
    return settings_of(3)


def prepare(root: Path, dev: int = 50, seed: int = 0) -> dict[str, Iterator[Clip]]:
    """Sequences of `train`, `dev` and `test`, each made as it is taken; the sheets are read at once.

    Raises:
        InputError: a sheet is missing, no picture, or of another size; `dev` leaves nothing.
    """
    import numpy as np

    if not 0 < dev < TRAIN:
        raise InputError(f"--dev {dev}: choose 1 to {TRAIN - 1} of the {TRAIN} training characters")
    sheets = [[_cells(root / part / f"{k}.png") for k in range(VARIANTS)] for part in PARTS]
    shoes = _cells(root / "shoes" / "1.png")
    order = np.random.RandomState(423).permutation(CHARACTERS)  # the published split
    drawn = np.random.default_rng(seed).permutation(order[:TRAIN])
    chosen = {"train": np.sort(drawn[dev:]), "dev": np.sort(drawn[:dev]), "test": np.sort(order[TRAIN:])}
    return {name: _clips(sheets, shoes, numbers.tolist()) for name, numbers in chosen.items()}


def _clips(sheets: list[list[np.ndarray]], shoes: np.ndarray, numbers: Sequence[int]) -> Iterator[Clip]:
    variants = list(itertools.product(range(VARIANTS), repeat=len(PARTS)))
    for number in numbers:
        own = variants[number]
        spk = "".join(map(str, own))
        cells = _composed([*(sheet[k] for sheet, k in zip(sheets, own, strict=True)), shoes])
        said = dict(zip(PARTS, map(str, own), strict=True))
        for action, (rows, frames) in ACTIONS.items():
            for direction, first in rows.items():
                labels = {"action": action, "direction": direction, **said}
                taken = cells[[_PLACES[first + k] for k in frames]]  # (T, 3, 64, 64)
                yield Clip(f"{spk}-{action}-{direction}", spk, labels, taken)


_PLACES = {  # of the cells that are used, among those that are kept
    cell: k
    for k, cell in enumerate(
        sorted({first + k for rows, frames in ACTIONS.values() for first in rows.values() for k in frames})
    )
}


def _cells(file: Path) -> np.ndarray:
    """The cells of a sheet that are used, (N, 4, 64, 64) uint8: red, green, blue, alpha."""
    import numpy as np
    from PIL import Image

    if not file.is_file():
        raise InputError(
            f"{file}: no such sheet; --root is the folder of body, bottomwear, topwear, hair, shoes"
        )
    try:
        with Image.open(file, formats=["PNG"]) as image:
            if image.size != _SHEET:
                raise InputError(
                    f"{file}: {image.size[0]} x {image.size[1]} pixels; a sheet has {_SHEET[0]} x {_SHEET[1]}"
                )
            pixels = np.asarray(image.convert("RGBA"))
    except InputError:
        raise
    except (OSError, ValueError, SyntaxError) as error:  # PIL's, of damaged files
        raise InputError(f"{file}: damaged, or no PNG picture ({error})") from None
    corners = [(SIZE * (cell // _CELLS), SIZE * (cell % _CELLS)) for cell in _PLACES]
    return np.stack([pixels[y : y + SIZE, x : x + SIZE].transpose(2, 0, 1) for y, x in corners])


def _composed(layers: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures (N, 3, 64, 64) uint8 of layers (N, 4, 64, 64) over one another on black."""
    import numpy as np

    colour = np.zeros_like(layers[0][:, :3])
    for layer in layers:
        alpha = layer[:, 3:].astype(np.uint16)  # (N, 1, 64, 64)
        colour = ((layer[:, :3] * alpha + colour * (255 - alpha) + 127) // 255).astype(np.uint8)
    return colour
