"""Sequences of images that a model makes: of one's content with another's motion, and of drawn codes.

Tensors are (B, T, F): a row of pixels in [0, 1] a frame.
"""

import torch
from torch import Tensor

from speechdis.errors import InputError
from speechdis.features import Picture
from speechdis.models.base import GeneratorModel, StaticDynamicModel
from speechdis.training.checkpoint import Checkpoint


def check(checkpoint: Checkpoint) -> StaticDynamicModel | GeneratorModel:
    """The model. Raises InputError for one that is not of images, or without static and dynamic factors."""
    if Picture.of(checkpoint.features) is None:
        raise InputError(
            f"a '{checkpoint.name}' of '{checkpoint.features['type']}' frames, not of images; "
            "'speechdis evaluate' judges it"
        )
    model = checkpoint.model
    if not isinstance(model, StaticDynamicModel | GeneratorModel):
        raise InputError(f"a '{checkpoint.name}' has no static and dynamic factors to judge")
    return model


def decode(model: StaticDynamicModel | GeneratorModel, static: Tensor, dynamic: Tensor) -> Tensor:
    """Sequences (B, T, F) of codes (B, S) and (B, T, Z)."""
    return model.decode(static, dynamic).mean.clamp(0, 1)


@torch.no_grad()
def crossed(model: StaticDynamicModel | GeneratorModel, static: Tensor, dynamic: Tensor) -> Tensor:
    """Each of K contents (K, S) with each of M motions (M, T, Z), (K, M, T, F)."""
    return torch.stack([decode(model, one.expand(len(dynamic), -1), dynamic) for one in static])


@torch.no_grad()
def swapped(model: StaticDynamicModel, x: Tensor) -> Tensor:
    """The content of each of K sequences (K, T, F) with the motion of each, (K, K, T, F)."""
    return crossed(model, *model.embed(x))


@torch.no_grad()
def drawn(
    model: StaticDynamicModel | GeneratorModel, count: int, frames: int, generator: torch.Generator
) -> Tensor:
    """Each of `count` drawn contents with each of as many drawn motions, (count, count, T, F)."""
    return crossed(model, *model.sample_prior(count, frames, generator))
