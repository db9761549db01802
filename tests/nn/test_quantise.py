"""Quantisation against brute force, and its book against k-means of another library."""

import math

import numpy as np
import pytest
import torch

from speechdis.nn.quantise import DECAY, UNUSED, Choice, Quantiser


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def build(count: int = 7, size: int = 3) -> Quantiser:
    torch.manual_seed(0)
    return Quantiser(count, size)


def test_codes_are_the_nearest_by_brute_force() -> None:
    quantiser, z = build().eval(), torch.randn(4, 5, 3, generator=generator())
    found = quantiser(z, generator())
    book = quantiser.book.numpy()
    for place in np.ndindex(4, 5):
        distances = [math.dist(z[place].tolist(), code.tolist()) for code in book]
        best = int(np.argmin(distances))
        assert found.number[place] == best
        assert found.codes[place].tolist() == pytest.approx(book[best].tolist(), rel=1e-4, abs=1e-6)
        assert found.distance[place].item() == pytest.approx(distances[best] ** 2, rel=1e-4)


def test_the_gradient_passes_straight_through_and_the_distance_pulls_the_vector_alone() -> None:
    quantiser, z = build().eval(), torch.randn(6, 3, generator=generator(), requires_grad=True)
    found, weight = quantiser(z, generator()), torch.randn(6, 3, generator=generator())
    (gradient,) = torch.autograd.grad((found.codes * weight).sum(), z, retain_graph=True)
    torch.testing.assert_close(gradient, weight)
    (pull,) = torch.autograd.grad(found.distance.sum(), z)
    torch.testing.assert_close(pull, 2 * (z - quantiser.book[found.number]).detach())
    assert not list(quantiser.parameters())


def test_the_book_moves_as_the_moving_average_says() -> None:
    """One step by loops; a code without use goes to a vector of the batch, with the mean use."""
    quantiser, z = build(5), torch.randn(40, 3, generator=generator())
    quantiser.uses.fill_(8.0)
    quantiser.uses[4] = 0.0  # and nothing is near to it
    quantiser.book[4] = 99.0
    quantiser.sums.copy_(quantiser.book * quantiser.uses[:, None])
    uses, sums = quantiser.uses.clone(), quantiser.sums.clone()
    index = quantiser(z, generator()).number
    for k in range(4):
        near = [v for v, i in zip(z, index, strict=True) if i == k]
        use = DECAY * uses[k] + (1 - DECAY) * len(near)
        total = DECAY * sums[k] + (1 - DECAY) * sum(near, torch.zeros(3))
        assert use > UNUSED * 8
        torch.testing.assert_close(quantiser.book[k], total / use)
    assert any(torch.allclose(quantiser.book[4], v) for v in z)
    assert quantiser.uses[4] == 8
    before = quantiser.book.clone()
    quantiser.eval()(z, generator())
    assert quantiser.book.equal(before)


def test_the_book_comes_to_k_means() -> None:
    """Squared error of codes after many batches, against scikit-learn's best of ten."""
    from sklearn.cluster import KMeans

    centres = 4 * torch.randn(6, 2, generator=generator())
    z = (centres[:, None] + torch.randn(6, 50, 2, generator=generator())).flatten(0, 1)
    quantiser, draws = build(6, 2), generator()
    for _ in range(600):
        found = quantiser(z, draws)
    best = KMeans(6, n_init=10, random_state=0).fit(z.numpy()).inertia_
    assert found.number.unique().numel() == 6
    assert best * 0.999 <= found.distance.sum().item() < 1.5 * best


def test_a_choice_costs_its_surprise_and_is_drawn_as_often_as_it_says() -> None:
    book, logits = build(3, 2).book, torch.tensor([0.5, 0.3, 0.2]).log()
    of = Choice(logits.expand(4000, 5, 3), book)
    index = torch.randint(3, (4000, 5), generator=generator())
    torch.testing.assert_close(of.nats(index), -logits[index])
    drawn = of.sample(generator())
    share = [(drawn == code).all(-1).float().mean().item() for code in book]
    assert share == pytest.approx([0.5, 0.3, 0.2], abs=0.02)
