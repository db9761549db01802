"""What decoding lacks of a voice, against kernel regression written out, and by hand."""

import numpy as np
import pytest

from speechdis.synthesis import residual
from speechdis.synthesis.residual import Residual, Sounds, joined, mixed


def sounds(count: int, seed: int, bins: int = 7) -> Sounds:
    rng = np.random.default_rng(seed)
    decoded, lacking = rng.normal(size=(2, count, bins)).astype(np.float32)
    return Sounds(decoded, lacking, rng.random(count).astype(np.float32))


def by_hand(voice: Sounds, decoded: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Frame by frame and bin by bin, in double precision."""
    found = np.full(decoded.shape, np.nan)
    for t, (frame, rank) in enumerate(zip(decoded.astype(float), ranks, strict=True)):
        far = np.mean((voice.decoded.astype(float) - frame) ** 2, axis=1) / (2 * residual.ALIKE**2)
        weight = np.exp(-far - (voice.ranks - rank) ** 2 / (2 * residual.LEVEL**2))
        for f in range(decoded.shape[1]):
            heard = ~np.isnan(voice.lacking[:, f])
            if heard.any():
                found[t, f] = np.average(voice.lacking[heard, f], weights=weight[heard])
    return found


@pytest.mark.parametrize("silent", [False, True])
def test_it_is_kernel_regression(silent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residual, "PIECE", 4)
    voice, new = sounds(40, 0), sounds(9, 1)
    if silent:
        voice.lacking[:, 2] = np.nan  # a bin that is never heard
        voice.lacking[:25, 4] = np.nan
    found = voice.lacked(new.decoded, new.ranks)
    np.testing.assert_allclose(found, by_hand(voice, new.decoded, new.ranks), atol=1e-4)


def test_each_sound_has_its_own() -> None:
    """Two sounds far apart, of which each lacks something else."""
    decoded = np.repeat([[0.0] * 5, [20.0] * 5], 10, axis=0).astype(np.float32)
    voice = Sounds(decoded, np.where(decoded > 10, -1, 2).astype(np.float32), np.full(20, 0.5, np.float32))
    found = voice.lacked(np.array([[0.1] * 5, [19.0] * 5]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(found, [[2] * 5, [-1] * 5], atol=1e-5)


def test_recordings_of_one_voice_lie_together_and_voices_are_mixed() -> None:
    one, other, new = sounds(30, 0), sounds(20, 1), sounds(6, 2)
    parts = [Residual((one,)), Residual((other,))]
    both = Sounds(
        *(np.concatenate([getattr(s, k) for s in (one, other)]) for k in ("decoded", "lacking", "ranks"))
    )
    together = joined(parts).lacked(new.decoded, new.ranks)
    np.testing.assert_array_equal(together, both.lacked(new.decoded, new.ranks))
    apart = [part.lacked(new.decoded, new.ranks) for part in parts]
    half_way = mixed(parts, [0.25, 0.75]).lacked(new.decoded, new.ranks)
    np.testing.assert_allclose(half_way, 0.25 * apart[0] + 0.75 * apart[1], rtol=1e-5)
    np.testing.assert_array_equal(mixed(parts, [1, 0]).lacked(new.decoded, new.ranks), apart[0])


def test_of_a_long_recording_frames_are_kept_evenly() -> None:
    rows = residual.thinned(10 * residual.MOST)
    assert len(rows) == residual.MOST and rows[0] == 0 and rows[-1] == 10 * residual.MOST - 1
    assert set(np.diff(rows)) <= {10, 11}
    np.testing.assert_array_equal(residual.thinned(5), range(5))
