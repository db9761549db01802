"""Spectra to waveforms and back: an inverse STFT whose frames lie as those of features do, and spectral distances.

A feature frame t begins at sample t hop and is `window` long (Kaldi's `snip-edges`): T frames stand for
(T - 1) hop + window samples. The wider frames of the inverse STFT have the same centres, and what they have beyond
those samples is cut off.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

FLOOR = 1e-5  # of magnitudes in logarithms: some 100 dB below a full-scale sine
SIZES = (256, 512, 1024, 2048)  # of FFTs; hops are a quarter
MELS = (20, 40, 80, 80)  # filters for each


def inverse_stft(spectrum: Tensor, window: int, hop: int) -> Tensor:
    """Waveform (B, (T - 1) hop + window) of complex spectra (B, T, K) of 2 (K - 1) samples, by least squares.

    Args:
        spectrum: of frames that were weighted by a Hann window as long as they.
        window: samples that a feature frame covers, at most 2 (K - 1).
        hop: samples from frame to frame.
    """
    size, frames = 2 * (spectrum.shape[-1] - 1), spectrum.shape[1]
    weight = torch.hann_window(size, device=spectrum.device)
    pieces = torch.fft.irfft(spectrum, size) * weight  # (B, T, size)
    added = _added(pieces.transpose(1, 2), hop)
    norm = _added(weight.square()[None, :, None].expand(1, size, frames), hop)
    beyond = (size - window) // 2
    kept = slice(beyond, beyond + (frames - 1) * hop + window)
    return added[:, kept] / norm[:, kept]


def _added(pieces: Tensor, hop: int) -> Tensor:
    """Pieces (B, size, T), each `hop` after the one before, added up: (B, (T - 1) hop + size)."""
    size, frames = pieces.shape[1:]
    length = (frames - 1) * hop + size
    return functional.fold(pieces, (1, length), (1, size), stride=(1, hop)).reshape(-1, length)


def distances(made: Tensor, real: Tensor, rate: int, sizes: Sequence[int] = SIZES) -> tuple[Tensor, Tensor]:
    """How far waveforms (B, n) are apart: log mel magnitudes (L1, nats), and linear ones (spectral convergence).

    Both are means over STFTs of several `sizes`, of which each is shorter than the waveforms (Yamamoto, Song & Kim
    2020; in mel bands Kumar et al. 2023).
    """
    mel, linear = [], []
    for size, bands in zip(sizes, MELS, strict=True):
        if size // 2 >= real.shape[-1]:
            continue  # no reflection at the ends is as long
        a, b = (_magnitudes(wave, size) for wave in (made, real))
        bank = mel_bank(bands, size, rate).to(real.device)
        mel.append(((a @ bank).clamp_min(FLOOR).log() - (b @ bank).clamp_min(FLOOR).log()).abs().mean())
        linear.append((a - b).norm() / b.norm().clamp_min(FLOOR))
    return torch.stack(mel).mean(), torch.stack(linear).mean()


def _magnitudes(wave: Tensor, size: int) -> Tensor:
    """(B, T, size // 2 + 1) of a waveform (B, n), scaled so that those of a sine do not depend on `size`."""
    window = torch.hann_window(size, device=wave.device)
    spectrum = torch.stft(wave, size, size // 4, window=window, return_complex=True).transpose(1, 2)
    power = spectrum.real.square() + spectrum.imag.square()
    return power.clamp_min(1e-14).sqrt() * (2 / size)  # a square root has no slope at 0


@lru_cache(maxsize=16)
def mel_bank(bands: int, size: int, rate: int) -> Tensor:
    """Weights (size // 2 + 1, bands) of triangular filters over a linear spectrum, evenly spaced on HTK's mel scale."""
    from torchaudio.functional import melscale_fbanks

    bank: Tensor = melscale_fbanks(size // 2 + 1, 0.0, rate / 2, bands, rate)
    return bank
