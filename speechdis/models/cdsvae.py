"""C-DSVAE: contrastively disentangled sequential VAE (Bai, Wang & Gomes, NeurIPS 2021).

DSVAE's generative model (eqs 1-2) with an objective that adds mutual information (eqs 5-6), to be maximised:

    E log p(x|s,z) - alpha (KL(q(s|x) || p(s)) + KL(q(z|x) || p(z))) + beta (I(s;x) + I(z;x)) - gamma I(z;s)

I(s;x) is estimated by contrast (eqs 7-8) between a segment and a view that keeps the voice (frames shuffled or
reversed), I(z;x) between a segment and its voice-converted twin; both on posterior means, z as a whole trajectory of
means that follow means (the text under eq 7). I(z;s) is estimated by minibatch-weighted sampling. alpha, beta and gamma
may differ per term, so the paper's ablations are settings: `contrast_static: 0` is "w/o content aug",
`contrast_dynamic: 0` is "w/o motion aug", `information: mws` puts MWS in the contrast's place.

Terms are losses: `contrast_static` is -I(s;x), so its weight is +beta. Looks at the validation speakers also show the
MWS estimates of all three, whatever is trained by (figures 6, 14 and 15): "mws_static", "mws_dynamic" and
"mutual_information", in nats.
"""

from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import Tensor

from speechdis.models import dsvae
from speechdis.models.base import Batch, Posterior
from speechdis.nn import parallel
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
        exact_histories: MWS of the nested posterior reads every pair of segments along the history of its code, at as
            many times the work as the batch has segments; else along that of its posterior (see nn/information.py).
    """

    posterior: Literal["factorised", "full", "nested", "causal", "smooth"] = "nested"
    contrast_static: Weight = 1.0
    contrast_dynamic: Weight = 1.0
    mutual_information: Weight = 1.0
    temperature: Positive = 0.5
    information: Literal["contrast", "mws"] = "contrast"
    mutual_information_over: Literal["sum", "mean", "joint"] = "sum"
    exact_histories: bool = False


@final
class Model(dsvae.Model):
    """C-DSVAE over segments of `bins`-dimensional frames."""

    config: Config

    @property
    def reads_twins(self) -> str | None:
        """The setting that needs no voice-converted twins, where this one does."""
        needed = self.config.information == "contrast" and self.config.contrast_dynamic
        return "contrast_dynamic=0" if needed else None

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per segment, and their weighted sum "loss" (eq 6 with its sign turned).

        A term of weight 0, or whose view the batch does not carry, is left out.
        """
        return self.weighted(self._terms(batch, generator)[0], batch)

    def validation_terms(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The loss's terms, and all three estimates by MWS, of which none but the loss's own count in it."""
        terms, posterior = self._terms(batch, generator)
        names = {"mws_static", "mws_dynamic", "mutual_information"} - terms.keys()
        return {**self.weighted(terms, batch), **self._by_mws(batch, posterior, names)}

    def _terms(self, batch: Batch, generator: torch.Generator) -> tuple[dict[str, Tensor], Posterior]:
        """The terms of the loss, and the posterior they are of."""
        config = self.config
        contrast = config.information == "contrast"
        static_view = batch.static_view if contrast and config.contrast_static else None
        twin = batch.twin if contrast and config.contrast_dynamic else None
        posterior, view_static, trajectories = self.encode_views(batch, static_view, twin, generator)
        terms = self.bound(batch, posterior)
        if view_static is not None:
            terms["contrast_static"] = -contrastive_information(
                posterior.static.mean, view_static, config.temperature
            )
        if trajectories is not None:
            own, other = (means.flatten(1) for means in trajectories)
            terms["contrast_dynamic"] = -contrastive_information(own, other, config.temperature)
        names = {"mutual_information"} if config.mutual_information else set()
        found = self._by_mws(batch, posterior, names if contrast else names | {"mws_static", "mws_dynamic"})
        if not contrast:
            terms["contrast_static"] = -found.pop("mws_static")
            terms["contrast_dynamic"] = -found.pop("mws_dynamic")
        return {**terms, **found}, posterior

    def _by_mws(self, batch: Batch, posterior: Posterior, names: set[str]) -> dict[str, Tensor]:
        """Those of the estimates I(s;x), I(z;x) and I(z;s) in nats that `names` says."""
        config, size, density = self.config, batch.population, None
        if config.exact_histories and config.posterior == "nested" and names - {"mws_static"}:
            density = self.nested_density(parallel.all_rows(batch.x), posterior.dynamic_sample)
        found = {}
        if "mws_static" in names:
            found["mws_static"] = information_with_input(posterior.static_sample, posterior.static, size)
        if "mws_dynamic" in names:
            flat = Gaussian(*(p.flatten(1) for p in posterior.dynamic))
            joint = None if density is None else density.sum(0)
            sample = posterior.dynamic_sample.flatten(1)
            found["mws_dynamic"] = information_with_input(sample, flat, size, joint)
        if "mutual_information" in names:
            over = config.mutual_information_over
            found["mutual_information"] = mutual_information(*posterior, size, over, density)
        return found
