"""DBSE: sequential disentanglement from the difference to one frame (Berman et al., ICML 2024, arXiv 2406.18131).

DSVAE's generative model. The static code is read from one frame's feature a; the dynamic ones from the differences
h_t - a, which have lost what the anchor has. The segment is decoded twice, the second time from the static code alone:

    -E log p(x | s, z) - static_reconstruction E log p(x | s, 0) + kl_static KL(q(s|x)) + kl_dynamic KL(q(z|x))

As released for audio, h is a bi-LSTM over the segment and a its first output (which has so seen all frames), and the
anchor's own difference, zero, is replaced by N(0, I) noise. Ours: that noise is left out, for its mean, when codes are
asked for without a generator, so that embeddings are deterministic (the release draws it at test time too); heads
are linear; frame encoder, decoder and prior are those of the other models here.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, final

import torch
from torch import Tensor, nn

from speechdis.models import dsvae
from speechdis.models.base import Batch, Posterior
from speechdis.nn import parallel, sequence
from speechdis.ranges import Range, Weight


@dataclass(frozen=True)
class Config(dsvae.Config):
    """DSVAE's sizes and weights.

    Attributes:
        posterior: of z: from the differences to the anchor, by a bi-LSTM of two layers.
        static_reconstruction: weight of the reconstruction from s alone. Released weights, 20 and 100 on squared
            errors, 1 and 1 on the divergences, are 5 here with 0.025 for both divergences.
    """

    posterior: Literal["difference"] = "difference"  # type: ignore[assignment]
    hidden_size: Annotated[int, Range(2, 8192)] = 256  # a half of it in each direction
    static_reconstruction: Weight = 5.0


@final
class Model(dsvae.Model):
    """DBSE over segments of `bins`-dimensional frames."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__(bins, config)
        hidden = config.hidden_size
        self.anchor = nn.Sequential(nn.Linear(2 * hidden, 2 * hidden), nn.Tanh())
        self.difference_rnn = nn.LSTM(2 * hidden, hidden // 2, 2, batch_first=True, bidirectional=True)

    def encode(
        self, x: Tensor, lengths: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Posterior:
        """q(s, z | x) of segments (B, T, F); without a generator the "samples" are the means."""
        hidden, _ = sequence.run(self.static_rnn, self.frame(x), lengths)
        anchor = hidden[:, :1]
        first = torch.zeros_like(anchor) if generator is None else parallel.noise(anchor, generator)
        seen, _ = sequence.run(self.difference_rnn, torch.cat([first, hidden[:, 1:] - anchor], 1), lengths)
        static, dynamic = self.static_head(self.anchor(anchor[:, 0])), self.dynamic_head(seen)
        if generator is None:
            return Posterior(static, dynamic, static.mean, dynamic.mean)
        return Posterior(static, dynamic, static.sample(generator), dynamic.sample(generator))

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per segment, and their weighted sum "loss"."""
        posterior = self.encode(batch.x, batch.lengths, generator)
        terms = self.bound(batch, posterior)
        alone = self.decode(posterior.static_sample, torch.zeros_like(posterior.dynamic_sample))
        likelihood = alone.log_prob(batch.x) * sequence.mask(batch.lengths, batch.x)
        terms["static_reconstruction"] = -likelihood.sum((1, 2)).mean()
        return self.weighted(terms, batch)
