"""MoCoGAN (Tulyakov, Liu, Yang & Kautz, CVPR 2018): sequences of images from content noise and motion noise.

    s ~ N(0, I) once a sequence,   z_t = GRU(e_t, z_<t) with e_t ~ N(0, I) and z_0 ~ N(0, I),   x_t = G(s, z_t)

Two discriminators say what is real: one of single images, a frame of each sequence, and one of whole sequences, with
convolutions over time too. Their cross-entropy is lowered in a phase of its own, and G and the GRU lower -log D of
both. There is no encoder: a sequence has no codes, and only what is drawn can be judged. The discriminators are no
part of a checkpoint. Images are pixels in [0, 1], 64 x 64.

Where this differs from the released code: convolutions over time keep the number of frames, so that sequences of 8
have as many layers as those of 16; noise is added to what discriminators read, not within them. What discriminators
say of two checkpoints does not compare, so the best is chosen by a distance of distributions: the energy distance
(Szekely & Rizzo 2013) between real and drawn sequences, of 8 x 8 pixels a frame.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechdis.models.base import Batch, GeneratorModel, Optimiser, Phase
from speechdis.nn import parallel
from speechdis.nn.dcgan import ImageDecoder, ImageEncoder, channels_of, grid_of
from speechdis.nn.divergence import energy_distance
from speechdis.nn.gaussian import Gaussian
from speechdis.nn.sequence import SLOPE
from speechdis.ranges import RateOrNone, Size, Weight

# Of the released code.
ADAM: Optimiser = partial(torch.optim.Adam, betas=(0.5, 0.999), weight_decay=1e-5, fused=True)
THUMBNAIL = 8  # pixels to a side, of which the best checkpoint is chosen by


@dataclass(frozen=True)
class Config:
    """Sizes and weights; the defaults of sizes are the released code's, where noise is an option.

    Attributes:
        static_size: of content noise.
        dynamic_size: of a frame's motion code, and of the noise that the GRU reads.
        hidden_size: channels of the largest images in the generator and in both discriminators.
        images, sequences: weights of what the two discriminators say.
        noise: standard deviation of what is added to pixels before discriminators read them.
        critic_learning_rate: of the discriminators' Adam; 0: as of the generator's.
    """

    static_size: Size = 50
    dynamic_size: Size = 10
    hidden_size: Size = 64
    images: Weight = 1.0
    sequences: Weight = 1.0
    noise: Weight = 0.1
    critic_learning_rate: RateOrNone = 0.0


@final
class Model(GeneratorModel):
    """MoCoGAN over sequences of images of `bins` pixels."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__()
        self.config, self.bins = config, bins
        self.motion = nn.GRU(config.dynamic_size, config.dynamic_size, batch_first=True)
        self.draw = ImageDecoder(config.static_size + config.dynamic_size, config.hidden_size, bins)
        self.critic: Any = None  # made by `phases`: who only draws needs none

    def sample_prior(self, segments: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """New codes: static (B, S), dynamic (B, T, Z)."""
        like = next(self.parameters()).new_empty(segments, frames + 1, self.config.dynamic_size)
        noise = parallel.noise(like, generator)
        static = parallel.noise(like.new_empty(segments, self.config.static_size), generator)
        dynamic, _ = self.motion(noise[:, 1:], noise[:, 0][None].contiguous())
        return static, dynamic

    def decode(self, static: Tensor, dynamic: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """Images (B, T, F), pixels in [0, 1], of codes (B, S) and (B, T, Z); none hears another."""
        both = torch.cat([static[:, None].expand(-1, dynamic.shape[1], -1), dynamic], -1)
        mean = self.draw(both).sigmoid()
        return Gaussian(mean, torch.zeros_like(mean))

    def kept(self) -> dict[str, Tensor]:
        """All weights but the discriminators'."""
        return {name: w for name, w in self.state_dict().items() if not name.startswith("critic.")}

    def phases(self) -> list[Phase]:
        """Generator and GRU; then both discriminators, which are made here."""
        own = [p for name, p in self.named_parameters() if not name.startswith("critic.")]
        if self.critic is None:
            self.critic = Critic(self.bins, self.config.hidden_size).to(own[0].device)
        rate = self.config.critic_learning_rate or None
        return [
            Phase(own, self.loss, optimiser=ADAM),
            Phase(list(self.critic.parameters()), self.critic_loss, "critic", ADAM, rate),
        ]

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """-log D of drawn "images" and "sequences", nats, and their weighted sum; as many as are in the batch."""
        scores = self._judged(self._drawn(batch, generator), generator)
        image, video = (functional.softplus(-score).mean() for score in scores)
        loss = self.config.images * image + self.config.sequences * video
        return {"images": image, "sequences": video, "loss": loss}

    def validation_terms(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """ "loss": the energy distance between real and drawn sequences, of thumbnails."""
        real, drawn = (parallel.all_rows(_thumbnails(x)) for x in (batch.x, self._drawn(batch, generator)))
        return {"loss": energy_distance(real, drawn)}

    def critic_loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """ "critic": cross-entropy of telling real from drawn, of both discriminators; 4 log 2 where neither can."""
        with torch.no_grad():
            drawn = self._drawn(batch, generator)
        real, made = (self._judged(x, generator) for x in (batch.x, drawn))
        terms = [
            functional.softplus(-r).mean() + functional.softplus(m).mean()
            for r, m in zip(real, made, strict=True)
        ]
        return {"critic": torch.stack(terms).sum()}

    def _drawn(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """As many new sequences as are in the batch, as long, (B, T, F)."""
        count, frames, _ = batch.x.shape
        return self.decode(*self.sample_prior(count, frames, generator)).mean

    def _judged(self, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Log-odds that sequences (B, T, F) are real, by one frame of each (B,) and by all (B,)."""
        seen = x + self.config.noise * parallel.noise(x, generator)
        count = x.shape[0] * parallel.world()
        frame = parallel.mine(torch.randint(x.shape[1], (count,), generator=generator, device=x.device))
        scores: tuple[Tensor, Tensor] = self.critic(seen[torch.arange(len(x), device=x.device), frame], seen)
        return scores


class Critic(nn.Module):
    """The discriminators of images (N, F) and of sequences (B, T, F): log-odds that they are real, (N,) and (B,)."""

    def __init__(self, pixels: int, width: int) -> None:
        super().__init__()
        self.image = ImageEncoder(pixels, width, 1)
        layers: list[nn.Module] = []
        size = channels_of(pixels)
        for k in (1, 2, 4, 8):  # each halves the sides, and keeps the frames
            layers.append(nn.Conv3d(size, k * width, (3, 4, 4), (1, 2, 2), 1, bias=k == 1))
            layers += [nn.BatchNorm3d(k * width)] * (k > 1) + [nn.LeakyReLU(SLOPE)]
            size = k * width
        self.video = nn.Sequential(*layers, nn.Conv3d(size, 1, (1, 4, 4)))  # (B, 1, T, 1, 1)

    def forward(self, images: Tensor, sequences: Tensor) -> tuple[Tensor, Tensor]:
        over_time = self.video(grid_of(sequences).transpose(1, 2))  # of (B, C, T, 64, 64)
        return self.image(images)[:, 0], over_time.flatten(1).mean(1)


def _thumbnails(x: Tensor) -> Tensor:
    """Sequences (B, T, F) as (B, T * C * 8 * 8)."""
    return functional.adaptive_avg_pool2d(grid_of(x).flatten(0, 1), THUMBNAIL).view(len(x), -1)
