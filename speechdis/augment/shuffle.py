"""Content augmentation on the device: other orders of the same frames (C-DSVAE section 2.3)."""

import torch
from torch import Tensor


def rearranged(x: Tensor, order: str, generator: torch.Generator) -> Tensor:
    """Segments (B, T, F) with their frames in another order, which keeps the voice and breaks the words.

    Args:
        order: "shuffle" (an order of its own for every segment), "reverse", or "either" of the two for each
            segment with even chance.
    """
    if order == "reverse":
        return x.flip(1)
    keys = torch.rand(x.shape[:2], generator=generator, device=x.device)
    if order == "either":  # keys that fall with time sort into the reverse order
        falling = -torch.arange(x.shape[1], device=x.device, dtype=keys.dtype).expand_as(keys)
        reverse = torch.rand(len(x), 1, generator=generator, device=x.device) < 0.5
        keys = torch.where(reverse, falling, keys)
    return x.gather(1, keys.argsort(1)[..., None].expand_as(x))
