"""VAE (Kingma & Welling 2014) of one modality, VAE-sp and VAE-im of the PVAE paper (Hsu & Glass 2018, 4.2).

    loss = - E log p(x | z) + KL(q(z | x) || p(z))

With PVAE's encoder and decoder of that modality. Trained on the same pairs, of which it reads its half.
"""

from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor

from speechdis.models.base import PairedModel, Pairs, weighted
from speechdis.nn.gaussian import Gaussian, GaussianHead
from speechdis.nn.modality import View, decoder, encoder
from speechdis.ranges import Positive, Size, Weight


@dataclass(frozen=True)
class Config:
    """Sizes and weights.

    Attributes:
        modality: which half of a pair is read: VAE-sp or VAE-im.
        latent_size: dimensions of z.
        hidden_size: of the LSTMs and of the linear layers.
        kl_latent: weight of the divergence (1: the bound).
        pixel_std: standard deviation of an image's pixels, in [0, 1].
    """

    modality: Literal["speech", "image"] = "speech"
    latent_size: Size = 32
    hidden_size: Size = 512
    kl_latent: Weight = 1.0
    pixel_std: Positive = 1.0


@final
class Model(PairedModel):
    """VAE of speech of `bins` dimensions, or of images."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__()
        self.config = config
        self.features = encoder(config.modality, bins, config.hidden_size)
        self.latent = GaussianHead(config.hidden_size, config.latent_size)
        self.decoder: Any = decoder(
            config.modality, config.latent_size, bins, config.hidden_size, config.pixel_std
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities of its recipe."""
        return (self.config.modality,)

    def infer(self, name: str, view: View) -> dict[str, Gaussian]:
        """The posterior of samples seen in its modality: "latent"."""
        return {"latent": self.latent(self.features(view))}

    def generate(self, name: str, codes: dict[str, Tensor], lengths: Tensor | None = None) -> Tensor:
        """Mean samples of codes (B, D); speech has `lengths` (B,) frames."""
        mean: Tensor = self.decoder(codes["latent"], lengths)
        return mean

    def frames(self, name: str, codes: dict[str, Tensor]) -> Tensor:
        """The likeliest number of frames (B,) of speech with these codes."""
        count: Tensor = self.decoder.frames(codes["latent"])
        return count

    def loss(self, batch: Pairs, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per sample, and their weighted sum "loss"."""
        view = batch.views[self.config.modality]
        posterior = self.infer(self.config.modality, view)["latent"]
        terms = {
            "reconstruction": -self.decoder.log_prob(view, posterior.sample(generator)).mean(),
            "kl_latent": posterior.kl().sum(-1).mean(),
        }
        return weighted(terms, self.config)
