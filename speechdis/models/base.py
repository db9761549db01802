"""The model contract: what a model takes and gives. Training, measuring and swapping know nothing else about one.

A model file has a frozen dataclass `Config` and a class `Model(bins, config)` of one of five kinds:

    StaticDynamicModel   one static vector a segment, one dynamic vector a frame     dsvae, fhvae, revoice, ...
    GeneratorModel       both vectors, but drawn alone: it reads no sequence          mocogan
    SequenceModel        no static factor: each frame follows from the past ones     vrnn, avrnn
    PairedModel          samples that are each seen in several modalities            pvae, jmvae, vae
    VocoderModel         frames to the waveform they are of                          vocos

A member marked abstract has to be written, and a class that lacks one cannot be made. Every other one has its default
here. `docs/pages/contract.md` lists them all.

Dimension letters: B segments, T frames, F features, S and Z sizes of the static and dynamic factor.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from speechdis.errors import InputError
from speechdis.nn.gaussian import Gaussian
from speechdis.nn.modality import View
from speechdis.nn.rate import Rate


@dataclass(frozen=True)
class Spoken:
    """Whole utterances and what is said in them, on the device.

    Attributes:
        x: normalised frames (B, T, F), in the voice that the words are read from; zero past an utterance's end.
        lengths: frames of each (B,).
        said: classes (B, L) of what is said, zero past its end; see `nn/ctc.py`.
        sizes: how many each has (B,).
    """

    x: Tensor
    lengths: Tensor
    said: Tensor
    sizes: Tensor


@dataclass(frozen=True)
class Batch:
    """A batch of segments, normalised, on the device.

    Attributes:
        x: frames (B, T, F), with content frames, if there are any, in the last columns; the voice's view has none.
        lengths: frames that count (B,), or None where all do.
        twin: the same frames in another voice (B, T, F), or None: the motion augmentation.
        static_view: what keeps the voice alone (B, T, F), or None: the frames in another order, or another segment of
            the utterance: the content augmentation.
        population: number of segments in the training set, N of the MWS estimators.
        utterance: which utterance a segment is of (B,), counted among those segments are drawn from.
        segments: number of non-overlapping whole segments of that utterance (B,).
        spoken: whole utterances with their transcripts, for a model that learns from these; or None.
    """

    x: Tensor
    lengths: Tensor | None = None
    twin: Tensor | None = None
    static_view: Tensor | None = None
    population: int = 1
    utterance: Tensor | None = None
    segments: Tensor | None = None
    spoken: Spoken | None = None


@dataclass(frozen=True)
class Pairs:
    """A batch of samples, each seen in several modalities, on the device.

    Attributes:
        views: B samples in each modality, by its name.
    """

    views: dict[str, View]


@dataclass(frozen=True)
class Sound:
    """A batch of segments and what they sound like, on the device.

    Attributes:
        x: normalised frames (B, T, F), of the recording or as a model decodes them.
        wave: the recording's samples (B, n) that T frames cover, in [-1, 1].
    """

    x: Tensor
    wave: Tensor


class Posterior(NamedTuple):
    """q(s, z | x) and one sample of it (its means, where no generator was given)."""

    static: Gaussian  # (B, S)
    dynamic: Gaussian  # (B, T, Z)
    static_sample: Tensor
    dynamic_sample: Tensor


Loss = Callable[[Any, torch.Generator], dict[str, Tensor]]
Optimiser = Callable[..., torch.optim.Optimizer]
ADAM: Optimiser = partial(torch.optim.Adam, fused=True)


@dataclass(frozen=True)
class Phase:
    """A part of every training step: one optimiser lowers one term by moving some of the parameters.

    Attributes:
        parameters: what moves; gradients are computed for these alone.
        terms: named terms of a batch; the phase draws its own.
        minimised: which of them is lowered. All are logged, so no two phases give a term of the same name, and one
            gives "loss".
        optimiser: called with the parameters and `lr`.
        learning_rate: None for the recipe's; the recipe's schedule scales either.
        repeats: optimiser steps a training step.
        weight_limit: after each of them every weight is clamped to +- this (a Wasserstein critic); 0 for none.
    """

    parameters: list[nn.Parameter]
    terms: Loss
    minimised: str = "loss"
    optimiser: Optimiser = ADAM
    learning_rate: float | None = None
    repeats: int = 1
    weight_limit: float = 0.0


class Settings(Protocol):
    """What is known of every model's `Config`, a frozen dataclass; the weight of a term is the field of its name."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def hidden_size(self) -> int:
        """Width of the hidden layers: training counts one of them before it asks for memory."""


class Model(nn.Module, ABC):
    """What training needs of a model of any kind.

    Attributes:
        config: its `Config`, set by the constructor; a model declares it anew with its own class.
    """

    config: Settings

    @abstractmethod
    def loss(self, batch: Any, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms in nats a segment, and their weighted sum "loss" (see `weighted`).

        Args:
            batch: a `Batch`; of a PairedModel `Pairs`, of a VocoderModel a `Sound`.
            generator: of all noise that is drawn.
        """

    def validation_terms(self, batch: Any, generator: torch.Generator) -> dict[str, Tensor]:
        """What a look at the validation speakers shows; its "loss" chooses the best checkpoint. Default: the loss."""
        return self.loss(batch, generator)

    @classmethod
    def with_content(cls, config: Any, columns: int) -> Any:
        """`config` of a model that reads frames whose last `columns` are content.

        Raises:
            InputError: it reads none, as by default.
        """
        if columns:
            raise InputError("this model reads no content frames; revoice does. Give stores without")
        return config

    @property
    def label(self) -> str | None:
        """What every table says of it, for it was given more than speech ("supervised"). Default: nothing."""
        return None

    def phases(self) -> list[Phase]:
        """The parts of a training step. Default: Adam lowers "loss" by all parameters. See rwae.py for an adversary."""
        return [Phase(list(self.parameters()), self.loss)]

    def kept(self) -> dict[str, Tensor]:
        """Weights that a checkpoint holds: those of a model as it is constructed. Default: all."""
        return self.state_dict()

    def begin_pass(self, batches: Iterable[Any]) -> list[nn.Parameter]:
        """Set parameters from `batches`, all segments of the utterances of a new pass; returns them. Default: none.

        A pass goes over `training.utterances` utterances. See `fhvae.py`, which has a row for each.
        """
        return []

    def begin_look(self, batches: Iterable[Any]) -> None:
        """Take what a look needs from `batches`, all segments of the validation speakers. Default: nothing."""
        return


class SegmentModel(Model):
    """What is common to the two kinds that read segments of speech, `Batch`es.

    Attributes:
        shrinkage: an utterance's static vector is the sum over its M segments, divided by M + shrinkage (FHVAE).
        static_frames: an utterance's static vector is read from so many frames at a time; 0: from segments (Revoice).
        dynamic_of_segment: all frames of a segment have the same dynamic vector (FHVAE).
    """

    shrinkage: float = 0
    static_frames: int = 0
    dynamic_of_segment: bool = False

    @classmethod
    def for_utterances(cls, config: Any, count: int) -> Any:
        """`config` of a model that is trained on `count` utterances a pass. Default: as it is."""
        return config

    @property
    def reads_twins(self) -> str | None:
        """The setting without which it needs voice-converted twins, "contrast=0". Default None: it needs none."""
        return None

    @classmethod
    def reads_transcripts(cls, config: Any) -> bool:
        """Whether the loss of a model with `config` learns from what is said. Default: not."""
        return False

    def learn_units(self, classes: int) -> None:
        """Make what tells `classes` of units and the blank apart, which no checkpoint keeps. Default: nothing."""
        return

    @abstractmethod
    def embed(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Posterior means of segments (B, T, F): static (B, S), dynamic (B, T, Z).

        Args:
            x: normalised frames.
            lengths: (B,) frames that count; None: all. A segment's codes do not hear what is past its end.
        """

    @abstractmethod
    def decode(self, static: Tensor, dynamic: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """p(x | s, z) over normalised frames (B, T, F), of static (B, S) and dynamic (B, T, Z).

        No frame of a segment hears what is past its end, `lengths` (B,).
        """

    def static_mean(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The static means of `embed` alone, (B, S), of `static_frames` frames at a time. Default: by `embed`."""
        return self.embed(x, lengths)[0]

    def dynamic_mean(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The dynamic means of `embed` alone, (B, T, Z). Default: by `embed`."""
        return self.embed(x, lengths)[1]


class StaticDynamicModel(SegmentModel):
    """A static vector a segment (the voice) and a dynamic vector a frame (the words): Li & Mandt 2018 and after."""

    @abstractmethod
    def encode(
        self, x: Tensor, lengths: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Posterior:
        """q(s, z | x) of segments (B, T, F), and a sample of both; the means without a generator."""

    @abstractmethod
    def sample_prior(self, segments: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """New codes from the prior: static (B, S), dynamic (B, T, Z)."""

    def embed(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Posterior means of segments (B, T, F): static (B, S), dynamic (B, T, Z). Default: those of `encode`."""
        posterior = self.encode(x, lengths)
        return posterior.static.mean, posterior.dynamic.mean

    def transfer(self, static: Tensor, voice: Tensor) -> Tensor:
        """What to decode M segments with in the voice of M' others, (M, S). Default: the others' mean.

        Args:
            static: their own static vectors (M, S).
            voice: those of the others (M', S).
        """
        return voice.mean(0).expand_as(static)


class GeneratorModel(Model):
    """Draws sequences and reads none: a static and a dynamic vector, but no encoder (MoCoGAN, Tulyakov et al. 2018)."""

    @abstractmethod
    def sample_prior(self, segments: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """New codes: static (B, S), dynamic (B, T, Z)."""

    @abstractmethod
    def decode(self, static: Tensor, dynamic: Tensor, lengths: Tensor | None = None) -> Gaussian:
        """p(x | s, z) over normalised frames (B, T, F), of static (B, S) and dynamic (B, T, Z)."""


class SequenceModel(SegmentModel):
    """No static factor: every frame is made from those before it, and a latent vector (VRNN, Chung et al. 2015).

    The static vector of `embed` is a summary, and `decode` does not read it. The loss gives "reconstruction" and
    "kl_dynamic".
    """

    @abstractmethod
    def reconstruct(self, x: Tensor) -> Tensor:
        """Expected frames of segments (B, T, F), each given the true ones before it."""

    @abstractmethod
    def generate(
        self, segments: int, frames: int, generator: torch.Generator, prompt: Tensor | None = None
    ) -> Tensor:
        """New frames (B, T, F), each drawn given those before it, which begin with `prompt` (B, T', F)."""

    @abstractmethod
    def log_weights(
        self, x: Tensor, lengths: Tensor | None, samples: int, generator: torch.Generator
    ) -> Tensor:
        """log p(x, z) - log q(z | x) of K draws of z for each segment (B, T, F), (K, B), in nats."""

    def adversarial_loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """ "adversarial": how far a critic tells posterior from prior. Default: nothing, for there is no critic."""
        return {}


class PairedModel(Model):
    """A code for samples that are each seen in several modalities, read from any one of them (Hsu & Glass 2018).

    A modality's name is its kind, "speech" or "image", and a number where a sample has several of a kind.
    """

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The modalities that it reads."""

    @abstractmethod
    def infer(self, name: str, view: View) -> dict[str, Gaussian]:
        """The posterior (B, D) of each of its codes, by name, of samples seen in modality `name` alone."""

    @abstractmethod
    def generate(self, name: str, codes: dict[str, Tensor], lengths: Tensor | None = None) -> Tensor:
        """Mean samples in modality `name` of codes (B, D) named as by `infer`; speech has `lengths` (B,) frames."""

    @abstractmethod
    def frames(self, name: str, codes: dict[str, Tensor]) -> Tensor:
        """The likeliest number of frames (B,) of speech with these codes."""


class VocoderModel(Model):
    """Frames to a waveform: it has no codes. Its losses are distances, not nats a segment."""

    @property
    @abstractmethod
    def framing(self) -> tuple[int, int, int]:
        """Rate (Hz), window and hop (samples) of the frames that it speaks."""

    @abstractmethod
    def speak(self, x: Tensor) -> Tensor:
        """Waveforms (B, (T - 1) hop + window) in about [-1, 1] of normalised frames (B, T, F)."""


def weighted(
    terms: Mapping[str, Tensor], config: Any, rate: Rate | None = None, frames: float | Tensor = 1
) -> dict[str, Tensor]:
    """`terms` with "loss" added: "reconstruction" plus every other term times the config field of its name.

    A `rate` weighs "kl_dynamic", of segments of so many `frames`, instead; its target is taken off, and "rate", nats a
    frame, and "weight_dynamic" are added.
    """
    told: dict[str, Tensor] = {}

    def weigh(name: str, term: Tensor) -> Tensor:
        if rate is None or name != "kl_dynamic":
            weight: float = getattr(config, name)  # a dataclass's field, by name
            return weight * term
        told["rate"] = term / frames
        held, told["weight_dynamic"] = rate(told["rate"])
        return held * frames

    rest = sum(weigh(name, term) for name, term in terms.items() if name != "reconstruction")
    return {**terms, **told, "loss": torch.as_tensor(terms["reconstruction"] + rest)}
