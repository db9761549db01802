"""Motion views of pictures: each sequence as another camera might have taken it, all of its frames alike.

The image augmentations by which C-DSVAE contrasts z (Chen et al. 2020): a part of the picture as the whole, other
colours, grey, blur. Parameters are torchvision's usual ones, but for the smallest part (ours), since what is cut away
cannot move. All is drawn from the generator given and computed on its device.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

SMALLEST = 0.6  # share of a side that a crop keeps
STRENGTH = 0.4  # of brightness, contrast and saturation: factors of 1 +- this
HUE = 0.1  # turns of the colour circle
JITTERED, GREY, BLURRED = 0.8, 0.2, 0.5  # shares of the sequences
KERNEL, BLUR = 5, (0.1, 2.0)  # pixels
_LUMA = (0.299, 0.587, 0.114)


def augmented(pixels: Tensor, shape: tuple[int, int, int], generator: torch.Generator) -> Tensor:
    """Sequences (B, T, C H W) of pixels in [0, 1] in new colours and another frame.

    Args:
        pixels: of the sequences.
        shape: C, H, W of a picture.
        generator: of all that is drawn; one draw a sequence.
    """
    batch, frames = pixels.shape[:2]
    x = pixels.reshape(batch, frames, *shape)  # (B, T, C, H, W)
    x = blurred(coloured(cropped(x, generator), generator), generator)
    return x.reshape(pixels.shape)


def cropped(x: Tensor, generator: torch.Generator) -> Tensor:
    """A part of each sequence (B, T, C, H, W), enlarged to the whole. Not mirrored: left is a direction."""
    side = _uniform(x, generator, SMALLEST, 1.0)  # (B,)
    centre = (torch.rand(len(x), 2, generator=generator, device=x.device) * 2 - 1) * (1 - side)[:, None]
    theta = x.new_zeros(len(x), 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = side
    theta[:, :, 2] = centre
    flat = x.flatten(1, 2)  # (B, T C, H, W)
    grid = functional.affine_grid(theta, list(flat.shape), align_corners=False)
    return functional.grid_sample(flat, grid, padding_mode="border", align_corners=False).view(x.shape)


def coloured(x: Tensor, generator: torch.Generator) -> Tensor:
    """Sequences (B, T, C, H, W) brighter or darker, and of three colours in others; some in grey."""
    jittered = _share(x, generator, JITTERED)
    brightness, contrast, saturation = (
        _each(_uniform(x, generator, 1 - STRENGTH, 1 + STRENGTH)) for _ in range(3)
    )
    new = (x * brightness).clamp(0, 1)
    mean = _grey(new).mean((1, 2, 3, 4), keepdim=True)
    new = (mean + contrast * (new - mean)).clamp(0, 1)
    if x.shape[2] == 3:
        grey = _grey(new)
        new = (grey + saturation * (new - grey)).clamp(0, 1)
        new = _turned(new, _uniform(x, generator, -HUE, HUE)).clamp(0, 1)
    new = torch.where(jittered, new, x)
    return torch.where(_share(x, generator, GREY), _grey(new).expand_as(new), new)


def blurred(x: Tensor, generator: torch.Generator) -> Tensor:
    """Some of the sequences (B, T, C, H, W) through a Gaussian of their own width."""
    width = _uniform(x, generator, *BLUR)  # (B,)
    offsets = torch.arange(KERNEL, device=x.device) - KERNEL // 2
    weights = (-0.5 * (offsets / width[:, None]) ** 2).exp()
    weights = weights / weights.sum(1, keepdim=True)  # (B, K)
    new = _filtered(_filtered(x, weights).transpose(-1, -2), weights).transpose(-1, -2)
    return torch.where(_share(x, generator, BLURRED), new, x)


def _filtered(x: Tensor, weights: Tensor) -> Tensor:
    """Rows of (B, T, C, H, W) through filters (B, K)."""
    padded = functional.pad(x, (KERNEL // 2, KERNEL // 2, 0, 0, 0, 0), "replicate")
    parts = padded.unfold(-1, x.shape[-1], 1).unbind(-2)  # K of (B, T, C, H, W)
    return sum(  # type: ignore[return-value]
        _each(weight) * part for weight, part in zip(weights.unbind(1), parts, strict=True)
    )


def _turned(x: Tensor, turns: Tensor) -> Tensor:
    """Colours of (B, T, 3, H, W) turned about grey by `turns` (B,) of a circle."""
    cosine, sine = torch.cos(2 * math.pi * turns), torch.sin(2 * math.pi * turns)
    same = ((1 - cosine) / 3)[:, None, None]  # Rodrigues' rotation about (1, 1, 1)
    eye = torch.eye(3, device=x.device)
    cross = x.new_tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / math.sqrt(3)
    rotation = cosine[:, None, None] * eye + same + sine[:, None, None] * cross  # (B, 3, 3)
    return torch.einsum("bij,btjhw->btihw", rotation, x)


def _grey(x: Tensor) -> Tensor:
    """Luma of (B, T, C, H, W), (B, T, 1, H, W)."""
    if x.shape[2] == 1:
        return x
    return torch.einsum("c,btchw->bthw", x.new_tensor(_LUMA), x)[:, :, None]


def _uniform(x: Tensor, generator: torch.Generator, low: float, high: float) -> Tensor:
    """A number in [low, high) for each sequence, (B,)."""
    return low + (high - low) * torch.rand(len(x), generator=generator, device=x.device)


def _share(x: Tensor, generator: torch.Generator, share: float) -> Tensor:
    """Which of the sequences are of a `share`, drawn at random, (B, 1, 1, 1, 1)."""
    return _each(_uniform(x, generator, 0.0, 1.0)) < share


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None, None]
