"""SPYL: sample and predict your latent (Naiman, Berman & Azencot, ICML 2023, arXiv 2305.15924).

C-DSVAE's terms, but the model makes its own views, so nothing is known of the signal:

    contrast_static    positive: keep s, draw z from the prior, decode, encode again, take its s
    contrast_dynamic   positive: keep z, draw s from the prior, decode, encode again, take its z
    negatives of both: prior draws, decoded and encoded again without gradient; of this bank those whose posterior
                       the anchor's has the greatest KL to

    -log exp(cos(a, p) / tau) / (exp(cos(a, p) / tau) + sum_n exp(cos(a, n) / tau))

on posterior means, those of z averaged over frames (as released). Left out: the release gives the contrasts no weight
for its first 50 epochs. Its weights for speech are not published. Several processes each have a bank of their own.
"""

from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import Tensor
from torch.nn import functional

from speechdis.models import dsvae
from speechdis.models.base import Batch, Posterior
from speechdis.nn.gaussian import Gaussian
from speechdis.nn.information import mutual_information
from speechdis.ranges import Few, Positive, Weight


@dataclass(frozen=True)
class Config(dsvae.Config):
    """DSVAE's sizes and weights, and the weights of the information terms.

    Attributes:
        contrast_static, contrast_dynamic, mutual_information: weights; 0 leaves the term out.
        temperature: tau.
        bank: prior draws, per segment of the batch, that negatives are chosen from.
        negatives: per segment of the batch, those chosen (released: 256 at a batch of 128).
        hardness: "soft" takes the furthest, "semi" those after the furthest third, "any" a random part of the
            furthest two thirds.
        mutual_information_over: "sum" of I(s;z_t) over frames, their "mean" (released), or "joint".
    """

    posterior: Literal["factorised", "full", "nested", "causal", "smooth"] = "smooth"
    contrast_static: Weight = 1.0
    contrast_dynamic: Weight = 1.0
    mutual_information: Weight = 1.0
    temperature: Positive = 0.5
    bank: Few = 4
    negatives: Few = 2
    hardness: Literal["soft", "semi", "any"] = "soft"
    mutual_information_over: Literal["sum", "mean", "joint"] = "mean"


@final
class Model(dsvae.Model):
    """SPYL over segments of `bins`-dimensional frames."""

    config: Config

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per segment, and their weighted sum "loss". A term of weight 0 is left out."""
        config = self.config
        posterior = self.encode(batch.x, batch.lengths, generator)
        terms = self.bound(batch, posterior)
        if config.contrast_static or config.contrast_dynamic:
            terms |= self._contrasts(batch, posterior, generator)
        if config.mutual_information:
            over = config.mutual_information_over
            terms["mutual_information"] = mutual_information(*posterior, batch.population, over)
        return self.weighted(terms, batch)

    def _contrasts(self, batch: Batch, posterior: Posterior, generator: torch.Generator) -> dict[str, Tensor]:
        """The contrasts that have a weight."""
        segments, frames = batch.x.shape[:2]
        with torch.no_grad():
            drawn = self._again(*self.sample_prior(self.config.bank * segments, frames, generator), generator)
        new_static, new_dynamic = self.sample_prior(segments, frames, generator)
        terms = {}
        if self.config.contrast_static:
            positive = self._again(posterior.static.mean, new_dynamic, generator).static.mean
            terms["contrast_static"] = self._contrast(posterior.static, positive, drawn.static, generator)
        if self.config.contrast_dynamic:
            positive = self._again(new_static, posterior.dynamic.mean, generator).dynamic.mean.mean(1)
            own, bank = over_time(posterior.dynamic), over_time(drawn.dynamic)
            terms["contrast_dynamic"] = self._contrast(own, positive, bank, generator)
        return terms

    def _again(self, static: Tensor, dynamic: Tensor, generator: torch.Generator) -> Posterior:
        """q(s, z | x_hat) of what the codes decode to."""
        return self.encode(self.decode(static, dynamic).mean, None, generator)

    def _contrast(
        self, anchor: Gaussian, positive: Tensor, bank: Gaussian, generator: torch.Generator
    ) -> Tensor:
        """Mean cross-entropy of finding `positive` (B, D) among the negatives chosen from `bank` (K, D)."""
        count = count_of_negatives(len(positive), self.config.negatives, self.config.bank)
        chosen = choose(anchor, bank, count, self.config.hardness, generator)
        candidates = torch.cat([positive[:, None], bank.mean[chosen]], 1)  # (B, 1 + count, D)
        similarity = functional.cosine_similarity(anchor.mean[:, None], candidates, dim=-1)
        target = chosen.new_zeros(len(positive))
        return functional.cross_entropy(similarity / self.config.temperature, target)


def count_of_negatives(batch: int, negatives: int, bank: int) -> int:
    """How many are chosen for each segment of a batch, of the furthest two thirds of the bank at most."""
    return min(negatives * batch, 2 * bank * batch // 3)


def over_time(dynamic: Gaussian) -> Gaussian:
    """Means and log-variances (B, T, Z) averaged over frames, (B, Z)."""
    return Gaussian(*(p.mean(1) for p in dynamic))


@torch.no_grad()
def choose(anchor: Gaussian, bank: Gaussian, count: int, hardness: str, generator: torch.Generator) -> Tensor:
    """Which `count` of `bank` (K, D) are negatives of each of `anchor` (B, D), by KL(anchor || bank); (B, count)."""
    each = Gaussian(*(p[:, None] for p in anchor))
    order = each.kl(bank).sum(-1).argsort(dim=1, descending=True)
    third = order.shape[1] // 3
    if hardness == "semi":
        return order[:, third : third + count]
    if hardness == "any":
        order = order[:, : 2 * third]
        order = order[:, torch.randperm(2 * third, generator=generator, device=order.device)]
    return order[:, :count]
