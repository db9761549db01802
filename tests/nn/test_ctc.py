"""CTC: the sum over all alignments by brute force, and units there and back."""

from itertools import product

import pytest
import torch

from speechdis.nn import ctc
from speechdis.nn.ctc import Units


def test_the_cost_is_that_of_every_alignment_together() -> None:
    units = Units.of([["b", "a"], ["c"]])
    assert (units.names, units.classes) == (("a", "b", "c"), 4)
    scores = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0)).log_softmax(-1)
    lengths, said = torch.tensor([5, 4]), [["a", "b"], ["c", "c"]]
    numbers = torch.stack([n for one in said if (n := units.numbers(one)) is not None])
    found = ctc.nats(scores, lengths, numbers, torch.tensor([2, 2]))
    for k, one in enumerate(said):
        paths = torch.tensor(list(product(range(4), repeat=int(lengths[k]))))
        says = torch.tensor([units.best(torch.eye(4)[path]) == one for path in paths])
        each = scores[k][torch.arange(paths.shape[1]), paths].sum(1)
        assert float(found[k]) == pytest.approx(-float(each[says].logsumexp(0)), rel=1e-5)


def test_what_cannot_be_said_teaches_nothing() -> None:
    scores = torch.zeros(1, 2, 3).log_softmax(-1)
    said, sizes, lengths = torch.tensor([[1, 1]]), torch.tensor([2]), torch.tensor([2])
    assert ctc.nats(scores, lengths, said, sizes) == 0
    assert torch.isinf(ctc.nats(scores, lengths, said, sizes, possible=False)).all()
    assert Units(("a",)).numbers(["b"]) is None
