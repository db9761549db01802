"""What is slow in a change, and what of it is kept."""

import numpy as np
import pytest

from speechdis.errors import InputError
from speechdis.synthesis.slow import checked, reach, slow_part


def test_the_slow_part_of_a_change_is_kept() -> None:
    """Of what alternates its mean, of a constant all; silence beside speech lends nothing and is as it was."""
    turns = np.where(np.arange(100) % 2, 4.0, 0.0)[:, None]
    assert slow_part(turns, None, 0) is turns
    np.testing.assert_allclose(slow_part(turns, None, 6)[24:-24], 2, atol=1e-3)
    np.testing.assert_allclose(slow_part(np.full((100, 3), 1.5), None, 6), 1.5, rtol=1e-12)
    silent = (np.arange(100) < 50)[:, None] & np.array([True, False])
    made = slow_part(np.where(silent, 50.0, 1.0), silent, 6)
    np.testing.assert_allclose(made, np.where(silent, 50.0, 1.0), rtol=1e-12)


def test_a_frame_has_its_slow_part_from_no_further_than_its_reach() -> None:
    for slow in (0.5, 3.0, 12.3):
        step = np.zeros((401, 1))
        step[200] = 1
        (far,) = np.nonzero(slow_part(step, None, slow)[:, 0])
        assert (far.min(), far.max()) == (200 - reach(slow), 200 + reach(slow))


@pytest.mark.parametrize("slow", [-1.0, 100.5, float("nan"), float("inf")])
def test_what_is_no_slowness_is_refused(slow: float) -> None:
    with pytest.raises(InputError, match="slow must be from 0, all of the change, to 100 frames"):
        checked(slow)
