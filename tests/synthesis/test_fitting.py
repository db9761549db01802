"""Codes fitted to a recording: nearer to the mode of the posterior than the encoder's, each segment by itself."""

from dataclasses import fields

import numpy as np
import pytest
import torch
from torch import Tensor
from untrained import Untrained

from speechdis import models
from speechdis.models.base import StaticDynamicModel
from speechdis.synthesis import codes, fitting
from speechdis.training.checkpoint import Checkpoint

BINS, SEGMENT = 6, 12
NAMES = ("dsvae", "cdsvae", "fhvae", "s3vae", "rwae", "spyl", "dbse", "revoice")


def checkpoint(name: str) -> Checkpoint:
    torch.manual_seed(0)
    kind = models.load(name).Config
    small = {
        "static_size": 4,
        "dynamic_size": 3,
        "hidden_size": 8,
        "content_channels": 8,
        "voice_channels": 8,
    }
    config = kind(**{field.name: small[field.name] for field in fields(kind) if field.name in small})
    model = models.build(name, BINS, config).eval()
    return Checkpoint(model, name, {}, SEGMENT, np.zeros(BINS, np.float32), np.ones(BINS, np.float32), 0)


def frames(count: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, BINS)).astype(np.float32)


def nats(told: Checkpoint, log: np.ndarray, found: codes.Codes, static: Tensor, guess: codes.Codes) -> float:
    """What is to be least: the squared error of every segment, and how far the codes are from the guess, halved."""
    assert isinstance(told.model, StaticDynamicModel)
    x = torch.stack([torch.from_numpy(log[start : start + SEGMENT]) for start in found.starts])
    assert found.dynamic is not None and guess.dynamic is not None
    with torch.no_grad():
        error = (told.model.decode(static, found.dynamic).mean - x).square().sum()
    return float(error + (found.dynamic - guess.dynamic).square().sum()) / 2


@pytest.mark.parametrize("name", NAMES)
def test_every_model_s_codes_explain_more(name: str) -> None:
    told, log = checkpoint(name), frames()
    read = codes.encode(told, log)
    voice = codes.fitted_voice(told, log, read)
    theirs, own = (codes.transfer_static(told, one.static, one.static) for one in (read, voice))
    assert nats(told, log, voice, own, read) < nats(told, log, read, theirs, read)
    best = codes.fitted(told, log, voice, own)
    assert nats(told, log, best, own, read) < nats(told, log, voice, own, read)
    assert best.dynamic is not None and not best.dynamic.requires_grad
    assert all(p.grad is None for p in told.model.parameters())


def test_a_segment_is_fitted_as_if_it_were_alone() -> None:
    told, log = checkpoint("revoice"), frames()
    read = codes.encode(told, log)
    mean = codes.transfer_static(told, read.static, read.static)
    whole = codes.fitted(told, log, read, mean).dynamic
    assert whole is not None and read.dynamic is not None
    for k, start in enumerate(read.starts):
        one = codes.Codes(read.static[k : k + 1], read.dynamic[k : k + 1], np.zeros(1, np.int64), SEGMENT)
        alone = codes.fitted(told, log[start : start + SEGMENT], one, mean[k : k + 1]).dynamic
        torch.testing.assert_close(alone, whole[k : k + 1], rtol=1e-3, atol=1e-3)


def test_what_is_silent_need_not_be_explained() -> None:
    told, log = checkpoint("revoice"), frames()
    read = codes.encode(told, log)
    silent = np.zeros(log.shape, bool)
    silent[5:11] = True
    silent[:, 2] = True
    other = np.where(silent, -30, log).astype(np.float32)
    moved = []
    for heard in (log, other):
        voice = codes.fitted_voice(told, heard, read, silent)
        moved.append((voice.static, codes.fitted(told, heard, read, voice.static, silent).dynamic))
    torch.testing.assert_close(moved[0], moved[1])


class Linear(Untrained):
    """Its frames are a linear map of its codes."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.words, self.voice = (torch.randn(n, BINS, generator=generator) for n in (3, 2))

    def decode(
        self, static: Tensor, dynamic: Tensor, lengths: Tensor | None = None
    ) -> torch.distributions.Normal:
        return torch.distributions.Normal(dynamic @ self.words + (static @ self.voice)[:, None], 1.0)


def test_a_linear_decoder_has_the_codes_of_a_ridge_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "STEPS", 2000)
    monkeypatch.setattr(fitting, "RATE", 0.02)
    model, generator = Linear(), torch.Generator().manual_seed(1)
    x, guess = (torch.randn(4, SEGMENT, size, generator=generator) for size in (BINS, 3))
    static = torch.randn(4, 2, generator=generator)
    lack = x - model.decode(static, guess).mean
    step = fitting.dynamic(model, x, torch.ones(()), static, guess, None)
    w = model.words
    torch.testing.assert_close(step, lack @ w.T @ torch.inverse(w @ w.T + torch.eye(3)), atol=3e-3, rtol=1e-2)
    moved = fitting.static(model, x, torch.ones(()), static, guess, None)
    v = model.voice
    expected = lack.sum((0, 1)) @ v.T @ torch.inverse(4 * SEGMENT * v @ v.T + torch.eye(2))
    torch.testing.assert_close(moved[0], expected, atol=3e-3, rtol=1e-2)
