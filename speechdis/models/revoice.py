"""Revoice: a sequential VAE whose encoder of the words hears another voice than the one that is rebuilt. Ours.

DSVAE's generative story, with a decoder over all frames of a segment and a prior without memory by default,

    p(x, s, z) = p(s) p(z) p(x | s, z),     p(s) = N(0, I),     p(z) = prod_t N(z_t; 0, I)  or  prod_t p(z_t | z_<t)

and its bound, to which a contrast is added:

    -E log p(x | s, z) + kl_static KL(q(s | y) || p(s)) + kl_dynamic sum_t KL(q(z_t | x~) || p(z_t | z_<t))
    - contrast_static I(s; y)

A bound holds for any q, so both may look away from x. z is read from the segment's *twin* x~, its words in another
voice through a random channel: what x~ has of a voice does not help to rebuild x, and costs nats. s is read from
*another segment* y of the utterance (`training.static_view: other`), whose words do not help either. Three things
more keep voices out of z: its encoder normalises every channel over time, from its input to its end, so that nothing
which stays the same through a segment passes, and the mean of z over a segment is the same for all; z is narrow; and
s scales and shifts every layer of the decoder, so that it need not be sought in z. Segments are long, so that little
of the words stays the same through one. The contrast (eq 8 of C-DSVAE) draws s of y and of x together. That two
segments are of one utterance is all the supervision there is. Every part is a setting.

Twins in training: Qian et al. 2020 (SpeechSplit) and Choi et al. 2021 (NANSY) perturb what a content encoder hears in
the same way; instance normalisation: Chou et al. 2019 (AdaIN-VC), whose decoder is also modulated.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechdis.models.base import Batch, Phase, Posterior, weighted
from speechdis.nn import sequence
from speechdis.nn.contrastive import contrastive_information
from speechdis.nn.convolution import AttentiveStatistics, Block, normalised_over_time
from speechdis.nn.gaussian import Gaussian, GaussianHead


@dataclass(frozen=True)
class Config:
    """Sizes, weights and parts.

    Attributes:
        static_size, dynamic_size: of s and z_t.
        hidden_size: channels of the convolutions that read and write words.
        frame_size: channels of those that read the voice.
        layers: convolutions of each of the three.
        contrast_static, temperature: of the contrast; a weight of 0 leaves it out.
        prior: of z_t: N(0, I) ("normal"), or of its past by an LSTM ("learnt").
        twin: z is read from the twin (False: from the segment itself).
        instance_norm: its encoder normalises over time, input and output, too (False: over channels, between them).
        modulate: s scales and shifts every layer of the decoder (False: it enters with z alone).
    """

    static_size: int = 64
    dynamic_size: int = 8
    hidden_size: int = 128
    frame_size: int = 96
    layers: int = 4
    window: int = 128
    kl_static: float = 0.1
    kl_dynamic: float = 1.0
    contrast_static: float = 30.0
    temperature: float = 0.1
    prior: Literal["normal", "learnt"] = "normal"
    consistency: float = 0.0
    voice_in_words: float = 0.0
    static_shortest: float = 1.0
    own_static: bool = False
    twin: bool = True
    instance_norm: bool = True
    modulate: bool = True


class Model(nn.Module):
    """Revoice over segments of `bins`-dimensional frames."""

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__()
        self.config = config
        width, voice, depth = config.hidden_size, config.frame_size, range(config.layers)
        self.words_in = nn.Conv1d(bins, width, 5, padding=2)
        self.words = nn.ModuleList(
            Block(width, "time" if config.instance_norm else "channels") for _ in depth
        )
        self.dynamic_head = GaussianHead(width, config.dynamic_size)
        self.voice_in = nn.Conv1d(bins, voice, 5, padding=2)
        self.voice = nn.ModuleList(Block(voice, "channels", dilation=1 + i) for i in depth)
        self.pool = AttentiveStatistics(voice)
        self.static_head = GaussianHead(2 * voice, config.static_size)
        self.codes_in = nn.Conv1d(config.dynamic_size, width, 5, padding=2)
        self.static_in = nn.Linear(config.static_size, width)
        condition = config.static_size if config.modulate else 0
        self.decoder = nn.ModuleList(Block(width, "channels", condition=condition) for _ in depth)
        self.frame = nn.Conv1d(width, bins, 1)
        if config.voice_in_words:
            self.seek_in = nn.Conv1d(config.dynamic_size, voice, 5, padding=2)
            self.seek = nn.ModuleList(Block(voice, "channels", dilation=1 + i) for i in depth)
            self.seek_pool = AttentiveStatistics(voice)
            self.sought = nn.Linear(2 * voice, config.static_size)
        if config.prior == "learnt":
            self.prior_rnn = nn.LSTM(config.dynamic_size, width, batch_first=True)
            self.prior_head = GaussianHead(width, config.dynamic_size)

    @property
    def reads_twins(self) -> str:
        """The setting that needs no voice-converted twins, where this one does."""
        return "twin=false" if self.config.twin else ""

    def encode_dynamic(self, x: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """q(z | x) of segments (B, T, F), (B, T, Z); longer ones than `window` are read in parts of that length."""
        frames, window = x.shape[1], self.config.window
        if frames > window:
            ends = x.new_full((len(x),), frames, dtype=torch.long) if lengths is None else lengths
            parts = [
                self.encode_dynamic(part, (ends - k * window).clamp(1, part.shape[1]))
                for k, part in enumerate(x.split(window, 1))
            ]
            return Gaussian(*(torch.cat(p, 1) for p in zip(*parts, strict=True)))
        real = _real(lengths, x)
        h = x.transpose(1, 2) * real
        if self.config.instance_norm:
            h = normalised_over_time(h, real)
        h = self.words_in(h)
        for block in self.words:
            h = block(h, real)
        if self.config.instance_norm:
            h = normalised_over_time(h, real)
        return self.dynamic_head(h.transpose(1, 2))

    def encode_static(self, x: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """q(s | x) of segments (B, T, F), (B, S)."""
        real = _real(lengths, x)
        h = self.voice_in(x.transpose(1, 2) * real)
        for block in self.voice:
            h = block(h, real)
        return self.static_head(self.pool(h, real))

    def encode(
        self, x: Tensor, lengths: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Posterior:
        """q(s, z | x) of segments (B, T, F), both read from them; without a generator the "samples" are the means."""
        static, dynamic = self.encode_static(x, lengths), self.encode_dynamic(x, lengths)
        if generator is None:
            return Posterior(static, dynamic, static.mean, dynamic.mean)
        return Posterior(static, dynamic, static.sample(generator), dynamic.sample(generator))

    def decode(self, static: Tensor, dynamic: Tensor) -> Gaussian:
        """p(x | s, z) with unit variance, over normalised frames (B, T, F)."""
        h = self.codes_in(dynamic.transpose(1, 2)) + self.static_in(static)[..., None]
        for block in self.decoder:
            h = block(h, h.new_ones(()), static)
        mean = self.frame(h).transpose(1, 2)
        return Gaussian(mean, torch.zeros_like(mean))

    def prior(self, dynamic: Tensor) -> Gaussian | None:
        """p(z_t | z_<t) for z (B, T, Z); None stands for N(0, I)."""
        if self.config.prior == "normal":
            return None
        hidden, _ = sequence.run(self.prior_rnn, sequence.delayed(dynamic))
        return self.prior_head(hidden)

    def sample_prior(self, segments: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """New (static (B, S), dynamic (B, T, Z)) from p(s) and p(z)."""
        device, config = self.frame.weight.device, self.config
        static = torch.randn(segments, config.static_size, generator=generator, device=device)
        if config.prior == "normal":
            shape = (segments, frames, config.dynamic_size)
            return static, torch.randn(shape, generator=generator, device=device)
        return static, sequence.ancestral(self.prior_rnn, self.prior_head, segments, frames, generator)

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per whole segment, and their weighted sum "loss".

        Views that a batch lacks are the segment's own; its lengths are not read.
        """
        config = self.config
        heard = batch.x if batch.twin is None or not config.twin else batch.twin
        elsewhere = batch.x if batch.shuffled is None else batch.shuffled
        lengths = None
        if config.static_shortest < 1:
            frames = batch.x.shape[1]
            share = torch.rand(len(batch.x), generator=generator, device=batch.x.device)
            lengths = (frames * (config.static_shortest + (1 - config.static_shortest) * share)).long()
        own = self.encode_static(batch.x)
        dynamic, static = self.encode_dynamic(heard), self.encode_static(elsewhere, lengths)
        if config.own_static:
            own, static = static, own
        s, z = static.sample(generator), dynamic.sample(generator)
        terms = {
            "reconstruction": -self.decode(s, z).log_prob(batch.x).sum((1, 2)).mean(),
            "kl_static": static.kl().sum(-1).mean(),
            "kl_dynamic": dynamic.kl(self.prior(z)).sum((1, 2)).mean(),
        }
        if config.contrast_static:
            terms["contrast_static"] = -contrastive_information(static.mean, own.mean, config.temperature)
        if config.consistency or config.voice_in_words:
            own_dynamic = self.encode_dynamic(batch.x)
        if config.consistency:
            terms["consistency"] = dynamic.kl(own_dynamic).sum((1, 2)).mean()
        if config.voice_in_words:
            terms["voice_in_words"] = self._found(own_dynamic.mean, own.mean).clamp_min(0)
        return weighted(terms, config)

    def _found(self, dynamic: Tensor, static: Tensor) -> Tensor:
        """Nats of the static means (B, S) that the adversary finds in dynamic ones (B, T, Z): at most log B."""
        h = self.seek_in(dynamic.transpose(1, 2))
        real = h.new_ones(())
        for block in self.seek:
            h = block(h, real)
        guess = functional.normalize(self.sought(self.seek_pool(h, real)).float(), dim=-1)
        voices = functional.normalize(static.detach().float(), dim=-1)
        with torch.autocast(guess.device.type, enabled=False):
            similarity = guess @ voices.T / self.config.temperature
        target = torch.arange(len(guess), device=guess.device)
        return math.log(len(guess)) - functional.cross_entropy(similarity, target)

    def phases(self) -> list[Phase]:
        """All but the adversary; then, where there is one, the adversary."""
        seeks = [p for name, p in self.named_parameters() if name.startswith(("seek", "sought"))]
        own = [p for name, p in self.named_parameters() if not name.startswith(("seek", "sought"))]
        phases = [Phase(own, self.loss)]
        if seeks:
            phases.append(Phase(seeks, self.seek_loss, minimised="seek"))
        return phases

    def seek_loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """ "seek": minus what the adversary finds, nats."""
        with torch.no_grad():
            dynamic, static = self.encode_dynamic(batch.x).mean, self.encode_static(batch.x).mean
        return {"seek": -self._found(dynamic, static)}

    def embed(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Posterior means of segments (B, T, F): static (B, S), dynamic (B, T, Z)."""
        mask = sequence.mask(lengths, x)
        return self.encode_static(x, lengths).mean, self.encode_dynamic(x, lengths).mean * mask


def _real(lengths: Tensor | None, x: Tensor) -> Tensor:
    """1 for frames that count, (B, 1, T), or a scalar 1 where all do."""
    mask = sequence.mask(lengths, x)
    return mask.transpose(1, 2) if mask.ndim else mask
