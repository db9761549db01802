"""What every feature type promises; a new file in speechdis/features is tested here unasked."""

import numpy as np
import pytest

from speechdis import features
from speechdis.errors import InputError

WAVE = (np.random.default_rng(0).standard_normal(16000) * 0.05).astype(np.float32)
SPECTRA = [name for name in features.names() if features.bins_of(features.settings_of(name)) is not None]
every_type = pytest.mark.parametrize("name", features.names())
every_spectrum = pytest.mark.parametrize("name", SPECTRA)


def cut(name: str) -> tuple[int, int]:
    """Samples of a frame, and from one to the next."""
    config = features.settings_of(name)["config"]
    return round(config["rate"] * config["window"]), round(config["rate"] * config["hop"])


@every_spectrum
def test_every_spectrum_cuts_the_same_frames(name: str) -> None:
    assert cut(name) == (400, 160)


@every_type
@pytest.mark.parametrize("samples", [400, 559, 560, 561, 16000])
def test_frames_are_cut_at_the_edges(name: str, samples: int) -> None:
    (window, hop), settings = cut(name), features.settings_of(name)
    frames = features.extract(WAVE[:samples], settings)
    bins = features.bins_of(settings)
    assert frames.shape == (1 + (samples - window) // hop, window if bins is None else len(bins.frequencies))
    assert frames.dtype == np.float32


@every_type
def test_shorter_than_a_window_is_refused(name: str) -> None:
    short = cut(name)[0] - 1
    with pytest.raises(InputError, match=f"{short} samples"):
        features.extract(WAVE[:short], features.settings_of(name))


@every_type
def test_digital_silence_is_finite(name: str) -> None:
    silence = features.extract(np.zeros(4000, np.float32), features.settings_of(name))
    assert np.isfinite(silence).all()
    assert np.ptp(silence) == 0


@every_type
def test_a_frame_depends_on_its_own_samples_alone(name: str) -> None:
    (window, hop), settings = cut(name), features.settings_of(name)
    whole = features.extract(WAVE, settings)
    np.testing.assert_allclose(features.extract(WAVE[hop * 7 :][:window], settings)[0], whole[7], atol=1e-4)


@every_spectrum
def test_gain_shifts_and_offset_does_nothing(name: str) -> None:
    settings = features.settings_of(name)
    exponent = features.bins_of(settings).exponent
    frames = features.extract(WAVE, settings)
    louder = features.extract(3 * WAVE + np.float32(0.1), settings)
    np.testing.assert_allclose(louder - frames, exponent * 2 * np.log(3), atol=0.02)


@every_spectrum
def test_bins_say_what_white_noise_gives(name: str) -> None:
    settings = features.settings_of(name)
    bins = features.bins_of(settings)
    noise = (np.random.default_rng(1).standard_normal(30 * 16000) * 0.1).astype(np.float32)
    power = np.exp(features.extract(noise, settings) / bins.exponent).mean(0)
    assert (np.diff(bins.frequencies) > 0).all()
    assert bins.frequencies[0] > 0
    assert bins.frequencies[-1] <= bins.rate / 2
    assert np.abs(10 * np.log10(power / (0.01 * bins.white))).max() < 0.7  # dB; least sure in the lowest bins


def test_unknown_names_list_what_there_is() -> None:
    with pytest.raises(InputError, match="fbank, spectrogram, waveform"):
        features.settings_of("mfcc")
    with pytest.raises(InputError, match="has no 'bins'"):
        features.settings_of("spectrogram", bins=3)
    with pytest.raises(InputError, match="positive"):
        features.settings_of("fbank", bins=0)
