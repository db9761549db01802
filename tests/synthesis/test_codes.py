"""Recordings to codes and back, against the model on each recording alone."""

import numpy as np
import pytest
import torch

from speechdis.models import revoice
from speechdis.synthesis import codes
from speechdis.training.checkpoint import Checkpoint

BINS, SEGMENT = 6, 20


def checkpoint() -> Checkpoint:
    torch.manual_seed(0)
    config = revoice.Config(static_size=3, dynamic_size=2, content_channels=8, voice_channels=6, layers=2)
    model = revoice.Model(BINS, config).eval()
    mean, std = np.linspace(-1, 1, BINS, dtype=np.float32), np.full(BINS, 2, np.float32)
    return Checkpoint(model, "revoice", {"type": "fbank"}, SEGMENT, mean, std, step=0)


@pytest.mark.parametrize("frames", [1, 7, SEGMENT - 1, SEGMENT])
def test_a_recording_under_a_segment_is_decoded_as_it_is_without_padding(frames: int) -> None:
    """Its decoder is a stack of convolutions, which would else hear the padding at the end."""
    told = checkpoint()
    log = np.random.default_rng(0).normal(size=(frames, BINS)).astype(np.float32)
    found = codes.encode(told, log)
    with torch.no_grad():
        s, z = told.model.embed(torch.from_numpy((log - told.mean) / told.std)[None])
        alone = told.model.decode(s, z).mean[0].numpy() * told.std + told.mean
    np.testing.assert_allclose(codes.decode(told, found.static, found), alone, rtol=1e-4, atol=1e-4)
