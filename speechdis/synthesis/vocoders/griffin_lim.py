"""Griffin-Lim: the magnitude that frames imply, and phases that agree with it; the one that needs frames alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from speechdis.features import FeatureSettings, fbank
from speechdis.features.framing import SCALE
from speechdis.synthesis.words import Words


def at_pitch(words: Words, settings: Mapping[str, Any], shift: float) -> np.ndarray:
    """The words' recording (n,) as it is: pitch will be that of the frames."""
    return words.wave


def render(frames: np.ndarray, words: Words, settings: Mapping[str, Any]) -> np.ndarray:
    """Waveform (n,) as long as the words' recording, of which it takes nothing else."""
    wave = griffin_lim(frames, settings)
    return np.pad(wave, (0, max(0, len(words.wave) - len(wave))))[: len(words.wave)].astype(np.float32)


def magnitude(frames: np.ndarray, settings: Mapping[str, Any]) -> Tensor:
    """Linear magnitude spectrum (bins, T) that log frames (T, F) imply, pre-emphasis undone.

    FBank: the mel bank's pseudo-inverse on the power spectrum, negative powers set to zero. Spectrogram: the
    stored bins, with an empty bin 0.
    """
    config = settings["config"]
    x = torch.from_numpy(np.asarray(frames, np.float64))
    if settings["type"] == "spectrogram":
        linear = torch.nn.functional.pad(x.exp().T, (0, 0, 1, 0))
    else:
        bank, _ = fbank.mel_bank(fbank.Config(**config))
        power = torch.linalg.pinv(torch.from_numpy(bank.T).double()) @ x.exp().T
        linear = power.clamp(min=0).sqrt()
    angle = torch.linspace(0, torch.pi, len(linear), dtype=torch.float64)
    response = (1 - config["preemphasis"] * torch.exp(-1j * angle)).abs()
    return (linear / response[:, None]).float() / SCALE


def griffin_lim(
    frames: np.ndarray, settings: Mapping[str, Any], iterations: int = 64, seed: int = 0
) -> np.ndarray:
    """Waveform (n,) in [-1, 1] of log frames (T, F), as long as the recording that gave T frames.

    Fast Griffin-Lim (Perraudin et al. 2013, momentum 0.99), by torchaudio.

    Args:
        settings: of the frame store: type and config.
        iterations: of Griffin-Lim.
        seed: of the first phases.
    """
    from torchaudio.functional import griffinlim

    window, hop = FeatureSettings.of(settings).samples
    # Frames are centred here and begin at their first sample in Kaldi: half a window is missing at both ends.
    beyond = 1 + window // (2 * hop)
    spectrum = magnitude(np.pad(frames, ((beyond, beyond), (0, 0)), "edge"), settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        wave = griffinlim(
            spectrum,
            window=torch.hann_window(window),
            n_fft=2 * (len(spectrum) - 1),
            hop_length=hop,
            win_length=window,
            power=1.0,
            n_iter=iterations,
            momentum=0.99,
            length=(spectrum.shape[1] - 1) * hop,
            rand_init=True,
        )
    start = beyond * hop - window // 2
    return np.clip(wave.numpy()[start : start + (len(frames) - 1) * hop + window], -1, 1)
