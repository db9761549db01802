"""C-DSVAE: contrastively disentangled sequential VAE (Bai, Wang & Gomes, NeurIPS 2021).

DSVAE's generative model (eqs 1-2) with an objective that adds mutual information (eqs 5-6), to be maximised:

    E log p(x|s,z) - alpha (KL(q(s|x) || p(s)) + KL(q(z|x) || p(z))) + beta (I(s;x) + I(z;x)) - gamma I(z;s)

I(s;x) is estimated by contrast (eqs 7-8) between a segment and a view that keeps the voice (frames shuffled or
reversed), I(z;x) between a segment and its voice-converted twin; both on posterior means, z as a whole
trajectory. I(z;s) is estimated by minibatch-weighted sampling. alpha, beta and gamma may differ per term, so
the paper's ablations are settings: `contrast_static: 0` is "w/o content aug", `contrast_dynamic: 0` is "w/o
motion aug", `information: mws` puts MWS in the contrast's place.

Terms are losses: `contrast_static` is -I(s;x), so its weight is +beta.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from speechdis.models import dsvae
from speechdis.models.base import Batch, weighted
from speechdis.nn.contrastive import contrastive_information
from speechdis.nn.gaussian import Gaussian
from speechdis.nn.information import information_with_input, mutual_information
from speechdis.ranges import Positive, Weight


@dataclass(frozen=True)
class Config(dsvae.Config):
    """DSVAE's sizes and weights, and the weights of the information terms.

    Attributes:
        contrast_static, contrast_dynamic: beta of I(s;x) and of I(z;x).
        mutual_information: gamma of I(z;s).
        temperature: tau of eq 8.
        information: "contrast" (eq 8) or "mws" (appendix F) for I(s;x) and I(z;x).
        mutual_information_over: "sum" of I(s;z_t) over frames, their "mean" (released code), or "joint" (eq 5).
    """

    posterior: Literal["factorised", "full", "nested", "causal", "smooth"] = "nested"
    contrast_static: Weight = 1.0
    contrast_dynamic: Weight = 1.0
    mutual_information: Weight = 1.0
    temperature: Positive = 0.5
    information: Literal["contrast", "mws"] = "contrast"
    mutual_information_over: Literal["sum", "mean", "joint"] = "sum"


class Model(dsvae.Model):
    """C-DSVAE over segments of `bins`-dimensional frames."""

    config: Config

    @property
    def reads_twins(self) -> str:
        """The setting that needs no voice-converted twins, where this one does."""
        needed = self.config.information == "contrast" and self.config.contrast_dynamic
        return "contrast_dynamic=0" if needed else ""

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per segment, and their weighted sum "loss" (eq 6 with its sign turned).

        A term of weight 0, or whose view the batch does not carry, is left out.
        """
        config = self.config
        contrast = config.information == "contrast"
        shuffled = batch.shuffled if contrast and config.contrast_static else None
        twin = batch.twin if contrast and config.contrast_dynamic else None
        posterior, shuffled_static, twin_dynamic = self.encode_views(batch, shuffled, twin, generator)
        terms = self.bound(batch, posterior)
        if shuffled_static is not None:
            terms["contrast_static"] = -contrastive_information(
                posterior.static.mean, shuffled_static, config.temperature
            )
        if twin_dynamic is not None:
            terms["contrast_dynamic"] = -contrastive_information(
                posterior.dynamic.mean.flatten(1), twin_dynamic.flatten(1), config.temperature
            )
        if not contrast:
            flat = Gaussian(*(p.flatten(1) for p in posterior.dynamic))
            terms["contrast_static"] = -information_with_input(
                posterior.static_sample, posterior.static, batch.population
            )
            terms["contrast_dynamic"] = -information_with_input(
                posterior.dynamic_sample.flatten(1), flat, batch.population
            )
        if config.mutual_information:
            over = config.mutual_information_over
            terms["mutual_information"] = mutual_information(*posterior, batch.population, over)
        return weighted(terms, config)
