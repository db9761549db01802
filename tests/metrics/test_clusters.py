"""Purity against brute force, k-means on separable data, judges that learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechdis.metrics.clusters import agreement, inertia, kmeans, purity, tsne


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1))
def test_purity_against_brute_force(pairs: list[tuple[int, int]]) -> None:
    clusters, digits = np.array(pairs).T
    total = 0.0
    for cluster in set(clusters.tolist()):
        members = [d for c, d in pairs if c == cluster]
        own = max(members.count(d) for d in members) / len(members)
        total += own * len(members) / len(pairs)
    assert purity(clusters, digits) == pytest.approx(total)


def test_purity_by_hand() -> None:
    assert purity(np.array([0, 0, 0, 1, 1]), np.array([7, 7, 2, 3, 2])) == pytest.approx(3 / 5)
    assert purity(np.arange(10), np.zeros(10, int)) == 1.0


@pytest.fixture(scope="module")
def blobs() -> tuple[np.ndarray, np.ndarray]:
    """Four far clusters of 30 points."""
    rng = np.random.default_rng(0)
    digits = np.repeat(np.arange(4), 30)
    return 20 * np.eye(4)[digits] + rng.normal(size=(120, 4)), digits


def test_separable_clusters_are_found_and_noise_is_not(blobs: tuple[np.ndarray, np.ndarray]) -> None:
    codes, digits = blobs
    assert agreement(kmeans(codes, 4).labels_, digits) == {
        "purity": 1.0, "nmi": pytest.approx(1.0), "ari": pytest.approx(1.0),
    }  # fmt: skip
    noise = agreement(kmeans(np.random.default_rng(1).normal(size=(120, 4)), 4).labels_, digits)
    assert noise["purity"] < 0.5 and abs(noise["ari"]) < 0.1
    np.testing.assert_array_equal(kmeans(codes, 4, 3).labels_, kmeans(codes, 4, 3).labels_)


def test_inertia_bends_at_the_number_of_clusters(blobs: tuple[np.ndarray, np.ndarray]) -> None:
    codes, digits = blobs
    curve = inertia(codes, range(2, 7))
    centres = np.stack([codes[digits == d].mean(0) for d in range(4)])
    assert curve[4] == pytest.approx(((codes - centres[digits]) ** 2).sum())
    falls = {k: curve[k] / curve[k + 1] for k in range(2, 6)}
    assert falls[3] > 5 and falls[4] < 1.5


def test_a_map_of_collapsed_codes_is_one_point() -> None:
    """scikit-learn's t-SNE of points that are all one ends the process."""
    assert not tsne(np.ones((50, 3), np.float32)).any()
