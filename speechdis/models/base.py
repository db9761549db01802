"""What every sequence model takes and gives; training, scoring and swapping know nothing else about one.

A model file has a frozen dataclass `Config` (every number a recipe may set; the weight of a loss term is the
field of the term's name) and `Model(bins, config)`, an `nn.Module` with

    encode(x, lengths=None, generator=None) -> Posterior
    decode(static, dynamic, lengths=None) -> Gaussian over x; a segment's frames do not hear what is past its end
    loss(batch, generator) -> named terms in nats per segment, and their weighted sum "loss"
    embed(x, lengths=None) -> (static (B, S), dynamic (B, T, Z)), posterior means

A model that trains in phases (an adversary, say) also gives

    phases() -> list of Phase

One whose looks at the validation speakers show more than its loss gives

    look(batch, generator) -> the terms of its loss, and more

One without a static factor, whose frames are made from its own past ones (VRNN), says so in `autoregressive`: its
`embed` gives a summary as the static vector, its `decode` reads the dynamic one alone, it has no `encode`, and it gives

    reconstruct(x) -> expected frames (B, T, F) given the true past
    generate(segments, frames, generator, prompt=None) -> new frames (B, T, F)
    log_weights(x, lengths, samples, generator) -> (K, B), of an importance-weighted bound

One that cannot train without voice-converted twins says in `reads_twins` by which setting it can ("contrast=0").

One that holds a parameter with a row for each utterance also has a field `rows` in its Config, which training sets,
and gives

    begin_pass(batches) -> the parameters that it set from all segments of the utterances of a new pass

One whose looks at the validation speakers need all segments of an utterance, not those of one batch, gives

    begin_look(batches): what it takes from all segments of all their utterances, before the first batch of a look

One whose static vector is not simply the mean over an utterance's segments also has

    shrinkage: the vector is the sum over M segments, divided by M + shrinkage
    transfer(static (M, S), voice (M', S)) -> (M, S), what to decode M segments with in the voice of M' others

One that reads the voice of an utterance from more frames at a time than a segment has also has

    static_frames: how many
    encode_static(x, lengths=None) -> Gaussian of the static factor, (B, S)

One whose dynamic vector is one of a whole segment, the same at all its frames, says so in `dynamic_of_segment`.

A model of paired modalities says so in `reads_pairs`. Its batches are `Pairs`; for encode, decode and
embed it gives

    infer(name, view) -> the posterior of each of its codes, by name, of samples seen in modality `name` alone
    generate(name, codes, lengths=None) -> mean samples of modality `name`; speech has `lengths` frames
    frames(name, codes) -> the likeliest of those lengths

Dimension letters: B segments, T frames, F features, S and Z sizes of the static and dynamic factor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from speechdis.nn.gaussian import Gaussian
from speechdis.nn.modality import View


@dataclass(frozen=True)
class Batch:
    """A batch of segments, normalised, on the device.

    Attributes:
        x: frames (B, T, F).
        lengths: frames that count (B,), or None where all do.
        twin: the same frames in another voice (B, T, F), or None: the motion augmentation.
        shuffled: a view that keeps the voice only, (B, T, F), or None: the content augmentation.
        population: number of segments in the training set, N of the MWS estimators.
        utterance: which utterance a segment is of (B,), counted among those segments are drawn from.
        segments: number of non-overlapping whole segments of that utterance (B,).
    """

    x: Tensor
    lengths: Tensor | None = None
    twin: Tensor | None = None
    shuffled: Tensor | None = None
    population: int = 1
    utterance: Tensor | None = None
    segments: Tensor | None = None


@dataclass(frozen=True)
class Pairs:
    """A batch of samples, each seen in several modalities, on the device.

    Attributes:
        views: B samples in each modality, by its name.
    """

    views: dict[str, View]


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


def phases_of(model: Any) -> list[Phase]:
    """The phases of `model`; of one that names none, Adam on all parameters and "loss"."""
    return model.phases() if hasattr(model, "phases") else [Phase(list(model.parameters()), model.loss)]


def weighted(terms: Mapping[str, Tensor], config: Any) -> dict[str, Tensor]:
    """`terms` with "loss" added: "reconstruction" plus every other term times the config field of its name."""
    loss = terms["reconstruction"] + sum(
        getattr(config, name) * term for name, term in terms.items() if name != "reconstruction"
    )
    return {**terms, "loss": torch.as_tensor(loss)}
