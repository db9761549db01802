"""Swapping: each model's own way to another voice, and segment by segment as in training."""

from typing import Any

import numpy as np
import pytest
import torch

from speechdis import models
from speechdis.synthesis.swap import swapped_frames
from speechdis.training.checkpoint import Checkpoint

SEGMENT, BINS = 8, 6
RNG = np.random.default_rng(0)
VOICE, WORDS = (RNG.normal(size=(n, BINS)).astype(np.float32) for n in (20, 29))


def trained(name: str, **settings: Any) -> Checkpoint:
    torch.manual_seed(0)
    config = models.load(name).Config(static_size=4, dynamic_size=3, hidden_size=7, **settings)
    mean, std = np.full(BINS, 0.5, np.float32), np.full(BINS, 2.0, np.float32)
    return Checkpoint(models.build(name, BINS, config).eval(), name, {}, SEGMENT, mean, std, 0)


def codes(checkpoint: Checkpoint, frames: np.ndarray) -> list[tuple[torch.Tensor, torch.Tensor]]:
    x = torch.from_numpy((frames - checkpoint.mean) / checkpoint.std)
    return [checkpoint.model.embed(part[None]) for part in x.split(SEGMENT)]


@torch.no_grad()
@pytest.mark.parametrize("name", ["dsvae", "fhvae"])
def test_a_swap_is_that_of_a_plain_loop(name: str) -> None:
    """DSVAE replaces s by the voice's mean; FHVAE shifts every z2 by the difference of the s-vectors."""
    checkpoint = trained(name)
    lent = torch.cat([s for s, _ in codes(checkpoint, VOICE)])
    own = torch.cat([s for s, _ in codes(checkpoint, WORDS)])
    shift = lent.sum(0) / (len(lent) + 0.25) - own.sum(0) / (len(own) + 0.25)
    parts = []
    for s, z in codes(checkpoint, WORDS):
        static = s + shift if name == "fhvae" else lent.mean(0, keepdim=True)
        parts.append(checkpoint.model.decode(static, z).mean[0].numpy())
    by_hand = np.concatenate(parts) * checkpoint.std + checkpoint.mean
    np.testing.assert_allclose(swapped_frames(checkpoint, VOICE, WORDS), by_hand, atol=1e-5)


@torch.no_grad()
def test_fhvae_in_its_own_voice_is_its_reconstruction() -> None:
    checkpoint = trained("fhvae")
    rebuilt = [checkpoint.model.decode(s, z).mean[0].numpy() for s, z in codes(checkpoint, WORDS)]
    by_hand = np.concatenate(rebuilt) * checkpoint.std + checkpoint.mean
    np.testing.assert_allclose(swapped_frames(checkpoint, WORDS, WORDS), by_hand, atol=1e-5)
