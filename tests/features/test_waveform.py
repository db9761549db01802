"""Waveform steps are the samples, and no spectra."""

from pathlib import Path

import numpy as np
import pytest
import torch

from speechdis import features
from speechdis.errors import InputError
from speechdis.features.store import write_store
from speechdis.training.batches import Batches
from speechdis.training.config import Training


def test_steps_put_together_are_the_recording() -> None:
    wave = np.random.default_rng(0).uniform(-1, 1, 1050).astype(np.float32)
    frames = features.extract(wave, features.settings_of("waveform"))
    assert frames.shape == (5, 200)
    np.testing.assert_array_equal(frames.ravel(), wave[:1000])


def test_another_rate_has_the_same_time_a_step() -> None:
    settings = features.settings_of("waveform", rate=8000)
    assert features.extract(np.zeros(1000, np.float32), settings).shape == (10, 100)


def test_channels_of_spectra_are_refused(tmp_path: Path) -> None:
    rows = [("u", "s", np.random.default_rng(0).normal(size=(30, 200)).astype(np.float32))]
    store = write_store(tmp_path / "x", rows, features.settings_of("waveform"))
    told = Training(batch=2, static_channel_db=3.0)
    with pytest.raises(InputError, match="not spectra"):
        Batches(store, None, told, store.mean, store.std, torch.device("cpu"))
