"""Models that tests make: they read and say frames, and have learnt nothing."""

from typing import Any

import torch

from speechdis.models.base import StaticDynamicModel


class Untrained(StaticDynamicModel):
    """Its voice is the mean of the frames and its words are the frames; what it decodes is its heirs' to say."""

    def __init__(self) -> None:
        super().__init__()
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def loss(self, batch: Any, generator: Any) -> Any:
        raise NotImplementedError

    encode = sample_prior = loss  # none of these is called

    def embed(
        self, x: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return x.mean(1), x
