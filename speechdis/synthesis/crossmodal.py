"""Digits with the identity of one sample and the style of another, of either modality: PVAE, sections 4.4 and 4.5.

Speech is as long as the decoder finds likeliest for the two codes together: a reference's own length is that of
another digit. "reference" takes that length all the same, as the paper seems to.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from speechdis.errors import InputError
from speechdis.features import extract
from speechdis.models.base import PairedModel
from speechdis.nn.modality import SIZE, View, kind
from speechdis.plots.png import read_png
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
    grey = read_png(path)
    if grey.shape != (SIZE, SIZE):
        raise InputError(
            f"{path}: an image of {grey.shape[0]} x {grey.shape[1]} pixels; {SIZE} x {SIZE} are needed"
        )
    device = next(checkpoint.model.parameters()).device
    return View(torch.from_numpy(grey.astype(np.float32))[None].to(device))


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
