"""The inverse STFT against the transform itself and against torch's, and what spectral distances are of."""

import pytest
import torch

from speechdis.nn.spectral import distances, inverse_stft

WINDOW, HOP, SIZE, FRAMES = 400, 160, 640, 12
SAMPLES = (FRAMES - 1) * HOP + WINDOW


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def spectra(wave: torch.Tensor) -> torch.Tensor:
    """(B, T, K) of frames of SIZE samples around those of WINDOW, zeros beyond the ends, by the definition."""
    padded = torch.nn.functional.pad(wave, ((SIZE - WINDOW) // 2,) * 2)
    return torch.fft.rfft(padded.unfold(-1, SIZE, HOP) * torch.hann_window(SIZE))


def test_a_waveform_comes_back_from_its_spectra() -> None:
    wave = noise(2, SAMPLES)
    made = inverse_stft(spectra(wave), WINDOW, HOP)
    assert made.shape == wave.shape
    torch.testing.assert_close(made, wave, rtol=0, atol=1e-5)


def test_spectra_that_no_waveform_has_are_inverted_as_torch_inverts_them() -> None:
    """Away from the ends, which torch.istft pads in its own way."""
    spectrum = torch.complex(noise(1, FRAMES, SIZE // 2 + 1), noise(1, FRAMES, SIZE // 2 + 1))
    window = torch.hann_window(SIZE)
    theirs = torch.istft(
        spectrum.transpose(1, 2), SIZE, HOP, window=window
    )  # sample 0: the centre of frame 0
    ours = inverse_stft(spectrum, WINDOW, HOP)[:, WINDOW // 2 :]
    torch.testing.assert_close(ours[:, SIZE:-SIZE], theirs[:, SIZE : ours.shape[1] - SIZE], rtol=0, atol=1e-5)


def test_distances_are_nought_of_the_same_and_the_gain_of_a_louder_one() -> None:
    wave = 0.1 * noise(2, 16000)
    assert all(d == 0 for d in distances(wave, wave, 16000))
    mel, linear = distances(2 * wave, wave, 16000)
    assert mel.item() == pytest.approx(0.693, abs=1e-3)
    assert linear.item() == pytest.approx(1, abs=1e-4)


def test_a_waveform_shorter_than_the_largest_window_is_compared_by_the_others() -> None:
    wave = 0.1 * noise(1, 800)
    assert all(d.isfinite() and d > 0 for d in distances(0.5 * wave, wave, 16000))


def test_silence_has_gradients() -> None:
    wave = torch.zeros(1, 4000, requires_grad=True)
    sum(distances(wave, noise(1, 4000), 16000)).backward()
    assert wave.grad is not None and wave.grad.isfinite().all()
