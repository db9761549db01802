"""The best path is the best of all paths."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechdis.segmentation.viterbi import Network, best_path, final_scores, network


def score_of(path: tuple[int, ...], loglik: np.ndarray, net: Network) -> float:
    """Log probability of one path, term by term."""
    total = net.first[path[0]] + net.last[path[-1]] + sum(loglik[t, net.emits[n]] for t, n in enumerate(path))
    for one, other in pairwise(path):
        entered = [w for s, w in zip(net.sources[other], net.weights[other], strict=True) if s == one]
        total += max(entered, default=-np.inf)
    return total


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 10**6))
def test_against_all_paths(states: int, frames: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    arcs = {pair: float(rng.normal()) for pair in product(range(states), repeat=2) if rng.random() < 0.6}
    first = {n: float(rng.normal()) for n in range(states) if rng.random() < 0.7}
    last = {n: float(rng.normal()) for n in range(states) if rng.random() < 0.7}
    net = network(rng.integers(0, 3, states), arcs, first, last)
    loglik = rng.normal(size=(frames, 3))
    scores = {path: score_of(path, loglik, net) for path in product(range(states), repeat=frames)}
    path, score = best_path(loglik, net)
    assert score == pytest.approx(max(scores.values()))
    if score > -np.inf:
        assert scores[tuple(path.tolist())] == pytest.approx(score)
    ends = [max(s for p, s in scores.items() if p[-1] == n) for n in range(states)]
    np.testing.assert_allclose(final_scores(loglik, net), ends)


def test_a_chain_longer_than_the_recording_has_no_path() -> None:
    net = network(range(3), {(0, 1): 0.0, (1, 2): 0.0}, {0: 0.0}, {2: 0.0})
    assert best_path(np.zeros((2, 3)), net)[1] == -np.inf
    path, score = best_path(np.zeros((3, 3)), net)
    assert (path.tolist(), score) == ([0, 1, 2], 0.0)
