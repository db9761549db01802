"""FHVAE: the factorised hierarchical VAE of Hsu, Zhang & Glass (NIPS 2017), without the number of utterances in it.

Utterance i has a vector mu2 (the voice, "s-vector"), its segments n = 1..N_i two vectors each:

    p(mu2) = N(0, 1),   p(z2 | mu2) = N(mu2, 0.25),   p(z1) = N(0, 1),   p(x | z1, z2) = N(f_mean, f_var)

and q(mu2_i) has row i of a trained table for its mean. The loss is minus the segment bound and the discriminative
term (the paper's segment variational lower bound and discriminative objective),

    - E log p(x | z1, z2) + KL(q(z1 | x, z2) || p(z1)) + KL(q(z2 | x) || p(z2 | mu2_i)) - log p(mu2_i) / N_i
    - alpha log p(i | z2),   p(i | z2) = p(z2 | mu2_i) / sum_j p(z2 | mu2_j) at the posterior mean of z2,

in nats a segment. Given z2 of all its segments, the posterior of mu2 peaks at sum_n z2_n / (N + 0.25): so speech
that has no row is given its s-vector, and validation its bound. With Scalable FHVAE's hierarchical sampling
(Hsu & Glass, Interspeech 2018) the table has a row for each utterance of a pass, set by that formula as the pass
begins (`training.utterances`).

In this library's words z2 is the static factor, and z1, of which a segment has one, is the dynamic factor of all its
frames. z1 and z2 are the paper's; its first released code swaps them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechdis.models.base import ADAM, Batch, Phase, Posterior, StaticDynamicModel, weighted
from speechdis.nn import sequence
from speechdis.nn.gaussian import LOGVAR_LIMIT, Gaussian, GaussianHead, bounded
from speechdis.ranges import CountOrNone, Layers, Range, Size, Weight

Z2_VARIANCE = 0.25  # of z2 around mu2; mu2 and z1 have variance 1


@dataclass(frozen=True)
class Config:
    """Sizes and weights.

    Attributes:
        static_size, dynamic_size: of z2 (and mu2), and of z1.
        hidden_size, layers: of each of the three LSTMs; an encoder reads the last state of every layer.
        kl_static, kl_dynamic: weights of the divergences of z2 and z1.
        prior: weight of log p(mu2) / N.
        discriminative: alpha.
        table_std: of the table's first values. The paper's is 1, from which thousands of steps do not bring it back.
        logvar_floor: least log-variance of a decoded frame, so that no constant frame makes the bound explode.
        momentum: Adam's beta_1.
        rows: of the table; training sets it to the utterances of a pass.
    """

    static_size: Size = 32
    dynamic_size: Size = 32
    hidden_size: Size = 256
    layers: Layers = 1
    kl_static: Weight = 1.0
    kl_dynamic: Weight = 1.0
    prior: Weight = 1.0
    discriminative: Weight = 10.0
    table_std: Weight = 0.1
    logvar_floor: Annotated[float, Range(-30, 10)] = -4.0
    momentum: Annotated[float, Range(0, 0.9999)] = 0.95
    rows: CountOrNone = 0


@final
class Model(StaticDynamicModel):
    """FHVAE over segments of `bins`-dimensional frames."""

    config: Config
    shrinkage = Z2_VARIANCE  # over the variance of mu2
    dynamic_of_segment = True  # z1

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__()
        self.config = config
        z1, z2, hidden, layers = config.dynamic_size, config.static_size, config.hidden_size, config.layers
        self.z2_rnn = nn.LSTM(bins, hidden, layers, batch_first=True)
        self.z2_head = GaussianHead(layers * hidden, z2)
        self.z1_rnn = nn.LSTM(bins + z2, hidden, layers, batch_first=True)
        self.z1_head = GaussianHead(layers * hidden, z1)
        self.x_rnn = nn.LSTM(z1 + z2, hidden, layers, batch_first=True)
        self.x_head = nn.Linear(hidden, 2 * bins)
        self.table = nn.Parameter(config.table_std * torch.randn(config.rows, z2))
        self.looked_at: Tensor | None = None  # mu2 of the validation utterances

    @classmethod
    def for_utterances(cls, config: Config, count: int) -> Config:
        """The table has a row for each."""
        return replace(config, rows=count)

    def phases(self) -> list[Phase]:
        """All parameters at once, by the paper's Adam."""
        adam = partial(ADAM, betas=(self.config.momentum, 0.999))
        return [Phase(list(self.parameters()), self.loss, optimiser=adam)]

    def encode_z2(self, x: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """q(z2 | x), (B, S)."""
        return self.z2_head(sequence.run(self.z2_rnn, x, lengths)[1])

    def encode_z1(self, x: Tensor, z2: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """q(z1 | x, z2), (B, Z), which sees z2 (B, S) beside every frame."""
        seen = torch.cat([x, _at_every_frame(z2, x.shape[1])], dim=-1)
        return self.z1_head(sequence.run(self.z1_rnn, seen, lengths)[1])

    def encode(
        self, x: Tensor, lengths: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Posterior:
        """q(z2, z1 | x) of segments (B, T, F), z1 at every frame; without a generator the "samples" are the means."""
        q2 = self.encode_z2(x, lengths)
        z2 = q2.mean if generator is None else q2.sample(generator)
        q1 = self.encode_z1(x, z2, lengths)
        z1 = q1.mean if generator is None else q1.sample(generator)
        frames = x.shape[1]
        return Posterior(
            q2, Gaussian(*(_at_every_frame(p, frames) for p in q1)), z2, _at_every_frame(z1, frames)
        )

    def decode(self, static: Tensor, dynamic: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """p(x | z1, z2) of normalised frames (B, T, F); the LSTM reads both at every frame, and no later one."""
        seen = torch.cat([dynamic, _at_every_frame(static, dynamic.shape[1])], dim=-1)
        mean, logvar = self.x_head(sequence.run(self.x_rnn, seen)[0]).chunk(2, dim=-1)
        return Gaussian(mean, bounded(logvar, self.config.logvar_floor, LOGVAR_LIMIT))

    def sample_prior(self, segments: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """New (static (B, S), dynamic (B, T, Z)), each segment of an utterance of its own."""
        static = torch.zeros(segments, self.config.static_size, device=self.table.device)
        static = static.normal_(0, (1 + Z2_VARIANCE) ** 0.5, generator=generator)
        z1 = torch.zeros(segments, self.config.dynamic_size, device=self.table.device)
        return static, _at_every_frame(z1.normal_(generator=generator), frames)

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per segment, and their weighted sum "loss".

        In evaluation mode utterances have no row: mu2 is the closed form over all segments that `begin_look` saw of
        each, and the loss is minus the bound, without the discriminative term.
        """
        utterance, segments = _origin(batch)
        rows = self.table if self.training else self.looked_at
        if rows is None:
            raise ValueError("in evaluation mode an FHVAE has to see all segments first: begin_look")
        q2 = self.encode_z2(batch.x, batch.lengths)
        z2 = q2.sample(generator)
        q1 = self.encode_z1(batch.x, z2, batch.lengths)
        frames = sequence.mask(batch.lengths, batch.x)
        likelihood = self.decode(z2, _at_every_frame(q1.sample(generator), batch.x.shape[1])).log_prob(
            batch.x
        )
        mu2 = rows[utterance]
        around = Gaussian(mu2, torch.full_like(mu2, Z2_VARIANCE).log())
        standard = Gaussian(torch.zeros_like(mu2), torch.zeros_like(mu2))
        terms = {
            "reconstruction": -(likelihood * frames).sum((1, 2)).mean(),
            "kl_static": q2.kl(around).sum(-1).mean(),
            "kl_dynamic": q1.kl().sum(-1).mean(),
            "prior": -(standard.log_prob(mu2).sum(-1) / segments).mean(),
        }
        if self.training and self.config.discriminative:
            terms["discriminative"] = self._discriminative(q2.mean, utterance)
        return weighted(terms, self.config)

    def _discriminative(self, z2: Tensor, utterance: Tensor) -> Tensor:
        """-log p(i | z2), mean over the batch: cross-entropy over the table, constants of a row of logits left out."""
        with torch.autocast(z2.device.type, enabled=False):  # differences of large numbers
            z2 = z2.to(self.table.dtype)
            logits = (z2 @ self.table.T - 0.5 * self.table.square().sum(-1)) / Z2_VARIANCE
            return functional.cross_entropy(logits, utterance)

    @torch.no_grad()
    def begin_pass(self, batches: Iterable[Batch]) -> list[nn.Parameter]:
        """Set the table to the closed form over all segments of its utterances; returns what was set."""
        self.table.copy_(self._closed_form(batches))
        return [self.table]

    @torch.no_grad()
    def begin_look(self, batches: Iterable[Batch]) -> None:
        """Take mu2 of the validation utterances from all their segments: a batch of a look has few of each."""
        self.looked_at = self._closed_form(batches)

    def _closed_form(self, batches: Iterable[Batch]) -> Tensor:
        """mu2 (U, S) of utterances 0 to U - 1, each with a segment or more in `batches`."""
        seen = [(self.encode_z2(batch.x).mean, _origin(batch)[0]) for batch in batches]
        z2, utterance = (torch.cat(parts) for parts in zip(*seen, strict=True))
        total = z2.new_zeros(int(utterance.max()) + 1, z2.shape[1]).index_add_(0, utterance, z2)
        return total / (torch.bincount(utterance)[:, None] + self.shrinkage)

    def transfer(self, static: Tensor, voice: Tensor) -> Tensor:
        """z2 (M, S) of a recording's segments, shifted by s-vector of `voice` (M', S) minus s-vector of its own."""
        return static + self._s_vector(voice) - self._s_vector(static)

    def _s_vector(self, z2: Tensor) -> Tensor:
        return z2.sum(0) / (len(z2) + self.shrinkage)


def _origin(batch: Batch) -> tuple[Tensor, Tensor]:
    """Each segment's utterance, and how many segments that has, (B,)."""
    if batch.utterance is None or batch.segments is None:
        raise ValueError("an FHVAE has to know of which utterance a segment is")
    return batch.utterance, batch.segments


def _at_every_frame(code: Tensor, frames: int) -> Tensor:
    """(B, D) -> (B, T, D)."""
    return code[:, None].expand(-1, frames, -1)
