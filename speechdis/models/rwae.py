"""R-WAE: disentangled recurrent Wasserstein autoencoder (Han, Min, Han, Li & Zhang, ICLR 2021).

DSVAE's generative model, but the divergences are between *aggregated* posterior and prior, so a code may keep what it
knows of its own segment:

    E c(x, x_hat) + divergence_static D(Q_s, P_s) + divergence_dynamic sum_t D(Q(z_t | z_<t), P(z_t | z_<t))

c is half the squared error plus a constant (the unit-variance likelihood of the other models). D of z is MMD^2 between
the batch's z_t and, for each, one draw of p(z_t | z_<t) along its own history, so compared over all histories at once
and not within each. D of s is MMD^2 ("mmd"), or a latent discriminator trained in a phase of its own ("gan"), whose
optimum measures the Jensen-Shannon divergence; the encoder then lowers -log D(s), as the WAE-GAN does. The best
checkpoint is then chosen with MMD^2 in that term's place.

Weights and kernels for speech are not given in any text at hand: the defaults here are ours. Kernel widths of z_t
follow the spread of the prior's draws: with fixed ones, prior and posterior could shrink together at no cost.
Encoders stay stochastic; nothing but the aggregate holds their variance up, and it may shrink: that of s under the
discriminator does, towards the least that a log-variance may be (nn/gaussian.py). The KL of s, which is not lowered, is
then that limit's, some 3.6 nats a dimension, and says nothing of what s holds.
"""

from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import Tensor
from torch.nn import functional

from speechdis.models import dsvae
from speechdis.models.base import Batch, Phase
from speechdis.nn import parallel, sequence
from speechdis.nn.divergence import Kernel, mmd
from speechdis.ranges import Rate, Size, Weight


@dataclass(frozen=True)
class Config(dsvae.Config):
    """DSVAE's sizes, and the weights of the divergences; every default here is ours.

    Attributes:
        kl_static, kl_dynamic: 0: logged alone, to show where a posterior's variance shrinks.
        divergence: what compares s with its prior.
        divergence_static, divergence_dynamic: weights of the two divergences.
        kernel: of MMD, summed over widths: inverse multiquadric or radial basis function.
        critic_size: width of the two hidden layers of the discriminator.
        critic_learning_rate: of its Adam.
    """

    posterior: Literal["factorised", "full", "nested", "causal", "smooth"] = "causal"
    kl_static: Weight = 0.0
    kl_dynamic: Weight = 0.0
    divergence: Literal["mmd", "gan"] = "mmd"
    divergence_static: Weight = 100.0
    divergence_dynamic: Weight = 100.0
    kernel: Kernel = "imq"
    critic_size: Size = 256
    critic_learning_rate: Rate = 5e-4


@final
class Model(dsvae.Model):
    """R-WAE over segments of `bins`-dimensional frames."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__(bins, config)
        if config.divergence == "gan":
            width = config.critic_size
            self.critic = sequence.mlp(config.static_size, width, width, 1)  # log-odds that s is of the prior

    def phases(self) -> list[Phase]:
        """Autoencoder and prior; then, for "gan", the discriminator."""
        own = [p for name, p in self.named_parameters() if not name.startswith("critic.")]
        phases = [Phase(own, self.loss)]
        if self.config.divergence == "gan":
            critic, rate = list(self.critic.parameters()), self.config.critic_learning_rate
            phases.append(Phase(critic, self.critic_loss, minimised="critic", learning_rate=rate))
        return phases

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms and their weighted sum "loss"; every frame of the batch enters the dynamic divergence."""
        return self.weighted(self._terms(batch, generator)[0], batch)

    def validation_terms(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The loss's terms; with a discriminator also "static_mmd", which stands in "loss" for what it says.

        It moves, and what it says of two checkpoints does not compare: no choice between them may rest on that.
        """
        terms, static = self._terms(batch, generator)
        if self.config.divergence == "mmd":
            return self.weighted(terms, batch)
        fixed = self._static_mmd(static, generator)
        loss = self.weighted({**terms, "divergence_static": fixed}, batch)["loss"]
        return {**terms, "static_mmd": fixed, "loss": loss}

    def _terms(self, batch: Batch, generator: torch.Generator) -> tuple[dict[str, Tensor], Tensor]:
        """The terms of the loss, and the codes s (B, S) they were computed from."""
        posterior = self.encode(batch.x, batch.lengths, generator)
        terms = self.bound(batch, posterior)
        static, dynamic = posterior.static_sample, posterior.dynamic_sample
        if self.config.divergence == "gan":
            terms["divergence_static"] = functional.softplus(-self.critic(static)).mean()  # -log D(s)
        else:
            terms["divergence_static"] = self._static_mmd(static, generator)
        terms["divergence_dynamic"] = self._dynamic_divergence(dynamic, generator)
        return terms, static

    def _static_mmd(self, static: Tensor, generator: torch.Generator) -> Tensor:
        """MMD^2 between codes s (B, S) and draws of their prior."""
        drawn = parallel.all_rows(parallel.noise(static, generator))
        return mmd(parallel.all_rows(static), drawn, 2.0 * static.shape[-1], self.config.kernel)

    def _dynamic_divergence(self, dynamic: Tensor, generator: torch.Generator) -> Tensor:
        """Sum over frames of MMD^2 between z_t (B, T, Z) and draws of p(z_t | z_<t) along the same histories."""
        drawn = parallel.all_rows(self.prior(dynamic).sample(generator)).transpose(0, 1)  # (T, G, Z)
        spread = 2 * drawn.detach().var(1).sum(-1)  # mean squared distance of two draws, for each frame
        return mmd(parallel.all_rows(dynamic).transpose(0, 1), drawn, spread, self.config.kernel).sum()

    def critic_loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """ "critic": cross-entropy of telling draws of the prior from codes s, nats; 2 log 2 where it cannot."""
        with torch.no_grad():
            static = self.encode(batch.x, batch.lengths, generator).static_sample
        drawn = parallel.noise(static, generator)
        entropy = functional.softplus(-self.critic(drawn)) + functional.softplus(self.critic(static))
        return {"critic": entropy.mean()}
