"""The voice of one recording on the words of another."""

import numpy as np
import torch

from speechdis.errors import InputError
from speechdis.features import extract
from speechdis.synthesis.vocoder import griffin_lim
from speechdis.training.checkpoint import Checkpoint


@torch.no_grad()
def swapped_frames(checkpoint: Checkpoint, voice: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Log frames (T, F) decoded from the mean static vector of `voice` and the dynamic vectors of `words`.

    A model may say otherwise how static vectors become another voice's (`transfer`). Each segment is decoded by itself,
    as in training.

    Args:
        voice: log frames (T', F) of the recording that lends its voice.
        words: log frames (T, F) of the recording whose words are kept.
    """
    model = checkpoint.model
    lent, _ = _codes(checkpoint, voice)
    own, dynamic = _codes(checkpoint, words)
    static = model.transfer(own, lent) if hasattr(model, "transfer") else lent.mean(0).expand_as(own)
    mean = model.decode(static, dynamic).mean.flatten(0, 1)
    return mean[: len(words)].cpu().numpy() * checkpoint.std + checkpoint.mean


def swap(checkpoint: Checkpoint, voice: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Waveform with the voice of `voice` and the words of `words`, as loud as `words`.

    Args:
        voice, words: waveforms in [-1, 1] at the model's sample rate.
    """
    settings = checkpoint.features
    frames = swapped_frames(checkpoint, extract(voice, settings), extract(words, settings))
    wave = griffin_lim(frames, settings)
    loudness = np.sqrt(np.square(words).mean() / max(np.square(wave).mean(), 1e-12))
    return np.clip(wave * loudness, -1, 1).astype(np.float32)


def _codes(checkpoint: Checkpoint, frames: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Posterior means of the consecutive segments of one recording: (M, S) and (M, T, Z)."""
    if not hasattr(checkpoint.model, "embed"):
        raise InputError(f"a '{checkpoint.name}' has no static and dynamic factors to swap")
    segment, count = checkpoint.segment, len(frames)
    pieces = -(-count // segment)
    x = np.zeros((pieces * segment, frames.shape[1]), np.float32)
    x[:count] = (frames - checkpoint.mean) / checkpoint.std
    lengths = torch.full((pieces,), segment)
    lengths[-1] = count - (pieces - 1) * segment
    device = next(checkpoint.model.parameters()).device
    return checkpoint.model.embed(
        torch.from_numpy(x).view(pieces, segment, -1).to(device),
        lengths.to(device) if pieces * segment != count else None,
    )
