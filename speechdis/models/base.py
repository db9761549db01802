"""What every sequence model takes and gives; training, scoring and swapping know nothing else about one.

A model file has a frozen dataclass `Config` (every number a recipe may set; the weight of a loss term is the
field of the term's name) and `Model(bins, config)`, an `nn.Module` with

    encode(x, lengths=None, generator=None) -> Posterior
    decode(static, dynamic) -> Gaussian over x
    loss(batch, generator) -> named terms in nats per segment, and their weighted sum "loss"
    embed(x, lengths=None) -> (static (B, S), dynamic (B, T, Z)), posterior means

Dimension letters: B segments, T frames, F features, S and Z sizes of the static and dynamic factor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from speechdis.nn.gaussian import Gaussian


@dataclass(frozen=True)
class Batch:
    """A batch of segments, normalised, on the device.

    Attributes:
        x: frames (B, T, F).
        lengths: frames that count (B,), or None where all do.
        twin: the same frames in another voice (B, T, F), or None: the motion augmentation.
        shuffled: a view that keeps the voice only, (B, T, F), or None: the content augmentation.
        population: number of segments in the training set, N of the MWS estimators.
    """

    x: Tensor
    lengths: Tensor | None = None
    twin: Tensor | None = None
    shuffled: Tensor | None = None
    population: int = 1


class Posterior(NamedTuple):
    """q(s, z | x) and one sample of it (its means, where no generator was given)."""

    static: Gaussian  # (B, S)
    dynamic: Gaussian  # (B, T, Z)
    static_sample: Tensor
    dynamic_sample: Tensor


def weighted(terms: Mapping[str, Tensor], config: Any) -> dict[str, Tensor]:
    """`terms` with "loss" added: "reconstruction" plus every other term times the config field of its name."""
    loss = terms["reconstruction"] + sum(
        getattr(config, name) * term for name, term in terms.items() if name != "reconstruction"
    )
    return {**terms, "loss": torch.as_tensor(loss)}
