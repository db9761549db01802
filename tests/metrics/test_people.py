"""Means over pairs of people: against a bootstrap that copies the people one by one."""

import itertools

import numpy as np
import pytest

from speechdis.metrics.people import mean_over_people


def by_copies(
    values: np.ndarray, weights: np.ndarray, first: np.ndarray, second: np.ndarray, people: list[int]
) -> float:
    """The mean where the drawn `people` are copied, and each copy has the recordings of the original."""
    total = weight = 0.0
    for value, w, a, b in zip(values, weights, first, second, strict=True):
        for x, y in itertools.product(people, repeat=2):
            if x == a and y == b and a != b:
                total, weight = total + w * value, weight + w
        if a == b:
            total, weight = total + w * value * people.count(a), weight + w * people.count(a)
    return total / weight if weight else np.nan


def test_the_interval_is_that_of_copied_people() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.integers(5, size=30), rng.integers(5, size=30)
    values, weights = rng.normal(size=30), rng.integers(1, 9, 30).astype(float)
    found = mean_over_people(values, weights, first, second, 400, seed=3)
    assert found.value == pytest.approx(np.average(values, weights=weights)) and found.count == 30
    times = np.random.default_rng(3).multinomial(5, np.full(5, 0.2), 400)
    means = [by_copies(values, weights, first, second, list(np.repeat(np.arange(5), t))) for t in times]
    assert found.interval == pytest.approx(np.nanquantile(means, [0.025, 0.975]))


def test_one_person_or_two_have_no_interval() -> None:
    one, two = np.zeros(3, int), np.ones(3, int)
    assert mean_over_people(np.arange(3.0), np.ones(3), one, one).interval is None
    assert mean_over_people(np.arange(3.0), np.ones(3), one, two).interval is None


def test_equal_values_have_an_interval_without_width() -> None:
    found = mean_over_people(np.full(6, 2.5), np.ones(6), np.arange(6), np.roll(np.arange(6), 1))
    assert found.interval == pytest.approx((2.5, 2.5))
