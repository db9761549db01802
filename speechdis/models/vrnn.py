"""VRNN: a variational recurrent neural network (Chung et al., NIPS 2015), a VAE at every frame.

    prior      p(z_t | h_{t-1})          Gaussian      "transition"
    posterior  q(z_t | x_t, h_{t-1})     Gaussian      "proposal"
    decoder    p(x_t | z_t, h_{t-1})     Gaussian, or a mixture of them: "emission"
    recurrence h_t = LSTM(h_{t-1}, encoded x_t, encoded z_t),   h_0 = 0

trained by the bound sum_t E log p(x_t | .) - kl_dynamic KL(q(z_t | .) || p(z_t | .)). Unlike the other models' its
decoder reads all past frames, and it learns the variance of its density: bounds are of normalised frames, and not to
be compared with those at unit variance.

There is no static factor. For evaluation alone, the mean over time of h, of z, or of both stands in for the static
vector; nothing is decoded from it.

The letters of `base.py`, and H size of the state. Inside, frames come first: (T, B, ...).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, linear, pad

from speechdis.models.base import Batch, SequenceModel, weighted
from speechdis.nn import mixture, parallel, sequence
from speechdis.nn.gaussian import Gaussian, GaussianHead
from speechdis.nn.mixture import Mixture
from speechdis.nn.recurrence import Weights, roll
from speechdis.nn.sequence import SLOPE
from speechdis.ranges import Few, Size, Weight


@dataclass(frozen=True)
class Config:
    """Sizes; the names of parts are those of A-VRNN's paper.

    Attributes:
        dynamic_size, state_size: of z_t and h_t.
        hidden_size: of encoded x_t and z_t, and of the hidden layer of transition, proposal and emission.
        components: of the emission's mixture; 1 is a Gaussian.
        update: what h_t is made of, beside h_{t-1}: "vrnn" x_t and z_t (Chung et al., and eq 5 and 6 of A-VRNN's
            paper); "text" x_t and z_{t-1} (section VI of that paper); "line" x_{t-1} alone (its Algorithm 1).
        summary: what `embed` averages over time into a static vector.
        kl_dynamic: weight of the divergence.
        importance_samples: of the importance-weighted bound in looks at the validation speakers,
        importance_segments: and of how many segments of each batch it is made.
    """

    dynamic_size: Size = 32
    state_size: Size = 128
    hidden_size: Size = 128
    components: Few = 1
    update: Literal["vrnn", "text", "line"] = "vrnn"
    summary: Literal["state", "latent", "both"] = "state"
    kl_dynamic: Weight = 1.0
    importance_samples: Few = 64
    importance_segments: Few = 2


class Path(NamedTuple):
    """What the model went through along B segments."""

    states: Tensor  # (T, B, H): h_{t-1}, which frame t finds
    after: Tensor  # (T, B, H): h_t, which it leaves
    posterior: Gaussian  # (T, B, Z)
    sample: Tensor  # (T, B, Z)
    cell: Tensor  # (B, H): the LSTM's cell after the last frame


class GaussianNetwork(nn.Module):
    """One hidden layer, (..., inputs) -> Gaussian (..., size)."""

    __call__: Callable[..., Gaussian]  # nn.Module's gives Any

    def __init__(self, inputs: int, hidden: int, size: int) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(inputs, hidden), GaussianHead(hidden, size)

    def forward(self, h: Tensor) -> Gaussian:
        return self.head(leaky_relu(self.first(h), SLOPE))


class Model(SequenceModel):
    """VRNN over segments of `bins`-dimensional frames."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__()
        self.config = config
        hidden, state, dynamic = config.hidden_size, config.state_size, config.dynamic_size
        self.encode_x, self.encode_z = nn.Linear(bins, hidden), nn.Linear(dynamic, hidden)
        self.rnn = nn.LSTM(hidden if config.update == "line" else 2 * hidden, state)
        self.transition = GaussianNetwork(state, hidden, dynamic)
        self.proposal = GaussianNetwork(hidden + state, hidden, dynamic)
        self.emission = sequence.mlp(hidden + state, hidden, mixture.outputs(config.components, bins))

    def follow(self, x: Tensor, generator: torch.Generator | None = None) -> Path:
        """Go along segments (B, T, F), drawing z_t from the posterior; without a generator z_t is its mean."""
        like = x.new_empty(*x.shape[:2], self.config.dynamic_size)
        noise = torch.zeros_like(like) if generator is None else parallel.noise(like, generator)
        frames, noise = x.transpose(0, 1), noise.transpose(0, 1).contiguous()
        if self.config.update == "line":
            return self._follow_frames(frames, noise)
        drive, weights = self._recurrence(self._encoded(frames))
        rolled = roll(drive, noise, weights, lagged=self.config.update == "text")
        posterior = Gaussian(rolled.mean, rolled.logvar)
        return Path(rolled.states[:-1], rolled.states[1:], posterior, rolled.sample, rolled.cell)

    def _recurrence(self, encoded: Tensor) -> tuple[Tensor, Weights]:
        """The share of encoded frames (T, B, U) in each step, and the weights of the rest, as `roll` takes them."""
        width = encoded.shape[-1]
        first, head, latent = self.proposal.first, self.proposal.head.linear, self.encode_z
        of_inputs, of_states, from_inputs, from_states = self.rnn.all_weights[0]
        inputs, states, bias = _gates(of_inputs), _gates(of_states), _gates(from_inputs + from_states)
        from_x = torch.cat([first.weight[:, :width], inputs[:, :width]])
        from_state = torch.cat([first.weight[:, width:], states])
        return linear(encoded, from_x, torch.cat([first.bias, bias])), Weights(
            from_state.T, head.weight.T, head.bias, latent.weight.T, latent.bias, inputs[:, width:].T
        )

    def _follow_frames(self, frames: Tensor, noise: Tensor) -> Path:
        """`follow` where the state does not wait for z: (T, B, F) in one fused call."""
        encoded = self._encoded(pad(frames, (0, 0, 0, 0, 1, 0)))  # x_{-1} = 0 comes first
        after, (_, cell) = self.rnn(encoded[:-1])
        states = torch.cat([torch.zeros_like(after[:1]), after[:-1]])
        posterior = self.proposal(torch.cat([encoded[1:], states], -1))
        return Path(states, after, posterior, posterior.at(noise), cell[0].detach())

    def emitted(self, states: Tensor, z: Tensor) -> Mixture:
        """p(x_t | z_t, h_{t-1}) for states (..., H) and z (..., Z)."""
        seen = torch.cat([leaky_relu(self.encode_z(z), SLOPE), states], -1)
        return Mixture.of(self.emission(seen), self.config.components)

    def _encoded(self, x: Tensor) -> Tensor:
        return leaky_relu(self.encode_x(x), SLOPE)

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per segment, and their weighted sum "loss"."""
        return weighted(self.bound(batch, self.follow(batch.x, generator)), self.config)

    def bound(self, batch: Batch, path: Path) -> dict[str, Tensor]:
        """The terms of the evidence lower bound along `path`: "reconstruction" and "kl_dynamic"."""
        real = sequence.mask(batch.lengths, batch.x)[..., 0].T if batch.lengths is not None else 1.0
        likelihood = self.emitted(path.states, path.sample).log_prob(batch.x.transpose(0, 1))
        divergence = path.posterior.kl(self.transition(path.states)).sum(-1)
        return {
            "reconstruction": -(likelihood * real).sum(0).mean(),
            "kl_dynamic": (divergence * real).sum(0).mean(),
        }

    def validation_terms(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """What a look at the validation speakers shows: the loss's terms, "elbo" and "iwae".

        The gain of the importance-weighted bound over the other one is measured on the first few segments of the
        batch, with the same samples, and added to the bound on all of them.
        """
        terms = self.loss(batch, generator)
        few = batch.x[: self.config.importance_segments]
        lengths = None if batch.lengths is None else batch.lengths[: len(few)]
        weights = self.log_weights(few, lengths, self.config.importance_samples, generator)
        elbo = -terms["reconstruction"] - terms["kl_dynamic"]
        return {**terms, "elbo": elbo, "iwae": elbo + (importance(weights) - weights.mean(0)).mean()}

    def log_weights(
        self, x: Tensor, lengths: Tensor | None, samples: int, generator: torch.Generator
    ) -> Tensor:
        """log p(x, z) - log q(z | x) of K draws of z for each segment (B, T, F), (K, B).

        Their mean estimates the evidence lower bound, `importance` of them a tighter one (Burda et al. 2016).
        """
        path = self.follow(x.repeat(samples, 1, 1), generator)
        each = self.emitted(path.states, path.sample).log_prob(x.transpose(0, 1).repeat(1, samples, 1))
        prior = self.transition(path.states).log_prob(path.sample)
        each = each + (prior - path.posterior.log_prob(path.sample)).sum(-1)
        if lengths is not None:
            each = each * sequence.mask(lengths, x)[..., 0].T.repeat(1, samples)
        return each.sum(0).view(samples, len(x))

    def embed(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean over time of h, of z or of both (B, S), and posterior means (B, T, Z), each fed with the last."""
        path = self.follow(x)
        summed = {
            "state": path.after,
            "latent": path.posterior.mean,
            "both": torch.cat([path.after, path.posterior.mean], -1),
        }[self.config.summary]
        real = sequence.mask(lengths, x)
        frames = x.shape[1] if lengths is None else lengths[:, None]
        return (summed.transpose(0, 1) * real).sum(1) / frames, path.posterior.mean.transpose(0, 1)

    def reconstruct(self, x: Tensor) -> Tensor:
        """Expected frames (B, T, F) given the posterior's means and the true past: teacher-forced."""
        path = self.follow(x)
        return self.emitted(path.states, path.posterior.mean).mean.transpose(0, 1)

    def decode(self, static: Tensor, dynamic: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """Expected frames given z_{1:T} (B, T, Z) alone, each fed back as the past of the next; `static` is not read.

        As a Gaussian of unit variance, which is what the other models decode to. No frame hears a later one.
        """
        x = self._run(dynamic.shape[0], dynamic.shape[1], None, None, dynamic)
        return Gaussian(x, torch.zeros_like(x))

    def generate(
        self, segments: int, frames: int, generator: torch.Generator, prompt: Tensor | None = None
    ) -> Tensor:
        """New frames (B, T, F), free-running: z_t of the prior, x_t of the emission, both fed back.

        Args:
            prompt: frames (B, T', F) that come before.
        """
        return self._run(segments, frames, generator, prompt, None)

    def _run(
        self,
        segments: int,
        frames: int,
        generator: torch.Generator | None,
        prompt: Tensor | None,
        dynamic: Tensor | None,
    ) -> Tensor:
        """Frames (B, T, F) from their own past: samples, or with `dynamic` the expected ones given z_{1:T}."""
        weight = self.encode_x.weight
        h = c = weight.new_zeros(segments, self.config.state_size)
        z = last_z = weight.new_zeros(segments, self.config.dynamic_size)
        x = last_x = weight.new_zeros(segments, self.encode_x.in_features)
        if prompt is not None:
            path = self.follow(prompt, generator)
            h, c, last_z, last_x = path.after[-1], path.cell, path.sample[-1], prompt[:, -1]
        made = []
        for t in range(frames):
            z = self.transition(h).sample(generator) if dynamic is None else dynamic[:, t]
            emitted = self.emitted(h, z)
            x = emitted.sample(generator) if dynamic is None else emitted.mean
            fed = {"vrnn": (x, z), "text": (x, last_z), "line": (last_x, None)}[self.config.update]
            h, c = self._step(*fed, h, c)
            last_x, last_z = x, z
            made.append(x)
        return torch.stack(made, 1)

    def _step(self, x: Tensor, z: Tensor | None, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        parts = [self._encoded(x)] + ([] if z is None else [leaky_relu(self.encode_z(z), SLOPE)])
        return torch.lstm_cell(torch.cat(parts, -1), (h, c), *self.rnn.all_weights[0])


def importance(log_weights: Tensor) -> Tensor:
    """The importance-weighted bound of (K, B) log weights, (B,): log of the mean weight."""
    return log_weights.logsumexp(0) - math.log(len(log_weights))


def _gates(weights: Tensor) -> Tensor:
    """Gates (4 H, ...) in torch's order i, f, g, o as `roll` takes them: o, i, f, g."""
    i, f, g, o = weights.chunk(4)
    return torch.cat([o, i, f, g])
