"""Means over pairs of people, with the interval that comes from how few people there are."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Mean:
    """A weighted mean, its 95 % interval (None of fewer than three people), and of how many values."""

    value: float
    interval: tuple[float, float] | None
    count: int


def mean_over_people(
    values: np.ndarray,
    weights: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    resamples: int = 1000,
    seed: int = 0,
) -> Mean:
    """Weighted mean of values (N,) and its 95 % interval when the people are drawn anew, with replacement.

    Someone drawn m times counts as m people with the same recordings. So a value of two people weighs the product of
    their counts, and a value of one person weighs the count, as in `intervals.bootstrap`. Draws in which nothing weighs
    anything are left out.

    Args:
        values, weights: (N,), N > 0.
        first, second: (N,) int, the two people that each value is of; the same one twice where it is of one.
    """
    names, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    a, b = codes[: len(values)], codes[len(values) :]
    mean = float(weights @ values / weights.sum())
    if len(names) < 3:  # of two, every draw that holds a value holds the same ones
        return Mean(mean, None, len(values))
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)  # (R, people)
    drawn = weights * np.where(a == b, times[:, a], times[:, a] * times[:, b])  # (R, N)
    total = drawn.sum(1)
    means = (drawn @ values)[total > 0] / total[total > 0]
    if not len(means):
        return Mean(mean, None, len(values))
    low, high = np.quantile(means, [0.025, 0.975])
    return Mean(mean, (float(low), float(high)), len(values))
