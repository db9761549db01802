"""Decoded frames made as lively as real ones, against frames whose blur is known."""

import numpy as np
import pytest
from scipy.fft import dct, idct

from speechdis.synthesis.contrast import LOUD, MOST, QUIET, Contrast
from speechdis.synthesis.residual import Residual, Sounds, mixed

BINS = 12


def blurred(share: float, seed: int = 0, count: int = 400) -> tuple[np.ndarray, Sounds]:
    """Real frames (N, F), and sounds decoded with `share` of what each cosine term varies, and another mean."""
    rng = np.random.default_rng(seed)
    real = idct(rng.normal(size=(count, BINS)) * np.arange(1, BINS + 1) + 3, norm="ortho")
    ranks = np.linspace(0, 1, count).astype(np.float32)
    terms = dct(real, norm="ortho")
    mean = terms[ranks > LOUD].mean(0)
    decoded = idct((terms - mean) * share + mean - 1, norm="ortho")
    return real, Sounds(decoded.astype(np.float32), (real - decoded).astype(np.float32), ranks)


@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_what_a_blur_takes_is_given_back(share: float) -> None:
    real, sounds = blurred(share)
    made = Contrast.of(Residual((sounds,))).sharpened(sounds.decoded, sounds.ranks)
    loud = sounds.ranks > LOUD
    np.testing.assert_allclose(made[loud], real[loud], atol=1e-3)
    still = sounds.ranks <= QUIET
    np.testing.assert_array_equal(made[still], sounds.decoded[still])


def test_no_more_than_the_most_and_no_flatter() -> None:
    assert Contrast.of(Residual((blurred(0.1)[1],))).gain == pytest.approx(np.full(BINS, MOST))
    assert Contrast.of(Residual((blurred(1.5)[1],))).gain == pytest.approx(np.ones(BINS))


def test_of_a_mixture_it_is_the_mean_by_weights() -> None:
    one, other = (Residual((blurred(share, seed)[1],)) for share, seed in ((0.5, 0), (0.8, 1)))
    both = Contrast.of(mixed([one, other], [0.25, 0.75]))
    for name in ("decoded", "real", "gain"):
        wanted = 0.25 * getattr(Contrast.of(one), name) + 0.75 * getattr(Contrast.of(other), name)
        np.testing.assert_allclose(getattr(both, name), wanted)


def test_parts_are_as_one() -> None:
    _, sounds = blurred(0.5)
    contrast = Contrast.of(Residual((sounds,)))
    parts = list(contrast.throughout(np.split(sounds.decoded, [7, 100]), sounds.ranks))
    np.testing.assert_allclose(np.concatenate(parts), contrast.sharpened(sounds.decoded, sounds.ranks))


@pytest.mark.parametrize("ranks", [[0.0], [0.0, 0.0]])
def test_a_voice_of_hardly_a_frame(ranks: list[float]) -> None:
    frames = np.ones((len(ranks), BINS), np.float32)
    contrast = Contrast.of(Residual((Sounds(frames, 0 * frames, np.array(ranks, np.float32)),)))
    np.testing.assert_allclose(contrast.sharpened(frames, np.ones(len(ranks))), frames, atol=1e-6)
