"""All pairs without a list of them, against the list."""

import numpy as np
import pytest

from speechdis.errors import InputError
from speechdis.metrics.every_pair import EveryPair, Sizes, verify_all
from speechdis.metrics.scoring import cosine


@pytest.fixture
def people() -> tuple[np.ndarray, np.ndarray]:
    """Vectors (60, 5) and their speakers, in no order."""
    rng = np.random.default_rng(0)
    spks = rng.permutation(np.repeat(np.array(["a", "b", "c", "d", "e"]), [5, 10, 12, 13, 20]))
    return rng.normal(size=(60, 5)) + 1.2 * np.eye(5)[np.unique(spks, return_inverse=True)[1]], spks


@pytest.mark.parametrize("drawn", [100, 250_000])
@pytest.mark.parametrize("block", [1, 500, 1 << 22])
def test_figures_are_those_of_the_list(people: tuple[np.ndarray, np.ndarray], drawn: int, block: int) -> None:
    listed = verify_all(*people, resamples=200, seed=3, sizes=Sizes(drawn=drawn))
    found = verify_all(*people, resamples=200, seed=3, sizes=Sizes(0, block, drawn))
    assert found.eer == pytest.approx(listed.eer, abs=1e-6)
    assert found.interval == pytest.approx(listed.interval, abs=1e-6)
    assert (found.target, found.nontarget, found.speakers) == (listed.target, listed.nontarget, 5)
    assert found.threshold == pytest.approx(listed.threshold, abs=1e-6)
    assert (found.min_dcf_01, found.min_dcf_05) == pytest.approx(
        (listed.min_dcf_01, listed.min_dcf_05), abs=1e-6
    )


def test_the_curve_passes_through_the_error_rate(people: tuple[np.ndarray, np.ndarray]) -> None:
    for sizes in (Sizes(), Sizes(0, 500)):
        pairs = EveryPair(cosine(people[0]), people[1], sizes)
        miss, fa = pairs.det()
        k = int(np.argmax(miss >= fa))
        assert fa[k] <= pairs.verify(resamples=0).eer <= miss[k]
        assert pairs.verify(resamples=0).interval is None


def test_products_on_a_device_are_the_same(people: tuple[np.ndarray, np.ndarray]) -> None:
    scoring = cosine(people[0])
    a, b = slice(3, 20), slice(20, 60)
    wanted = scoring.left[a].astype(np.float64) @ scoring.right[b].T.astype(np.float64)
    for scores in (scoring.blocks(), scoring._torch("cpu")):
        assert scores(a, b) == pytest.approx(wanted, abs=1e-6)


def test_too_many_and_too_few_pairs_are_refused() -> None:
    with pytest.raises(InputError, match="499,999,500,000 trials are more than"):
        verify_all(np.zeros((1_000_000, 1), np.float32), np.arange(1_000_000))
    for listed in (1 << 24, 0):
        sizes = Sizes(listed)
        with pytest.raises(InputError, match=r"at least two|no non-target trial"):
            verify_all(np.ones((4, 2)), ["a"] * 4, sizes=sizes)
        with pytest.raises(InputError, match="no target trial"):
            verify_all(np.ones((4, 2)), list("abcd"), sizes=sizes)
