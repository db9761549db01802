"""JMVAE-kl (Suzuki, Nakayama & Matsuo 2017, arXiv 1611.01891), a baseline of PVAE: one code for all modalities.

    loss =   - sum_m E log p(x_m | z) + KL(q(z | x_1..M) || p(z)) + coherence sum_m KL(q(z | x_1..M) || q(z | x_m))

With PVAE's encoders and decoders, and as many dimensions as PVAE's codes have together (Hsu & Glass 2018, 4.2).
"""

from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, nn

from speechdis.models.base import PairedModel, Pairs, weighted
from speechdis.nn.gaussian import Gaussian, GaussianHead
from speechdis.nn.modality import View, decoder, encoder, modalities
from speechdis.ranges import Positive, Size, Weight


@dataclass(frozen=True)
class Config:
    """Sizes and weights.

    Attributes:
        modalities: names of a sample's views, in any number.
        latent_size: dimensions of z.
        hidden_size: of the LSTMs and of the linear layers.
        kl_latent: weight of the bound's divergence (1: the bound).
        coherence: weight of the unimodal encoders' divergences, the paper's alpha.
        pixel_std: standard deviation of an image's pixels, in [0, 1].
    """

    modalities: str = "speech image"
    latent_size: Size = 96
    hidden_size: Size = 512
    kl_latent: Weight = 1.0
    coherence: Weight = 1.0
    pixel_std: Positive = 1.0


@final
class Model(PairedModel):
    """JMVAE-kl for speech of `bins` dimensions and images."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__()
        self.config = config
        hidden, size = config.hidden_size, config.latent_size
        self.joint_features = nn.ModuleDict({n: encoder(n, bins, hidden) for n in self.names})
        self.joint_latent = GaussianHead(hidden * len(self.names), size)
        self.features = nn.ModuleDict({n: encoder(n, bins, hidden) for n in self.names})
        self.latent = nn.ModuleDict({n: GaussianHead(hidden, size) for n in self.names})
        self.decoders: Any = nn.ModuleDict(
            {n: decoder(n, size, bins, hidden, config.pixel_std) for n in self.names}
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities of its recipe."""
        return modalities(self.config.modalities)

    def encode(self, views: dict[str, View]) -> Gaussian:
        """The multimodal posterior q(z | x_1..M), (B, D)."""
        return self.joint_latent(torch.cat([self.joint_features[n](views[n]) for n in self.names], -1))

    def infer(self, name: str, view: View) -> dict[str, Gaussian]:
        """The unimodal posterior of samples seen in modality `name`: "latent"."""
        return {"latent": self.latent[name](self.features[name](view))}

    def generate(self, name: str, codes: dict[str, Tensor], lengths: Tensor | None = None) -> Tensor:
        """Mean samples in modality `name` of codes (B, D); speech has `lengths` (B,) frames."""
        mean: Tensor = self.decoders[name](codes["latent"], lengths)
        return mean

    def frames(self, name: str, codes: dict[str, Tensor]) -> Tensor:
        """The likeliest number of frames (B,) of speech with these codes."""
        count: Tensor = self.decoders[name].frames(codes["latent"])
        return count

    def loss(self, batch: Pairs, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per sample, and their weighted sum "loss"."""
        views, joint = batch.views, self.encode(batch.views)
        z = joint.sample(generator)
        likelihoods = [self.decoders[n].log_prob(views[n], z) for n in self.names]
        apart = [joint.kl(self.infer(n, views[n])["latent"]).sum(-1) for n in self.names]
        terms = {
            "reconstruction": -torch.stack(likelihoods).sum(0).mean(),
            "kl_latent": joint.kl().sum(-1).mean(),
            "coherence": torch.stack(apart).sum(0).mean(),
        }
        return weighted(terms, self.config)
