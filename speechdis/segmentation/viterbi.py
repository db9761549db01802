"""The best path through a network of hidden states (Viterbi 1967), in log probabilities, one frame at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Network:
    """N states, each with a short list of the states it may be entered from, itself among them.

    Attributes:
        emits: (N,) int, the distribution that a state's frames come from.
        sources: (N, P) int, where each state may be entered from; padded with 0.
        weights: (N, P) log probabilities of entering it from there; -inf at the padding.
        first, last: (N,) log probabilities that a path begins and that it ends in a state.
    """

    emits: np.ndarray
    sources: np.ndarray
    weights: np.ndarray
    first: np.ndarray
    last: np.ndarray


def network(
    emits: Iterable[int],
    arcs: Mapping[tuple[int, int], float],
    first: Mapping[int, float],
    last: Mapping[int, float],
) -> Network:
    """A network from its arcs (from, to) and its first and last states, with their log probabilities."""
    emitted = np.fromiter(emits, np.int64)
    count = len(emitted)
    entered: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    for (source, target), weight in arcs.items():
        entered[target].append((source, weight))
    width = max(1, *map(len, entered))
    sources = np.zeros((count, width), np.int64)
    weights = np.full((count, width), -np.inf)
    for target, arc in enumerate(entered):
        for place, (source, weight) in enumerate(arc):
            sources[target, place], weights[target, place] = source, weight
    ends = np.full((2, count), -np.inf)
    for row, given in zip(ends, (first, last), strict=True):
        row[list(given)] = list(given.values())
    return Network(emitted, sources, weights, *ends)


def best_path(loglik: np.ndarray, net: Network) -> tuple[np.ndarray, float]:
    """The most probable path and its log probability.

    Args:
        loglik: (T, G) log likelihood of each frame under each distribution, T >= 1.
        net: whose `emits` are below G.

    Returns:
        (T,) states, and the log probability; -inf where there is no path of T frames.
    """
    emitted = loglik[:, net.emits]
    scores = net.first + emitted[0]
    choices = np.zeros((len(loglik), len(net.emits)), np.int64)
    states = np.arange(len(net.emits))
    for t in range(1, len(loglik)):
        entering = scores[net.sources] + net.weights
        best = entering.argmax(1)
        choices[t] = net.sources[states, best]
        scores = entering[states, best] + emitted[t]
    scores = scores + net.last
    path = np.empty(len(loglik), np.int64)
    path[-1] = scores.argmax()
    for t in range(len(loglik) - 1, 0, -1):
        path[t - 1] = choices[t, path[t]]
    return path, float(scores[path[-1]])


def final_scores(loglik: np.ndarray, net: Network) -> np.ndarray:
    """(N,) log probability of the best path that ends in each state; `last` is counted. Args as `best_path`."""
    emitted = loglik[:, net.emits]
    scores = net.first + emitted[0]
    for t in range(1, len(loglik)):
        scores = (scores[net.sources] + net.weights).max(1) + emitted[t]
    return scores + net.last
