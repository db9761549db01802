"""Spectral envelopes: by how much one set of log frames is louder than another, and a wave made louder by so much."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from speechdis.features import FeatureSettings, extract, spectrum_of

if TYPE_CHECKING:
    from torch import Tensor

WINDOW, HOP = 0.025, 0.005  # s, of the filter's short-time Fourier transform
PIECE = 2000  # of its frames at a time: ten seconds
FILTERS = 3  # one after the other; two more bring little of a voice, and make its pitch break
SMOOTH = 30  # cosine terms of each: with fewer less of a voice is heard
LIMIT = 4.6  # nats of amplitude, 40 dB: a filter louder than that only lifts noise


def log_gain(
    target: np.ndarray,
    source: np.ndarray,
    settings: Mapping[str, Any],
    times: np.ndarray,
    frequencies: np.ndarray,
    smooth: int = 0,
) -> np.ndarray:
    """Natural log of the amplitude gain that takes frames `source` to frames `target`, interpolated.

    Before the first frame's centre and after the last one's, and outside the bins, it is the nearest one's.

    Args:
        target, source: log frames (T, F).
        settings: of the frames.
        times, frequencies: (K,) s and (M,) Hz where it is wanted.
        smooth: cosine terms over the bins that are kept; 0 keeps all.

    Returns:
        (K, M), within +- LIMIT.

    Raises:
        InputError: features that are no log spectra.
    """
    bins, cut = spectrum_of(settings), FeatureSettings.of(settings)
    gain = (np.asarray(target, np.float64) - source) / (2 * bins.exponent)
    if smooth:
        from scipy.fft import dct, idct

        gain = idct(dct(gain, norm="ortho")[:, :smooth], n=gain.shape[1], norm="ortho")
    position = ((times - cut.window / 2) / cut.hop).clip(0, len(gain) - 1)
    low = position.astype(int)
    high = np.minimum(low + 1, len(gain) - 1)
    part = (position - low)[:, None]
    at_times = gain[low] * (1 - part) + gain[high] * part
    place = np.interp(frequencies, bins.frequencies, np.arange(len(bins.frequencies)))
    left = place.astype(int)
    share, columns = place - left, np.arange(len(place))
    between = np.zeros((gain.shape[1], len(place)))  # (F, M): a product is faster than a choice of columns
    between[left, columns] = 1 - share
    between[np.minimum(left + 1, gain.shape[1] - 1), columns] += share
    found = at_times @ between
    return found.clip(-LIMIT, LIMIT, out=found)


def filtered(
    wave: np.ndarray,
    source: np.ndarray,
    target: np.ndarray,
    settings: Mapping[str, Any],
    smooth: int = 0,
) -> np.ndarray:
    """`wave` (n,), whose log frames are `source` (T, F), filtered so that they become `target`: (n,) float32.

    Its short-time Fourier transform times `log_gain`, inverted; phases stay. Beyond its ends it is taken to go on as
    its mirror image: silence there would begin with a click, in which a filter finds what to lift in every band.
    """
    import torch

    cut = FeatureSettings.of(settings)
    rate = cut.rate
    window, hop = round(rate * WINDOW), round(rate * HOP)
    shape: dict[str, Any] = {
        "n_fft": 1 << (window - 1).bit_length(),
        "hop_length": hop,
        "win_length": window,
        "window": torch.hann_window(window),
    }
    spectrum = torch.stft(
        torch.from_numpy(np.asarray(wave, np.float32)), pad_mode="reflect", return_complex=True, **shape
    )
    times = np.arange(spectrum.shape[1]) * (hop / rate)
    frequencies = np.linspace(0, rate / 2, len(spectrum))
    for first in range(0, len(times), PIECE):
        part = slice(first, first + PIECE)
        gain = log_gain(target, source, settings, times[part], frequencies, smooth)
        spectrum[:, part] *= torch.from_numpy(np.exp(gain).T.astype(np.float32))
    _tame_ends(spectrum, times, cut, len(source))
    return torch.istft(spectrum, length=len(wave), **shape).numpy()


def _tame_ends(spectrum: "Tensor", times: np.ndarray, cut: FeatureSettings, count: int) -> None:
    """Make frames at `times` (K,) s, outside those of the `count` features, as quiet in each bin as the nearest inside.

    What these frames of `spectrum` (M, K) hold was not measured: where a recording is cut off they have something in
    every band, and a filter for an empty band would make a click of it.
    """
    first = cut.window / 2
    inside = np.flatnonzero((times >= first) & (times <= first + (count - 1) * cut.hop))
    if len(inside):
        for ends, near in ((slice(inside[0]), inside[0]), (slice(inside[-1] + 1, None), inside[-1])):
            most, loud = spectrum[:, near, None].abs(), spectrum[:, ends].abs()
            spectrum[:, ends] *= (most / loud.clamp(min=1e-30)).clamp(max=1)


def mended(
    wave: np.ndarray, target: np.ndarray, settings: Mapping[str, Any], smooth: int = SMOOTH
) -> np.ndarray:
    """`wave` (n,), `filtered` by one filter after the other, each by what those before have left to `target` (T, F).

    A wave that has these frames stays as it is.
    """
    for _ in range(FILTERS):
        heard = extract(wave, settings)
        if np.allclose(heard, target, rtol=0, atol=1e-3):
            break
        wave = filtered(wave, heard, target, settings, smooth)
    return wave
