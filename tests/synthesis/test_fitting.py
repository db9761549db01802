"""Words fitted to a recording: they explain it better than the encoder's, each segment by itself."""

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
    mean = codes.transfer_static(told, read.static, read.static)
    best = codes.fitted(told, log, read, mean)
    assert nats(told, log, best, mean, read) < nats(told, log, read, mean, read)
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
    mean = codes.transfer_static(told, read.static, read.static)
    one, two = (codes.fitted(told, heard, read, mean, silent).dynamic for heard in (log, other))
    torch.testing.assert_close(one, two)


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
    step = fitting.fit(model, x, torch.ones(()), static, guess, None)
    w = model.words
    torch.testing.assert_close(step, lack @ w.T @ torch.inverse(w @ w.T + torch.eye(3)), atol=3e-3, rtol=1e-2)
