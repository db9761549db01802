"""Revoice: a sequential VAE whose encoder of the words hears another voice than the one that is rebuilt. Ours.

DSVAE's generative story, with a decoder over all frames of a segment,

    p(x, s, z) = p(s) p(z) p(x | s, z),     p(s) = N(0, I),     p(z) = prod_t p(z_t | z_<t)  or  prod_t N(z_t; 0, I)

and its bound, to which a contrast and a consistency are added:

    -E log p(x | s, z) + kl_static KL(q(s | y) || p(s)) + kl_dynamic sum_t KL(q(z_t | x~) || p(z_t | z_<t))
    - contrast_static I(s; y) + consistency sum_t KL(q(z_t | x~) || q(z_t | x))

A bound holds for any q, so both may look away from x. z is read from the segment's *twin* x~, its words in another
voice through a random channel: what x~ has of a voice does not help to rebuild x, and costs nats; and what is read of
x itself shall be the same. Three things more keep voices out of z: its encoder normalises every channel over time, from
its input to its end, so that nothing which stays the same through a segment passes, and the mean of z over a segment is
the same for all; z is narrow; and s scales and shifts every layer of the decoder, so that it need not be sought in z.

s is read from x, whose level and noise no other segment can tell, or, for a share of the segments, from *another
segment* of the utterance (`training.static_view: other`), whose words do not help. The contrast (eq 8 of C-DSVAE) draws
the s of both together. Other segments are cut to any length, so that a voice is known by little speech, and by much:
utterances' static vectors are read from them whole; and some of their bands are hidden (`training.static_mask_bins`),
so that it is known by none of them alone. All layers of its encoder are pooled: what tells voices is at more than one
of them. That two segments are of one utterance is all the supervision there is. Every part is a setting.

Twins in training: Qian et al. 2020 (SpeechSplit) and Choi et al. 2021 (NANSY) perturb what a content encoder hears in
the same way; instance normalisation: Chou et al. 2019 (AdaIN-VC), whose decoder is also modulated; all layers
pooled: Desplanques et al. 2020 (ECAPA-TDNN).
"""

import math
from dataclasses import dataclass, field, replace
from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechdis.errors import InputError
from speechdis.models.base import Batch, Posterior, StaticDynamicModel, weighted
from speechdis.nn import ctc, sequence
from speechdis.nn.contrastive import contrastive_information
from speechdis.nn.convolution import (
    AttentiveStatistics,
    Block,
    Convolution,
    masked,
    normalised_over_time,
)
from speechdis.nn.gaussian import Gaussian, GaussianHead, unit_nats
from speechdis.nn.quantise import Choice, Quantiser
from speechdis.nn.rate import Rate
from speechdis.nn.stride import held, spread
from speechdis.ranges import (
    CodesOrNone,
    CountOrNone,
    Layers,
    NatsOrNone,
    Positive,
    Share,
    Size,
    Stride,
    Weight,
)


@dataclass(frozen=True)
class Config:
    """Sizes, weights and parts.

    Attributes:
        static_size, dynamic_size: of s and z_t.
        content_channels: of the convolutions that read and write words.
        voice_channels: of those that read the voice.
        layers: convolutions of each of the three.
        rate_dynamic: nats that z shall have a frame, on average. The weight of its divergence begins as `kl_dynamic`,
            and moves to where it has them (nn/rate.py); 0: it stays.
        dynamic_stride: frames that share one code of z. Outside the model z is at the rate of frames all the same.
        quantise: codes in the book that z is taken from (nn/quantise.py); its prior is then of numbers of codes, all
            alike ("normal") or by the past ("learnt"), and `consistency` is half the squared distance before. 0: z is
            Gaussian.
        commitment: weight of the squared distance of what is quantised to its code.
        contrast_static, temperature: of the contrast; a weight of 0 leaves it out.
        consistency: weight of the divergence between z of the twin and z of the segment itself; 0 leaves it out.
        own_static: share of the segments that are rebuilt with their own s, not with that of another segment.
        static_shortest: other segments are cut to this share of their length, or more; 1: not at all.
        prior: of z_t: N(0, I) ("normal"), or of its past by an LSTM ("learnt").
        twin: z is read from the twin (False: from the segment itself).
        instance_norm: its encoder normalises over time, input and output, too (False: over channels, between them).
        modulate: s scales and shifts every layer of the decoder (False: it enters with z alone).
        all_layers: s is pooled from every layer of its encoder (False: from the last).
        ctc: weight of what is said of the transcript, given z, by a linear map that is not kept (0 leaves it out): it
            needs transcripts, and is supervision.
        content: last columns of the frames that are content frames: as the store says, whatever a recipe does.
        words_from: what z is read from where there are any; "both": the other columns too, and then of the twin.
    """

    static_size: Size = 64
    dynamic_size: Size = 8
    content_channels: Size = field(default=128, metadata={"formerly": "hidden_size"})
    voice_channels: Size = field(default=96, metadata={"formerly": "frame_size"})
    layers: Layers = 4
    kl_static: Weight = 0.1
    kl_dynamic: Weight = 1.0
    rate_dynamic: NatsOrNone = 0.0
    dynamic_stride: Stride = 1
    quantise: CodesOrNone = 0
    commitment: Weight = 0.25
    contrast_static: Weight = 60.0
    temperature: Positive = 0.1
    consistency: Weight = 4.0
    own_static: Share = 1.0
    static_shortest: Share = 0.25
    prior: Literal["normal", "learnt"] = "learnt"
    twin: bool = True
    instance_norm: bool = True
    modulate: bool = True
    all_layers: bool = True
    ctc: Weight = 0.0
    content: CountOrNone = 0
    words_from: Literal["content", "both"] = "content"

    @property
    def hidden_size(self) -> int:
        """As of every model: see `base.Settings`."""
        return self.content_channels


@final
class Model(StaticDynamicModel):
    """Revoice over segments of `bins`-dimensional frames."""

    config: Config
    static_frames = 1000  # read at a time for an utterance's static vector: ten seconds

    def __init__(self, bins: int, config: Config) -> None:
        super().__init__()
        if config.quantise and config.rate_dynamic:
            raise InputError(
                "revoice: model.rate_dynamic cannot move codes of a book; set it, or model.quantise, to 0"
            )
        self.config = config
        self.spectra = spectra = bins - config.content
        read = config.content if config.content and config.words_from == "content" else bins
        width, voice, depth = config.content_channels, config.voice_channels, range(config.layers)
        self.stride = stride = config.dynamic_stride
        self.words_in = nn.Conv1d(read, width, 3 + 2 * stride, stride, padding=1 + stride)
        self.words = nn.ModuleList(
            Block(width, "time" if config.instance_norm else "channels") for _ in depth
        )
        self.quantiser = Quantiser(config.quantise, config.dynamic_size) if config.quantise else None
        self.dynamic_head = GaussianHead(width, config.dynamic_size)
        self.voice_in = Convolution(spectra, voice, 5, padding=2)
        self.voice = nn.ModuleList(Block(voice, "channels", dilation=1 + i) for i in depth)
        pooled = config.layers if config.all_layers else 1
        self.joined = Convolution(pooled * voice, 2 * voice, 1)
        self.pool = AttentiveStatistics(2 * voice)
        self.static_head = GaussianHead(4 * voice, config.static_size)
        self.codes_in = Convolution(config.dynamic_size, stride * width, 5, padding=2)
        self.static_in = nn.Linear(config.static_size, width)
        condition = config.static_size if config.modulate else 0
        self.decoder = nn.ModuleList(Block(width, "channels", condition=condition) for _ in depth)
        self.frame = Convolution(width, spectra, 1)
        if config.prior == "learnt":
            self.prior_rnn = nn.LSTM(config.dynamic_size, width, batch_first=True)
            self.prior_head: nn.Module = (
                nn.Linear(width, config.quantise)
                if config.quantise
                else GaussianHead(width, config.dynamic_size)
            )
        self.rate = Rate(config.rate_dynamic, config.kl_dynamic) if config.rate_dynamic else None

    @property
    def reads_twins(self) -> str | None:
        """The setting that needs no voice-converted twins, where this one does."""
        return "twin=false" if self.config.twin and not self._content_alone else None

    @property
    def _content_alone(self) -> bool:
        """z is read from content frames, of which there are no twins."""
        return self.config.content > 0 and self.config.words_from == "content"

    @classmethod
    def with_content(cls, config: Config, columns: int) -> Config:
        """`config` with so many."""
        return replace(config, content=columns)

    @classmethod
    def reads_transcripts(cls, config: Config) -> bool:
        """With a CTC term."""
        return config.ctc > 0

    @property
    def label(self) -> str | None:
        """What a model that has read transcripts is, and one that reads what another network made."""
        found = ["supervised"] * (self.config.ctc > 0) + ["content frames"] * (self.config.content > 0)
        return ", ".join(found) or None

    def learn_units(self, classes: int) -> None:
        """Add the linear map from z to `classes` of units and the blank."""
        self.units = nn.Linear(self.config.dynamic_size, classes)

    def kept(self) -> dict[str, Tensor]:
        """All weights but those of `learn_units`."""
        return {name: value for name, value in self.state_dict().items() if not name.startswith("units.")}

    def encode_dynamic(self, x: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """q(z | x) of segments (B, T, F), (B, C, Z): C codes, one for every `dynamic_stride` frames.

        Where z is quantised, N(what is rounded to a code, I).
        """
        real = _real(lengths, x)
        if self._content_alone:
            x = x[..., self.spectra :]
        h = masked(x.transpose(1, 2), real)
        if self.config.instance_norm:
            h = normalised_over_time(h, real)
        h = self.words_in(h)
        real = real[..., :: self.stride] if real.ndim else real  # (B, 1, C)
        for block in self.words:
            h = block(h, real)
        if self.config.instance_norm:
            h = normalised_over_time(h, real)
        found: Gaussian = self.dynamic_head(h.transpose(1, 2))
        return found if self.quantiser is None else Gaussian(found.mean, torch.zeros_like(found.mean))

    def encode_static(self, x: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """q(s | x) of segments (B, T, F), (B, S)."""
        real = _real(lengths, x)
        x = x[..., : self.spectra]
        h, layers = self.voice_in(masked(x.transpose(1, 2), real)), []
        for block in self.voice:
            h = block(h, real)
            layers.append(h)
        heard = torch.cat(layers, 1) if self.config.all_layers else h
        joined = functional.leaky_relu(self.joined(heard), sequence.SLOPE)
        return self.static_head(self.pool(joined, real))

    def static_mean(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Posterior means (B, S), without a look at the words."""
        return self.encode_static(x, lengths).mean

    def encode(
        self, x: Tensor, lengths: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Posterior:
        """q(s, z | x) of segments (B, T, F), both read from them; without a generator the "samples" are the means."""
        static, codes = self.encode_static(x, lengths), self.encode_dynamic(x, lengths)
        if self.quantiser is not None:
            rounded = self.quantiser.rounded(codes.mean)
            codes = Gaussian(rounded, torch.full_like(rounded, -torch.inf))  # as good as certain
        s, z = static.mean, codes.mean
        if generator is not None:
            s, z = static.sample(generator), codes.sample(generator)
        dynamic = Gaussian(*(held(p, self.stride, x.shape[1]) for p in codes))
        return Posterior(static, dynamic, s, held(z, self.stride, x.shape[1]))

    def decode(self, static: Tensor, dynamic: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """p(x | s, z) with unit variance, over normalised frames (B, T, F); none past `lengths` (B,) is heard.

        Of the frames of z (B, T, Z) that share a code, the first one's is read.
        """
        real = _real(lengths, dynamic)
        codes = masked(dynamic.transpose(1, 2), real)[..., :: self.stride]  # (B, Z, C)
        h = spread(self.codes_in(codes), self.stride, dynamic.shape[1]) + self.static_in(static)[..., None]
        for block in self.decoder:
            h = block(h, real, static)
        mean = self.frame(h).transpose(1, 2)
        return Gaussian(mean, torch.zeros_like(mean))

    def prior(self, dynamic: Tensor) -> Gaussian | Choice | None:
        """p(z_t | z_<t) for codes z (B, C, Z); None stands for N(0, I), or for all codes of a book alike."""
        if self.config.prior == "normal":
            return None
        return self._next(sequence.run(self.prior_rnn, sequence.delayed(dynamic))[0])

    def _next(self, hidden: Tensor) -> Gaussian | Choice:
        """p(z_t | z_<t) by what the prior's LSTM makes of the past, (..., H)."""
        found = self.prior_head(hidden)
        return found if self.quantiser is None else Choice(found, self.quantiser.book)

    def sample_prior(self, segments: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """New (static (B, S), dynamic (B, T, Z)) from p(s) and p(z)."""
        device, config = self.frame.weight.device, self.config
        static = torch.randn(segments, config.static_size, generator=generator, device=device)
        count = -(-frames // self.stride)
        if config.prior == "learnt":
            codes = sequence.ancestral(self.prior_rnn, self._next, segments, count, generator)
        elif self.quantiser is None:
            codes = torch.randn((segments, count, config.dynamic_size), generator=generator, device=device)
        else:
            alike = torch.zeros(segments, count, config.quantise, device=device)
            codes = Choice(alike, self.quantiser.book).sample(generator)
        return static, held(codes, self.stride, frames)

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats per whole segment, and their weighted sum "loss".

        Views that a batch lacks are the segment's own; its lengths are not read.
        """
        config = self.config
        heard = batch.x if batch.twin is None or not config.twin else batch.twin
        elsewhere = batch.x if batch.static_view is None else batch.static_view
        dynamic, own = self.encode_dynamic(heard), self.encode_static(batch.x)
        other = self.encode_static(elsewhere, self._lengths(elsewhere, generator))
        drawn = torch.rand(len(own.mean), 1, generator=generator, device=batch.x.device) < config.own_static
        static = Gaussian(*(torch.where(drawn, a, b) for a, b in zip(own, other, strict=True)))
        s, frames, x = static.sample(generator), batch.x.shape[1], batch.x[..., : self.spectra]
        z, costs = self._coded(dynamic, generator)
        said = self.decode(s, held(z, self.stride, frames))
        terms = {
            "reconstruction": unit_nats(said.mean, x),
            "kl_static": static.kl().sum(-1).mean(),
            **costs,
        }
        if config.contrast_static:
            terms["contrast_static"] = -contrastive_information(other.mean, own.mean, config.temperature)
        if config.consistency:
            terms["consistency"] = dynamic.kl(self.encode_dynamic(batch.x)).sum((1, 2)).mean()
        if config.ctc:
            terms["ctc"] = self._unsaid(batch, generator)
        return weighted(terms, config, self.rate, frames)

    def _unsaid(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """-log P(what is said | z) of whole utterances, nats for as many frames as a segment has; 0 without any."""
        spoken = batch.spoken
        if spoken is None:
            return batch.x.new_zeros(())
        q = self.encode_dynamic(spoken.x, spoken.lengths)
        z = q.sample(generator) if self.quantiser is None else self.quantiser.through(q.mean)
        scores = self.units(z).float().log_softmax(-1)
        count = (spoken.lengths + self.stride - 1) // self.stride  # codes of each
        nats = ctc.nats(scores, count, spoken.said, spoken.sizes)
        return (nats / spoken.lengths).mean() * batch.x.shape[1]

    def _coded(self, q: Gaussian, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """Codes (B, C, Z) by what `encode_dynamic` gives, and the terms of what they cost."""
        if self.quantiser is None:
            z = q.sample(generator)
            ahead = self.prior(z)
            assert not isinstance(ahead, Choice)
            return z, {"kl_dynamic": q.kl(ahead).sum((1, 2)).mean()}
        found = self.quantiser(q.mean, generator)
        choice = self.prior(found.codes.detach())
        alike = torch.full_like(found.distance, math.log(self.config.quantise))
        nats = choice.nats(found.number) if isinstance(choice, Choice) else alike
        return found.codes, {"kl_dynamic": nats.sum(1).mean(), "commitment": found.distance.sum(1).mean()}

    def _lengths(self, x: Tensor, generator: torch.Generator) -> Tensor | None:
        """How many of its first frames each static view (B, T, F) is cut to, (B,); None for all of them."""
        shortest = self.config.static_shortest
        if shortest == 1:
            return None
        share = shortest + (1 - shortest) * torch.rand(len(x), generator=generator, device=x.device)
        return (share * x.shape[1]).long().clamp_min(1)

    def embed(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Posterior means of segments (B, T, F): static (B, S), dynamic (B, T, Z)."""
        return self.static_mean(x, lengths), self.dynamic_mean(x, lengths)

    def dynamic_mean(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Posterior means (B, T, Z), without a look at the voice."""
        codes = self.encode_dynamic(x, lengths).mean
        codes = codes if self.quantiser is None else self.quantiser.rounded(codes)
        return held(codes, self.stride, x.shape[1]) * sequence.mask(lengths, x)


def _real(lengths: Tensor | None, x: Tensor) -> Tensor:
    """1 for frames that count, (B, 1, T), or a scalar 1 where all do."""
    mask = sequence.mask(lengths, x)
    return mask.transpose(1, 2) if mask.ndim else mask
