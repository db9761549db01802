"""DSVAE: the disentangled sequential autoencoder of Li & Mandt (ICML 2018).

    p(x, s, z) = p(s) prod_t p(z_t | z_<t) p(x_t | s, z_t),   p(s) = N(0, I), p(z_t | z_<t) from an LSTM

A segment has one static vector s (the voice) and one dynamic vector z_t a frame (the words). The loss is the
negative evidence lower bound with a weight on each divergence,

    -E log p(x | s, z) + kl_static KL(q(s|x) || p(s)) + kl_dynamic sum_t KL(q(z_t|.) || p(z_t|z_<t)),

in nats: summed over frames and dimensions, averaged over the batch. The likelihood is a unit-variance Gaussian
on normalised features. The prior is fed with posterior samples (teacher forcing).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from speechdis.models.base import Batch, Posterior, StaticDynamicModel, weighted
from speechdis.nn import frames as frame_networks
from speechdis.nn import parallel, sequence
from speechdis.nn.gaussian import Gaussian, GaussianHead, unit_nats
from speechdis.nn.rate import Rate
from speechdis.ranges import NatsOrNone, Size, Weight


@dataclass(frozen=True)
class Config:
    """Sizes and weights.

    `posterior` says what q(z_t | .) sees:
        factorised  x_t alone (DSVAE, "factorised q")
        full        s and all of x: bi-LSTM, then RNN (DSVAE, "full q")
        nested      z_<t and x_<=t: a recurrent cell fed with its own samples (C-DSVAE, eq 2)
        causal      x_<=t: the same without the samples fed back, one fused call
        smooth      all of x: the static factor's bi-LSTM, then RNN (the released C-DSVAE code)

    `rate_dynamic` is how many nats z shall have a frame, on average: the weight of its divergence begins as
    `kl_dynamic`, and moves to where it has them (nn/rate.py); 0: it stays.
    """

    static_size: Size = 64
    dynamic_size: Size = 32
    hidden_size: Size = 256
    frame_size: Size = 128
    frames: frame_networks.Kind = "mlp"
    frame_channels: Size = 64
    posterior: Literal["factorised", "full", "nested", "causal", "smooth"] = "full"
    kl_static: Weight = 1.0
    kl_dynamic: Weight = 1.0
    rate_dynamic: NatsOrNone = 0.0


class Model(StaticDynamicModel):
    """DSVAE over segments of `bins`-dimensional frames."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__()
        self.config = config
        frame, hidden = config.frame_size, config.hidden_size
        static, dynamic = config.static_size, config.dynamic_size
        kind, channels = config.frames, config.frame_channels
        self.frame = frame_networks.encoder(kind, bins, hidden, channels, frame)
        self.static_rnn = nn.LSTM(frame, hidden, batch_first=True, bidirectional=True)
        self.static_head = GaussianHead(2 * hidden, static)
        self.dynamic_rnn: nn.Module
        match config.posterior:
            case "factorised":
                self.dynamic_rnn = nn.Sequential(
                    sequence.mlp(frame, hidden, hidden), nn.LeakyReLU(sequence.SLOPE)
                )
            case "full":
                self.full_rnn = nn.LSTM(frame + static, hidden, batch_first=True, bidirectional=True)
                self.dynamic_rnn = nn.RNN(2 * hidden, hidden, batch_first=True)
            case "nested":
                self.dynamic_rnn = nn.LSTMCell(frame + dynamic, hidden)
            case "causal":
                self.dynamic_rnn = nn.LSTM(frame, hidden, batch_first=True)
            case "smooth":
                self.dynamic_rnn = nn.RNN(2 * hidden, hidden, batch_first=True)
        self.dynamic_head = GaussianHead(hidden, dynamic)
        self.prior_rnn = nn.LSTM(dynamic, hidden, batch_first=True)
        self.prior_head = GaussianHead(hidden, dynamic)
        # One linear layer on [z_t, s], cut in two: the static half is computed once a segment, not once a frame.
        self.decode_dynamic = nn.Linear(dynamic, hidden)
        self.decode_static = nn.Linear(static, hidden, bias=False)
        self.decode_frame = frame_networks.decoder(kind, bins, hidden, channels)
        self.rate = Rate(config.rate_dynamic, config.kl_dynamic) if config.rate_dynamic else None

    def encode(
        self, x: Tensor, lengths: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Posterior:
        """q(s, z | x) of segments (B, T, F); without a generator the "samples" are the means."""
        frames = self.frame(x)
        hidden, last = sequence.run(self.static_rnn, frames, lengths)
        static = self.static_head(last)
        s, noise = static.mean, None
        if generator is not None:
            s, noise = static.sample(generator), parallel.noise(self.dynamic_like(x), generator)
        dynamic, z = self.encode_dynamic(frames, hidden, s, lengths, noise)
        return Posterior(static, dynamic, s, z)

    def dynamic_like(self, x: Tensor) -> Tensor:
        """An empty tensor (B, T, Z) for segments (B, T, F)."""
        return x.new_empty(*x.shape[:2], self.config.dynamic_size)

    def encode_dynamic(
        self,
        frames: Tensor,
        hidden: Tensor,
        static: Tensor,
        lengths: Tensor | None,
        noise: Tensor | None,
    ) -> tuple[Gaussian, Tensor]:
        """q(z_t | .) and a sample of it, (B, T, Z).

        Args:
            frames: encoded frames (B, T, frame_size).
            hidden: outputs of the static factor's bi-LSTM (B, T, 2 hidden_size); read by "smooth" alone.
            static: sample of s (B, S); read by "full" alone.
            noise: standard normal (B, T, Z); without it the "sample" is the mean.
        """
        match self.config.posterior:
            case "nested":
                return self._encode_nested(frames, noise)
            case "factorised":
                h = self.dynamic_rnn(frames)
            case "full":
                tiled = static[:, None].expand(-1, frames.shape[1], -1)
                seen, _ = sequence.run(self.full_rnn, torch.cat([frames, tiled], dim=-1), lengths)
                h, _ = sequence.run(self.dynamic_rnn, seen, lengths)  # type: ignore[arg-type]
            case "causal":
                h, _ = sequence.run(self.dynamic_rnn, frames, lengths)  # type: ignore[arg-type]
            case "smooth":
                h, _ = sequence.run(self.dynamic_rnn, hidden, lengths)  # type: ignore[arg-type]
        dynamic = self.dynamic_head(h)
        return dynamic, dynamic.mean if noise is None else dynamic.at(noise)

    def _encode_nested(self, frames: Tensor, noise: Tensor | None) -> tuple[Gaussian, Tensor]:
        """q(z_t | z_<t, x_<=t), C-DSVAE eq 2: the only posterior that needs a step at a time."""
        z = frames.new_zeros(frames.shape[0], self.config.dynamic_size)
        state, means, logvars, samples = None, [], [], []
        for t in range(frames.shape[1]):
            state = self.dynamic_rnn(torch.cat([frames[:, t], z], dim=-1), state)
            posterior = self.dynamic_head(state[0])
            z = posterior.mean if noise is None else posterior.at(noise[:, t])
            means.append(posterior.mean)
            logvars.append(posterior.logvar)
            samples.append(z)
        return Gaussian(torch.stack(means, 1), torch.stack(logvars, 1)), torch.stack(samples, 1)

    def nested_density(self, x: Tensor, dynamic: Tensor) -> Tensor:
        """log q(z_t of i | z_<t of i, x_<=t of j) of samples (B, T, Z) under each of G segments (G, T, F), (T, B, G).

        Of the nested posterior: every pair is read along the history of i, so B G recurrences are run.
        """
        frames, found = self.frame(x), []
        pairs = (len(dynamic), len(x), -1)
        history, state = sequence.delayed(dynamic), None
        for t in range(x.shape[1]):
            seen = [frames[None, :, t].expand(*pairs), history[:, None, t].expand(*pairs)]
            state = self.dynamic_rnn(torch.cat(seen, -1).flatten(0, 1), state)
            mean, logvar = (p.view(*pairs) for p in self.dynamic_head(state[0]))
            found.append(Gaussian(mean, logvar).log_prob(dynamic[:, None, t]).sum(-1))
        return torch.stack(found)

    def encode_views(
        self, batch: Batch, static_view: Tensor | None, twin: Tensor | None, generator: torch.Generator
    ) -> tuple[Posterior, Tensor | None, tuple[Tensor, Tensor] | None]:
        """q(s, z | x), the static means of `static_view`, and the dynamic means of x and `twin`, in one encoder pass.

        None for a view that was not given. The static view goes through the static branch alone and the twin
        through the dynamic one, except where the dynamic posterior is built on the static branch ("full", "smooth").
        Means of the nested posterior are those that follow means, as the text under C-DSVAE's eq 7 has it.
        """
        lengths, size = batch.lengths, len(batch.x)
        views = [v for v in (batch.x, twin, static_view) if v is not None]
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
        if self.config.posterior == "nested" and twin is not None:
            seen, noise = torch.cat([frames[0], seen]), torch.cat([noise[:size], torch.zeros_like(noise)])
        dynamic, z = self.encode_dynamic(
            seen, hidden[: len(seen)], s[: len(seen)], _repeat(lengths, len(seen) // size), noise
        )
        own = Posterior(
            Gaussian(*(p[:size] for p in static)), Gaussian(*(p[:size] for p in dynamic)), s[:size], z[:size]
        )
        view_static = None if static_view is None else static.mean[-size:]
        means = dynamic.mean.split(size)
        return own, view_static, None if twin is None else (means[-2], means[-1])

    def prior(self, dynamic: Tensor) -> Gaussian:
        """p(z_t | z_<t) for every t of (B, T, Z), with z_0 = 0: one fused call."""
        hidden, _ = sequence.run(self.prior_rnn, sequence.delayed(dynamic))
        return self.prior_head(hidden)

    def sample_prior(self, segments: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """New (static (B, S), dynamic (B, T, Z)) from p(s) and p(z_t | z_<t)."""
        device = next(self.parameters()).device
        static = torch.randn(segments, self.config.static_size, generator=generator, device=device)
        return static, sequence.ancestral(self.prior_rnn, self.prior_head, segments, frames, generator)

    def decode(self, static: Tensor, dynamic: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """p(x_t | s, z_t) with unit variance, over normalised frames (B, T, F); no frame hears another."""
        mean = self.decode_frame(self.decode_dynamic(dynamic) + self.decode_static(static)[:, None])
        return Gaussian(mean, torch.zeros_like(mean))

    def bound(self, batch: Batch, posterior: Posterior) -> dict[str, Tensor]:
        """The terms of the evidence lower bound: "reconstruction", "kl_static", "kl_dynamic", in nats."""
        frames = sequence.mask(batch.lengths, batch.x)
        mean = self.decode(posterior.static_sample, posterior.dynamic_sample).mean
        divergence = posterior.dynamic.kl(self.prior(posterior.dynamic_sample))
        return {
            "reconstruction": unit_nats(mean, batch.x, frames),
            "kl_static": posterior.static.kl().sum(-1).mean(),
            "kl_dynamic": (divergence * frames).sum((1, 2)).mean(),
        }

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per segment, and their weighted sum "loss"."""
        return self.weighted(self.bound(batch, self.encode(batch.x, batch.lengths, generator)), batch)

    def weighted(self, terms: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        """`terms` of a batch with their weighted sum "loss"."""
        frames = batch.x.shape[1] if batch.lengths is None else batch.lengths.float().mean()
        return weighted(terms, self.config, self.rate, frames)


def _repeat(lengths: Tensor | None, times: int) -> Tensor | None:
    return None if lengths is None else lengths.repeat(times)
