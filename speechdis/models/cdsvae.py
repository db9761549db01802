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
from speechdis.models.base import Batch, Posterior, weighted
from speechdis.nn import parallel, sequence
from speechdis.nn.contrastive import contrastive_information
from speechdis.nn.gaussian import Gaussian
from speechdis.nn.information import information_with_input, mutual_information


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
    contrast_static: float = 1.0
    contrast_dynamic: float = 1.0
    mutual_information: float = 1.0
    temperature: float = 0.5
    information: Literal["contrast", "mws"] = "contrast"
    mutual_information_over: Literal["sum", "mean", "joint"] = "sum"


class Model(dsvae.Model):
    """C-DSVAE over segments of `bins`-dimensional frames."""

    config: Config

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per segment, and their weighted sum "loss" (eq 6 with its sign turned).

        A term of weight 0, or whose view the batch does not carry, is left out.
        """
        config = self.config
        contrast = config.information == "contrast"
        shuffled = batch.shuffled if contrast and config.contrast_static else None
        twin = batch.twin if contrast and config.contrast_dynamic else None
        posterior, shuffled_static, twin_dynamic = self._encode_views(batch, shuffled, twin, generator)
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
            terms["mutual_information"] = mutual_information(
                posterior.static_sample,
                posterior.static,
                posterior.dynamic_sample,
                posterior.dynamic,
                batch.population,
                config.mutual_information_over,
            )
        return weighted(terms, config)

    def _encode_views(
        self, batch: Batch, shuffled: Tensor | None, twin: Tensor | None, generator: torch.Generator
    ) -> tuple[Posterior, Tensor | None, Tensor | None]:
        """q(s, z | x), the static means of `shuffled` and the dynamic means of `twin`, in one encoder pass.

        The shuffled view goes through the static branch alone and the twin through the dynamic one, except
        where the dynamic posterior is built on the static branch ("full", "smooth").
        """
        lengths, size = batch.lengths, len(batch.x)
        views = [v for v in (batch.x, twin, shuffled) if v is not None]
        frames = self.frame(torch.cat(views)).split(size)
        dynamic_views = frames[: 1 if twin is None else 2]
        on_static = self.config.posterior in ("full", "smooth")
        static_views = frames if on_static or twin is None else (frames[0], *frames[2:])

        hidden, last = sequence.run(
            self.static_rnn, torch.cat(static_views), _repeat(lengths, len(static_views))
        )
        static = self.static_head(last)
        s = static.at(parallel.noise(static.mean, generator, views=len(static_views)))
        seen = torch.cat(dynamic_views)
        noise = parallel.noise(self.dynamic_like(seen), generator, views=len(dynamic_views))
        dynamic, z = self.encode_dynamic(
            seen, hidden[: len(seen)], s[: len(seen)], _repeat(lengths, len(dynamic_views)), noise
        )
        own = Posterior(
            Gaussian(*(p[:size] for p in static)), Gaussian(*(p[:size] for p in dynamic)), s[:size], z[:size]
        )
        shuffled_static = None if shuffled is None else static.mean[-size:]
        twin_dynamic = None if twin is None else dynamic.mean[size:]
        return own, shuffled_static, twin_dynamic


def _repeat(lengths: Tensor | None, times: int) -> Tensor | None:
    return None if lengths is None else lengths.repeat(times)
