"""Digits with the identity of one sample and the style of another, of either modality: PVAE, sections 4.4 and 4.5.

Speech is as long as the decoder finds likeliest for the two codes together: a reference's own length is that of
another digit. "reference" takes that length all the same, as the paper seems to.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from speechdis.data.atomic import replacing
from speechdis.data.figure import write_figure
from speechdis.errors import InputError
from speechdis.features import extract
from speechdis.models.base import PairedModel
from speechdis.nn.modality import SIZE, View, kind
from speechdis.training.checkpoint import Checkpoint

Length = Literal["predicted", "reference"]


def speech_view(checkpoint: Checkpoint, wave: np.ndarray) -> View:
    """A waveform at the model's rate as the model reads it, (1, T, F)."""
    frames = (extract(wave, checkpoint.features) - checkpoint.mean) / checkpoint.std
    device = next(checkpoint.model.parameters()).device
    return View(
        torch.from_numpy(frames.astype(np.float32))[None].to(device),
        torch.tensor([len(frames)], device=device),
    )


def image_view(checkpoint: Checkpoint, path: str | Path) -> View:
    """A PNG of 28 x 28 pixels, light ink on a dark ground as MNIST has it, as the model reads it, (1, 28, 28).

    Raises:
        InputError: not a PNG, or of another size.
    """
    import matplotlib.image

    try:
        pixels = matplotlib.image.imread(str(path), format="png")
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as PNG ({' '.join(str(error).split())})") from None
    grey = pixels[..., :3].mean(-1) if pixels.ndim == 3 else pixels
    if grey.shape != (SIZE, SIZE):
        raise InputError(
            f"{path}: an image of {grey.shape[0]} x {grey.shape[1]} pixels; {SIZE} x {SIZE} are needed"
        )
    device = next(checkpoint.model.parameters()).device
    return View(torch.from_numpy(grey.astype(np.float32))[None].to(device))


def write_image(path: str | Path, image: np.ndarray) -> None:
    """Write (28, 28) pixels in [0, 1], clipped, as a grey PNG."""
    from PIL import Image

    with replacing(path) as partial:
        Image.fromarray((255 * image.clip(0, 1)).round().astype(np.uint8)).save(partial, format="png")


@torch.no_grad()
def crossed(
    checkpoint: Checkpoint,
    digit: tuple[str, View],
    style: tuple[str, View],
    length: Length = "predicted",
) -> list[np.ndarray]:
    """Samples in the modality of `style`: which digit is said or written by `digit`, and how by `style`.

    Args:
        digit, style: modality and B samples of it.
        length: of speech, see above.

    Returns:
        B images (28, 28), or B arrays of log frames (T, F).

    Raises:
        InputError: the model has no code for one of them.
    """
    model = checkpoint.model
    (source, meant), (target, like) = digit, style
    known = model.names if isinstance(model, PairedModel) else ()
    for name in (source, target):
        if name not in known:
            raise InputError(f"the model, a '{checkpoint.name}', knows no {name}; a 'pvae' of both is needed")
    assert isinstance(model, PairedModel)  # else it knows neither
    codes = {
        "semantic": model.infer(source, meant).get("semantic"),
        "style": model.infer(target, like).get("style"),
    }
    if None in codes.values():
        raise InputError(f"a '{checkpoint.name}' has no style apart from the digit; a 'pvae' has")
    means: dict[str, Any] = {code: q.mean for code, q in codes.items() if q is not None}
    if kind(target) == "image":
        return list(model.generate(target, means).cpu().numpy())
    lengths = like.lengths if length == "reference" else None
    if lengths is None:
        lengths = model.frames(target, means)
    made = model.generate(target, means, lengths).cpu().numpy() * checkpoint.std + checkpoint.mean
    return [x[:count] for x, count in zip(made, lengths.tolist(), strict=True)]


def plot_grid(
    path: Path,
    digits: Sequence[np.ndarray],
    styles: Sequence[np.ndarray | None],
    cells: Sequence[Sequence[np.ndarray]],
    title: str,
) -> None:
    """Draw a table of samples (figures 4, 5 and 16 to 22): the digit of each column in the style of each row.

    Args:
        digits, styles: images, or log frames (T, F), of the columns and of the rows; None shows the title.
        cells: a row for each style, a sample for each digit.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(len(digits) + 1, len(styles) + 1))
    axes = figure.subplots(len(styles) + 1, len(digits) + 1, squeeze=False)
    rows: list[list[Any]] = [[None, *digits]]
    rows += [[style, *row] for style, row in zip(styles, cells, strict=True)]
    longest = max(len(x) for row in rows for x in row if x is not None)
    for ax, sample in zip(axes.flat, (x for row in rows for x in row), strict=True):
        ax.set_axis_off()
        if sample is None:
            ax.text(0.5, 0.5, title, ha="center", va="center", fontsize=7)
        elif sample.shape == (SIZE, SIZE):
            ax.imshow(sample, cmap="gray", vmin=0, vmax=1)
        else:
            ax.imshow(sample.T, origin="lower", aspect="auto", cmap="magma")
            ax.set_xlim(0, longest)
    figure.tight_layout(pad=0.2)
    write_figure(path, figure, dpi=72)
