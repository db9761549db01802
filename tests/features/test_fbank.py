"""Filterbanks are Kaldi's: held to Kaldi's own code and to torchaudio's port of it."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from speechdis.errors import InputError
from speechdis.features import fbank
from speechdis.features.framing import window_samples

CONFIG = fbank.Config()


def kaldi(wave: np.ndarray, config: fbank.Config = CONFIG) -> np.ndarray:
    """Kaldi's compute-fbank-feats, through its C++ code."""
    knf = pytest.importorskip("kaldi_native_fbank")
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.samp_freq = config.rate
    options.mel_opts.num_bins = config.bins
    computer = knf.OnlineFbank(options)
    computer.accept_waveform(config.rate, (wave * np.float32(32768)).tolist())
    computer.input_finished()
    return np.stack([computer.get_frame(t) for t in range(computer.num_frames_ready)])


def babble(seconds: float, rate: int = 16000) -> np.ndarray:
    """Noise with the spectrum and the loudness contour of speech, from loud to near silence."""
    rng = np.random.default_rng(0)
    n = round(seconds * rate)
    noise = np.convolve(rng.standard_normal(n), 0.9 ** np.arange(50), "same")
    return (noise * np.abs(np.sin(np.arange(n) * 9 / rate)) ** 4 * 0.05).astype(np.float32)


@pytest.mark.parametrize(("rate", "bins"), [(16000, 80), (16000, 40), (8000, 23), (22050, 64)])
def test_equals_kaldi(rate: int, bins: int) -> None:
    config = fbank.Config(rate=rate, bins=bins)
    ours, theirs = fbank.extract(babble(2, rate), config), kaldi(babble(2, rate), config)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).mean() < 1e-4


def test_equals_kaldi_on_speech(shared: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    files = sorted((shared / "speechocean762").rglob("*.flac"))[::400]
    for file in files:
        wave = soundfile.read(file, dtype="float32")[0]
        difference = np.abs(fbank.extract(wave, CONFIG) - kaldi(wave))
        assert difference.mean() < 1e-4, file


def test_equals_torchaudio() -> None:
    torch = pytest.importorskip("torch")
    compliance = pytest.importorskip("torchaudio.compliance.kaldi")
    wave = babble(1)
    theirs = compliance.fbank(torch.from_numpy(wave)[None] * 32768, num_mel_bins=80, dither=0.0)
    assert np.abs(fbank.extract(wave, CONFIG) - theirs.numpy()).mean() < 1e-5
    bank, centres = compliance.get_mel_banks(80, 512, 16000, 20.0, 0.0, 100.0, -500.0, 1.0)
    ours, frequencies = fbank.mel_bank(CONFIG)
    np.testing.assert_allclose(ours[:-1].T, bank.numpy(), atol=2e-5)
    np.testing.assert_allclose(frequencies, centres.flatten().numpy(), rtol=1e-5)


def test_filters_share_the_band_between_them() -> None:
    bank, centres = fbank.mel_bank(CONFIG)
    frequencies = np.arange(257) * 16000 / 512
    inside = (frequencies > centres[0]) & (frequencies < centres[-1])
    np.testing.assert_allclose(bank.sum(1)[inside], 1, atol=1e-6)


@pytest.mark.parametrize("bins", [300, 200])
def test_a_filter_between_two_fft_bins_is_refused(bins: int) -> None:
    with pytest.raises(InputError, match="too many"):
        fbank.mel_bank(fbank.Config(bins=bins))


@pytest.mark.parametrize("band", [{"low_freq": 9000.0}, {"high_freq": 9000.0}, {"high_freq": -8000.0}])
def test_a_band_outside_the_spectrum_is_refused(band: dict[str, float]) -> None:
    with pytest.raises(InputError, match="no band"):
        fbank.mel_bank(fbank.Config(**band))


def test_settings_are_plain_numbers() -> None:
    assert all(type(value) in (int, float) for value in asdict(CONFIG).values())


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100])
def test_the_window_is_torchaudios(rate: int) -> None:
    """One sample less than a window is refused by both, a window makes one frame."""
    config = fbank.Config(rate=rate)
    wave = np.random.default_rng(0).normal(size=window_samples(config)).astype(np.float32)
    assert len(fbank.extract(wave, config)) == 1
    with pytest.raises(InputError, match="shorter than one window"):
        fbank.extract(wave[1:], config)
