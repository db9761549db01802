"""New voices, new words, and voices between two others."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from speechdis.synthesis import codes, vocoders
from speechdis.synthesis.blocks import render
from speechdis.synthesis.content import Content, at_pitch
from speechdis.synthesis.conversion import synthesise, unclipped
from speechdis.synthesis.manner import Manner
from speechdis.synthesis.residual import mixed, weighted_mean
from speechdis.synthesis.voices import Voice
from speechdis.synthesis.words import Words
from speechdis.training.checkpoint import Checkpoint

PITCHES = (np.log(95.0), np.log(230.0))  # mean log F0 of drawn voices, from a low man's to a high woman's


def with_new_voice(
    checkpoint: Checkpoint,
    content: Content,
    generator: torch.Generator,
    vocoder: str = vocoders.DEFAULT,
) -> np.ndarray:
    """Waveform (n,) of the words of `content` in a voice drawn from the model's prior of static vectors.

    The pitch stays that of the words: no code says it. (FHVAE's z2 counts as one segment of a new speaker.)
    """
    drawn, _ = codes.check(checkpoint).sample_prior(1, 1, generator)
    moved = at_pitch(checkpoint, content, vocoder=vocoder)
    return synthesise(
        checkpoint,
        moved,
        codes.transfer_static(checkpoint, moved.codes.static, drawn),
        manner=Manner(vocoder),
    )


def nobodys_voice(checkpoint: Checkpoint, known: Sequence[Voice], generator: torch.Generator) -> Voice:
    """A voice that is nobody's: mixed of `known` ones, or, of none, drawn from the prior with a level of pitch.

    The weights of a mixture are uniform over all that sum to 1 (Dirichlet).
    """
    device = generator.device
    if not known:
        static, _ = codes.check(checkpoint).sample_prior(1, 1, generator)
        share = torch.rand((), generator=generator, device=device).item()
        return Voice(static, PITCHES[0] + share * (PITCHES[1] - PITCHES[0]), None)
    drawn = -torch.rand(len(known), generator=generator, device=device).clamp_min(1e-9).log()
    weight = drawn / drawn.sum()  # (V,)
    static = (weight[:, None] * torch.stack([voice.static.mean(0) for voice in known])).sum(0)  # (S,)
    parts = weight.cpu().numpy().astype(float)
    levels = np.array([voice.log_f0 for voice in known])
    residuals = [voice.residual for voice in known if voice.residual is not None]
    whole = len(residuals) == len(known)
    return Voice(
        static[None],
        float(weighted_mean(levels, parts)),
        mixed(residuals, parts.tolist()) if whole else None,
    )


def with_new_words(
    checkpoint: Checkpoint, voice: Voice, seconds: float, generator: torch.Generator
) -> np.ndarray:
    """Waveform of `seconds` in `voice`, its dynamic vectors drawn from the model's prior, by Griffin-Lim.

    No recording gives it phases.
    """
    cut = checkpoint.settings
    count = max(1, round((seconds - cut.window) / cut.hop) + 1)
    frames = new_words(checkpoint, voice.static, count, generator)
    silence = Words(np.zeros(round(seconds * cut.rate), np.float32), frames, cut.rate)
    wave = render(vocoders.load("griffin-lim"), frames, silence, checkpoint.features)
    return unclipped(wave)


@torch.no_grad()
def new_words(checkpoint: Checkpoint, static: Tensor, frames: int, generator: torch.Generator) -> np.ndarray:
    """Log frames (T, F) in the voice of static vectors (M, S), dynamic vectors drawn from the prior.

    Segments are drawn one by one, as long as in training, and laid end to end.
    """
    model, segments = codes.check(checkpoint), -(-frames // checkpoint.segment)
    _, dynamic = model.sample_prior(segments, checkpoint.segment, generator)
    own = static[torch.arange(segments, device=static.device) % len(static)]
    mean = model.decode(codes.transfer_static(checkpoint, own, static), dynamic).mean.flatten(0, 1)
    return checkpoint.restored(mean[:frames].cpu().numpy())


def between(
    checkpoint: Checkpoint,
    content: Content,
    one: Voice,
    other: Voice,
    weight: float,
    vocoder: str = vocoders.DEFAULT,
) -> np.ndarray:
    """Waveform (n,) of the words of `content` in the voice at `weight` on the way from `one` (0) to `other` (1).

    Static vectors, means of log F0 and residuals are interpolated linearly.
    """
    moved = at_pitch(checkpoint, content, one.log_f0 + weight * (other.log_f0 - one.log_f0), vocoder)
    first, second = (
        codes.transfer_static(checkpoint, moved.codes.static, voice.static) for voice in (one, other)
    )
    assert one.residual is not None and other.residual is not None, "voices of recordings have one"
    residual = mixed([one.residual, other.residual], [1 - weight, weight])
    return synthesise(checkpoint, moved, torch.lerp(first, second, weight), residual, Manner(vocoder))
