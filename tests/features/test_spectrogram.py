"""Log magnitudes against a frame-by-frame transcription of their definition, in double precision."""

import numpy as np
import pytest

from speechdis.errors import InputError
from speechdis.features import settings_of, spectrogram

CONFIG = spectrogram.Config()


def by_definition(wave: np.ndarray) -> np.ndarray:
    frames = []
    for start in range(0, len(wave) - 400 + 1, 160):
        x = wave[start : start + 400].astype(np.float64) * 32768
        x = x - x.mean()
        x = np.concatenate([[0.03 * x[0]], x[1:] - 0.97 * x[:-1]]) * np.hanning(400) ** 0.85
        frames.append(np.log(np.maximum(np.abs(np.fft.rfft(x)[1:]), np.sqrt(np.finfo(np.float32).eps))))
    return np.array(frames)


def test_equals_its_definition() -> None:
    wave = (np.random.default_rng(0).standard_normal(16000) * 0.1).astype(np.float32)
    ours = spectrogram.extract(wave, CONFIG)
    assert ours.shape == (98, 200)
    np.testing.assert_allclose(ours, by_definition(wave), atol=1e-3)


@pytest.mark.parametrize("frequency", [40, 1000, 4000, 7960])
def test_a_tone_peaks_at_its_bin(frequency: int) -> None:
    wave = np.sin(2 * np.pi * frequency * np.arange(4000) / 16000).astype(np.float32)
    peaks = spectrogram.extract(wave, CONFIG).argmax(1)
    assert (spectrogram.bins(CONFIG).frequencies[peaks] == frequency).all()


def test_equals_torchaudio() -> None:
    torch = pytest.importorskip("torch")
    compliance = pytest.importorskip("torchaudio.compliance.kaldi")
    wave = (np.random.default_rng(1).standard_normal(8000) * 0.1).astype(np.float32)
    theirs = compliance.spectrogram(torch.from_numpy(wave)[None] * 32768, round_to_power_of_two=False)
    np.testing.assert_allclose(spectrogram.extract(wave, CONFIG), theirs.numpy()[:, 1:] / 2, atol=2e-3)


@pytest.mark.parametrize("rate", [11025, 22050])
def test_a_window_that_no_fft_of_its_length_takes_is_named(rate: int) -> None:
    with pytest.raises(InputError, match="samples, which must be even"):
        settings_of("spectrogram", rate=rate)
