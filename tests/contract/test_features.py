"""What every feature type promises; a new file in speechdis/features is tested here unasked."""

import numpy as np
import pytest

from speechdis import features
from speechdis.errors import InputError

WAVE = (np.random.default_rng(0).standard_normal(16000) * 0.05).astype(np.float32)
every_type = pytest.mark.parametrize("name", features.names())


@every_type
@pytest.mark.parametrize("samples", [400, 559, 560, 561, 16000])
def test_frames_are_cut_at_the_edges(name: str, samples: int) -> None:
    settings = features.settings_of(name)
    frames = features.extract(WAVE[:samples], settings)
    assert frames.shape == (1 + (samples - 400) // 160, len(features.bins_of(settings).frequencies))
    assert frames.dtype == np.float32


@every_type
def test_shorter_than_a_window_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="399 samples"):
        features.extract(WAVE[:399], features.settings_of(name))


@every_type
def test_digital_silence_is_finite(name: str) -> None:
    silence = features.extract(np.zeros(4000, np.float32), features.settings_of(name))
    assert np.isfinite(silence).all()
    assert np.ptp(silence) == 0


@every_type
def test_a_frame_depends_on_its_own_samples_alone(name: str) -> None:
    settings = features.settings_of(name)
    whole = features.extract(WAVE, settings)
    np.testing.assert_allclose(features.extract(WAVE[160 * 7 :][:400], settings)[0], whole[7], atol=1e-4)


@every_type
def test_gain_shifts_and_offset_does_nothing(name: str) -> None:
    settings = features.settings_of(name)
    exponent = features.bins_of(settings).exponent
    frames = features.extract(WAVE, settings)
    louder = features.extract(3 * WAVE + np.float32(0.1), settings)
    np.testing.assert_allclose(louder - frames, exponent * 2 * np.log(3), atol=0.02)


@every_type
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
    with pytest.raises(InputError, match="fbank, spectrogram"):
        features.settings_of("mfcc")
    with pytest.raises(InputError, match="has no 'bins'"):
        features.settings_of("spectrogram", bins=3)
    with pytest.raises(InputError, match="positive"):
        features.settings_of("fbank", bins=0)
