"""A-VRNN: a VRNN whose KL divergence gives way to an adversary on whole latent trajectories (Huang & Xiao).

Every training step takes the three phases of the paper's Algorithms 1 and 2, each with a batch of its own:

    reconstruction  -E sum_t log p(x_t | z~_t, h_{t-1})   moves the RNN (with both encoders), emission and proposal
    critic          L_dis = E D(z) - D(z~)                moves the critic, then clips its weights to +-c
    adversarial     -L_dis                                moves transition and proposal

with z of the prior ("transition") and z~ of the posterior ("proposal"), both along the same states, RMSProp, and D an
LSTM and two linear layers. D is high on the posterior's trajectories, as the losses make it; the paper's prose says the
opposite. Expectations are means over the batch where the paper sums. The KL is logged, never minimised.

"loss", which chooses the best checkpoint, is VRNN's: minus the evidence lower bound. Of the paper's Theorem 1 (no
critic loss, so the bound is the reconstruction) D on z alone gives too little: it compares the posterior averaged over
all x with the prior, and KL(q(z_t | x_t, h_{t-1}) || p(z_t | h_{t-1})) may be anything. With `conditioned` D also
sees the states, and so what z~ left in them: then its loss is 0 only where posterior and prior agree frame by frame,
and z carries nothing of x.

Clip, rates, batch and sizes of z are not given in the paper; defaults are ours.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal, final

import torch
from torch import Tensor, nn

from speechdis.models import vrnn
from speechdis.models.base import Batch, Phase
from speechdis.nn import parallel, sequence
from speechdis.nn.sequence import SLOPE
from speechdis.ranges import Few, Positive, RateOrNone, Size, Weight

# A clipped critic's scores, and so the gradients, fall by orders of magnitude in training; with torch's epsilon of 1e-8
# the adversary then stops.
RMSPROP = partial(torch.optim.RMSprop, eps=1e-16, foreach=True)


@dataclass(frozen=True)
class Config(vrnn.Config):
    """VRNN's sizes, and the adversary.

    Attributes:
        kl_dynamic: in "loss" alone, which is logged and chooses the best checkpoint.
        critic_size, critic_layer: units of the critic's LSTM and of its first linear layer.
        critic_steps: steps of the critic before each of the two others' one.
        critic_learning_rate, adversarial_learning_rate: of their phases; 0 for the recipe's.
        lipschitz: how D is held: "clip" its weights to +-`clip_weights`, or by a "penalty" on its gradient
            (Gulrajani et al. 2017), weighted by `gradient_penalty`.
        conditioned: D also sees h_{t-1} beside z_t.
    """

    critic_size: Size = 128
    critic_layer: Size = 100
    critic_steps: Few = 1
    critic_learning_rate: RateOrNone = 0.0
    adversarial_learning_rate: RateOrNone = 0.0
    lipschitz: Literal["clip", "penalty"] = "clip"
    clip_weights: Positive = 0.01
    gradient_penalty: Weight = 10.0
    conditioned: bool = False


class Critic(nn.Module):
    """D: trajectories (T, B, I) -> scores (B,), the mean over frames (eq 12) of two linear layers on an LSTM."""

    def __init__(self, inputs: int, size: int, layer: int) -> None:
        super().__init__()
        self.rnn = nn.LSTM(inputs, size)
        # A constant added to all scores cancels in every loss: the last layer has none.
        self.score = nn.Sequential(
            nn.Linear(size, layer), nn.LeakyReLU(SLOPE), nn.Linear(layer, 1, bias=False)
        )

    def forward(self, trajectories: Tensor, real: Tensor) -> Tensor:
        """Frames where `real` (T, B) is 0 do not count."""
        scores: Tensor = self.score(self.rnn(trajectories)[0])[..., 0]  # (T, B)
        return (scores * real).sum(0) / real.sum(0)


@final
class Model(vrnn.Model):
    """A-VRNN over segments of `bins`-dimensional frames."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__(bins, config)
        inputs = config.dynamic_size + config.conditioned * config.state_size
        self.critic = Critic(inputs, config.critic_size, config.critic_layer)

    def phases(self) -> list[Phase]:
        """Algorithm 1 with Algorithm 2 in it; `clip_weights` holds after each step of the critic."""
        config = self.config
        limit = config.clip_weights if config.lipschitz == "clip" else 0.0
        first = self._parameters_of("encode_x", "encode_z", "rnn", "emission", "proposal")
        critic, latent = self._parameters_of("critic"), self._parameters_of("transition", "proposal")
        rate, own = config.critic_learning_rate or None, config.adversarial_learning_rate or None
        return [
            Phase(first, self.loss, "reconstruction", RMSPROP),
            Phase(critic, self.critic_loss, "critic_loss", RMSPROP, rate, config.critic_steps, limit),
            Phase(latent, self.adversarial_loss, "adversarial", RMSPROP, own),
        ]

    def _parameters_of(self, *parts: str) -> list[nn.Parameter]:
        return [p for part in parts for p in self.get_submodule(part).parameters()]

    def critic_loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """ "critic", L_dis, and "critic_loss": the same with the gradient penalty, if there is one."""
        with torch.no_grad():
            posterior, prior, real = self._trajectories(batch, generator)
        critic = self._told_apart(posterior, prior, real)
        if self.config.lipschitz == "clip":
            return {"critic": critic, "critic_loss": critic}
        penalty = self._penalty(posterior, prior, real, generator)
        return {"critic": critic, "critic_loss": critic + self.config.gradient_penalty * penalty}

    def adversarial_loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """ "adversarial", -L_dis."""
        return {"adversarial": -self._told_apart(*self._trajectories(batch, generator))}

    def _told_apart(self, posterior: Tensor, prior: Tensor, real: Tensor) -> Tensor:
        """L_dis of trajectories (T, B, I), both in one pass of the critic."""
        scores: Tensor = self.critic(torch.cat([prior, posterior], 1), torch.cat([real, real], 1))
        return scores[: len(scores) // 2].mean() - scores[len(scores) // 2 :].mean()

    def validation_terms(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """VRNN's, and "critic" on the validation speakers."""
        return {
            **super().validation_terms(batch, generator),
            "critic": -self.adversarial_loss(batch, generator)["adversarial"],
        }

    def _trajectories(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """What D sees of posterior and prior along the same states, (T, B, I) each, and which frames count (T, B)."""
        path = self.follow(batch.x, generator)
        prior = self.transition(path.states)
        noise = parallel.noise(prior.mean.transpose(0, 1), generator).transpose(0, 1)
        seen = [path.sample, prior.at(noise)]
        if self.config.conditioned:
            seen = [torch.cat([z, path.states.detach()], -1) for z in seen]
        return seen[0], seen[1], sequence.mask(batch.lengths, batch.x).expand(*batch.x.shape[:2], 1)[..., 0].T

    def _penalty(self, posterior: Tensor, prior: Tensor, real: Tensor, generator: torch.Generator) -> Tensor:
        """Mean squared distance from 1 of the norm of D's gradient in z, between pairs of trajectories."""
        share = torch.rand(len(real.T), 1, generator=generator, device=prior.device, dtype=prior.dtype)
        between = torch.lerp(posterior, prior, share).requires_grad_()
        with (
            torch.enable_grad(),
            torch.backends.cudnn.flags(enabled=False),
        ):  # cuDNN's LSTM has no second gradient
            score = self.critic(between, real).sum()
            (slope,) = torch.autograd.grad(score, between, create_graph=True)
        of_z = slope[..., : self.config.dynamic_size]
        return (of_z.square().sum((0, 2)).add(1e-12).sqrt() - 1).square().mean()
