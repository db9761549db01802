"""PVAE, the partitioned variational autoencoder (Hsu & Glass 2018, arXiv 1805.11264).

    p(z) prod_m p(s_m) p(x_m | z, s_m)                             one semantic code z, a style code s_m a modality
    q(z | x_1..M) prod_m q(s_m | x_1..M),   q(z | x_m) q(s_m | x_m)       by encoders of their own

    loss =   - sum_m E log p(x_m | z, s_m) + KL(q(z | x_1..M) || p(z)) + sum_m KL(q(s_m | x_1..M) || p(s_m))
           + coherence sum_m [KL(q(z | x_1..M) || q(z | x_m)) + KL(q(s_m | x_1..M) || q(s_m | x_m))]      (eq 7)
           + contrast * a hinge that draws z of one sample together and z of two samples apart            (eq 8)

Published: the architecture, 32 dimensions a code, 400 epochs. Lost with the text's formulas: both weights, margin and
kernel width, batch and learning rate. They are settings, chosen on validation digits in recipes/pvae.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn

from speechdis.models.base import PairedModel, Pairs, weighted
from speechdis.nn import parallel
from speechdis.nn.gaussian import Gaussian, GaussianHead
from speechdis.nn.hinge import semantic_hinge
from speechdis.nn.modality import View, decoder, encoder, modalities
from speechdis.ranges import Positive, Share, Size, Weight


@dataclass(frozen=True)
class Config:
    """Sizes and weights.

    Attributes:
        modalities: names of a sample's views, in any number.
        semantic_size, style_size: dimensions of z and of each s_m.
        hidden_size: of the LSTMs and of the linear layers.
        kl_semantic, kl_style: weights of the bound's divergences (1: the bound).
        coherence: weight of eq 7.
        contrast: weight of eq 8; 0 is the paper's ablation.
        margin, kernel_width: of its hinge and of its radial basis kernel.
        pixel_std: standard deviation of an image's pixels, in [0, 1] (the paper: 1, under which the styles of images
            tell little more than the prior).
        style_dropout: share of samples whose style, where they are decoded, is one drawn from the prior. Ours: a
            decoder whose style may be anyone's takes the digit from z, which otherwise comes late in training.
    """

    modalities: str = "speech image"
    semantic_size: Size = 32
    style_size: Size = 32
    hidden_size: Size = 512
    kl_semantic: Weight = 1.0
    kl_style: Weight = 1.0
    coherence: Weight = 1.0
    contrast: Weight = 100.0
    margin: Weight = 1.0
    kernel_width: Positive = 2.0
    pixel_std: Positive = 1.0
    style_dropout: Share = 0.0


class Codes(NamedTuple):
    """Posteriors (B, D) of all codes of a batch."""

    semantic: Gaussian
    style: dict[str, Gaussian]


@final
class Model(PairedModel):
    """PVAE for speech of `bins` dimensions and images."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__()
        self.config = config
        hidden, style, semantic = config.hidden_size, config.style_size, config.semantic_size
        both = hidden * len(self.names)
        self.joint_features = nn.ModuleDict({n: encoder(n, bins, hidden) for n in self.names})
        self.joint_semantic = GaussianHead(both, semantic)
        self.joint_style = nn.ModuleDict({n: GaussianHead(both, style) for n in self.names})
        self.features = nn.ModuleDict({n: encoder(n, bins, hidden) for n in self.names})
        self.semantic = nn.ModuleDict({n: GaussianHead(hidden, semantic) for n in self.names})
        self.style = nn.ModuleDict({n: GaussianHead(hidden, style) for n in self.names})
        self.decoders: Any = nn.ModuleDict(
            {n: decoder(n, semantic + style, bins, hidden, config.pixel_std) for n in self.names}
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities of its recipe."""
        return modalities(self.config.modalities)

    def encode(self, views: dict[str, View]) -> Codes:
        """The multimodal posterior, q(z | x_1..M) and q(s_m | x_1..M)."""
        h = torch.cat([self.joint_features[n](views[n]) for n in self.names], -1)
        return Codes(self.joint_semantic(h), {n: self.joint_style[n](h) for n in self.names})

    def infer(self, name: str, view: View) -> dict[str, Gaussian]:
        """The unimodal posteriors of samples seen in modality `name`: "semantic" and "style"."""
        h = self.features[name](view)
        return {"semantic": self.semantic[name](h), "style": self.style[name](h)}

    def generate(self, name: str, codes: dict[str, Tensor], lengths: Tensor | None = None) -> Tensor:
        """Mean samples in modality `name` of codes (B, D) named as by `infer`; speech has `lengths` (B,) frames."""
        mean: Tensor = self.decoders[name](self._code(codes), lengths)
        return mean

    def frames(self, name: str, codes: dict[str, Tensor]) -> Tensor:
        """The likeliest number of frames (B,) of speech with these codes."""
        count: Tensor = self.decoders[name].frames(self._code(codes))
        return count

    def _code(self, codes: dict[str, Tensor]) -> Tensor:
        return torch.cat([codes["semantic"], codes["style"]], -1)

    def _decoded_style(self, style: Gaussian, generator: torch.Generator) -> Tensor:
        own, share = style.sample(generator), self.config.style_dropout
        if not share:
            return own
        anyone = parallel.noise(own, generator)
        dropped = parallel.noise(own[:, :1], generator) < torch.special.ndtri(own.new_tensor(share))
        return torch.where(dropped, anyone, own)

    def loss(self, batch: Pairs, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per sample, and their weighted sum "loss"."""
        views, config = batch.views, self.config
        joint = self.encode(views)
        semantic = joint.semantic.sample(generator)
        alone = {n: self.infer(n, views[n]) for n in self.names}
        likelihoods, kl_style, coherence = [], [], []
        for n in self.names:
            style = joint.style[n]
            code = torch.cat([semantic, self._decoded_style(style, generator)], -1)
            likelihoods.append(self.decoders[n].log_prob(views[n], code))
            kl_style.append(style.kl().sum(-1))
            coherence += [
                joint.semantic.kl(alone[n]["semantic"]).sum(-1),
                style.kl(alone[n]["style"]).sum(-1),
            ]
        terms = {
            "reconstruction": -torch.stack(likelihoods).sum(0).mean(),
            "kl_semantic": joint.semantic.kl().sum(-1).mean(),
            "kl_style": torch.stack(kl_style).sum(0).mean(),
            "coherence": torch.stack(coherence).sum(0).mean(),
        }
        if config.contrast and len(self.names) > 1:
            means = [alone[n]["semantic"].mean for n in self.names]
            terms["contrast"] = semantic_hinge(means, config.margin, config.kernel_width).mean()
        return weighted(terms, config)
