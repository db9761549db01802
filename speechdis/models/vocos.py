"""Vocos: log mel frames to a waveform by an inverse STFT (Siuzdak, ICLR 2024), as small as a CPU can play at once.

ConvNeXt blocks at the frames' own rate, and a head that gives magnitude and phase of each frame's spectrum; nothing is
upsampled. What a frame says of the waveform, pitch included, is all that it hears. The losses are distances of mel and
linear spectra at four resolutions and, with a weight of "adversarial", the discriminators of HiFi-GAN (Kong, Kim & Bae
2020) as SpeechBrain has them: periods and scales, least squares, and the distance of their features. A phase of their
own trains them; they are no part of a checkpoint.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechdis.errors import InputError
from speechdis.models.base import Optimiser, Phase, Sound, VocoderModel, weighted
from speechdis.nn.spectral import distances, inverse_stft
from speechdis.nn.speechbrain_modules import drop_lazy_modules
from speechdis.ranges import Count, Size, Weight

ADAMW: Optimiser = partial(torch.optim.AdamW, betas=(0.8, 0.99), fused=True)  # HiFi-GAN, section 3.1
SHORTEST = 2560  # samples that the discriminators' strides leave something of
LOUDEST = 1e2  # magnitude of a bin: more is no speech in [-1, 1]


@dataclass(frozen=True)
class Config:
    """Sizes and weights.

    Attributes:
        hidden_size: channels between blocks.
        block_size: channels within a block.
        layers: ConvNeXt blocks.
        fft: samples of a spectrum that the head gives, even, at least `window`.
        rate: Hz; of the features.
        window, hop: samples of a feature frame.
        convergence: weight of the distance of linear spectra.
        adversarial: weight of what discriminators say; 0: there are none.
        matching: weight of the distance between what discriminators see; HiFi-GAN has 1, 2 and 45 for spectra.
        discriminator: weight of their own loss, in their phase alone.
    """

    hidden_size: Size = 192
    block_size: Size = 576
    layers: Size = 6
    fft: Size = 640
    rate: Count = 16000
    window: Size = 400
    hop: Size = 160
    convergence: Weight = 0.5
    adversarial: Weight = 0.022
    matching: Weight = 0.044
    discriminator: Weight = 1.0


class Block(nn.Module):
    """ConvNeXt (Liu et al. 2022) over time: each channel alone, then each frame alone; (B, H, T) to the same."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.block_size
        self.time = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.inner, self.outer = nn.Linear(width, inner), nn.Linear(inner, width)
        self.scale = nn.Parameter(torch.full((width,), 1 / config.layers))

    def forward(self, x: Tensor) -> Tensor:
        """`x` and what the block adds to it."""
        h = self.norm(self.time(x).transpose(1, 2))  # (B, T, H)
        more: Tensor = self.scale * self.outer(functional.gelu(self.inner(h)))
        return x + more.transpose(1, 2)


@final
class Model(VocoderModel):
    """Vocos over frames of `bins` dimensions."""

    config: Config

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__()
        if config.fft % 2 or not config.hop <= config.window <= config.fft:
            raise InputError(
                "vocos: model.fft must be even, at least model.window, and that at least model.hop"
            )
        self.config = config
        width = config.hidden_size
        self.first = nn.Conv1d(bins, width, 7, padding=3)
        self.norm_first, self.norm_last = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(Block(config) for _ in range(config.layers)))
        self.head = nn.Linear(width, 2 * (config.fft // 2 + 1))
        self.critic: Any = None  # made by `phases`: who only plays needs none

    @property
    def framing(self) -> tuple[int, int, int]:
        """Rate (Hz), window and hop (samples) of the frames."""
        return self.config.rate, self.config.window, self.config.hop

    def speak(self, x: Tensor) -> Tensor:
        """Waveforms (B, (T - 1) hop + window) of normalised frames (B, T, F)."""
        h = self.norm_first(self.first(x.transpose(1, 2)).transpose(1, 2))
        h = self.norm_last(self.blocks(h.transpose(1, 2)).transpose(1, 2))  # (B, T, H)
        magnitude, phase = self.head(h).float().chunk(2, -1)  # (B, T, K)
        spectrum = torch.polar(magnitude.exp().clamp_max(LOUDEST), phase)
        made: Tensor = inverse_stft(spectrum, self.config.window, self.config.hop)
        return made

    def kept(self) -> dict[str, Tensor]:
        """All weights but the discriminators', of which there are some fifty times as many."""
        return {name: w for name, w in self.state_dict().items() if not name.startswith("critic.")}

    def phases(self) -> list[Phase]:
        """The vocoder; then, with a weight of "adversarial", the discriminators, which are made here."""
        own = [p for name, p in self.named_parameters() if not name.startswith("critic.")]
        phases = [Phase(own, self.loss, optimiser=ADAMW)]
        if self.config.adversarial:
            if self.critic is None:
                self.critic = _critic().to(own[0].device)
            critic = list(self.critic.parameters())
            phases.append(Phase(critic, self.critic_loss, "discriminator", ADAMW))
        return phases

    def loss(self, batch: Sound, generator: torch.Generator) -> dict[str, Tensor]:
        """Distances of log mel ("reconstruction", nats) and linear spectra, and what discriminators say, if any."""
        made = self.speak(batch.x)
        terms = self._distances(made, batch.wave)
        if self.critic is not None:
            scores, seen = self._judged(made)
            with torch.no_grad():
                _, wanted = self._judged(batch.wave)
            terms["adversarial"] = torch.stack([(1 - score).square().mean() for score in scores]).mean()
            terms["matching"] = torch.stack(
                [
                    (a - b).abs().mean()
                    for x, y in zip(seen, wanted, strict=True)
                    for a, b in zip(x, y, strict=True)
                ]
            ).mean()
        return weighted(terms, self.config)

    def validation_terms(self, batch: Sound, generator: torch.Generator) -> dict[str, Tensor]:
        """Distances alone: what discriminators say moves with them, so no choice between checkpoints rests on it."""
        return weighted(self._distances(self.speak(batch.x), batch.wave), self.config)

    def _distances(self, made: Tensor, real: Tensor) -> dict[str, Tensor]:
        mel, linear = distances(made, real, self.config.rate)
        return {"reconstruction": mel, "convergence": linear}

    def _judged(self, wave: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Scores of each discriminator for waveforms (B, n), and what its layers see."""
        longer = functional.pad(wave, (0, max(0, SHORTEST - wave.shape[-1])))
        scores, seen = self.critic(longer[:, None])
        return scores, seen

    def critic_loss(self, batch: Sound, generator: torch.Generator) -> dict[str, Tensor]:
        """ "discriminator": squared distance of scores from 1 for recordings and from 0 for what is made."""
        with torch.no_grad():
            made = self.speak(batch.x)
        real, fake = (self._judged(wave)[0] for wave in (batch.wave, made))
        terms = [(1 - r).square().mean() + f.square().mean() for r, f in zip(real, fake, strict=True)]
        return {"discriminator": torch.stack(terms).mean()}


def _critic() -> nn.Module:
    from speechbrain.lobes.models.HifiGAN import HifiganDiscriminator

    drop_lazy_modules()

    critic: nn.Module = HifiganDiscriminator()
    return critic
