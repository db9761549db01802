"""Recurrences: padding never enters, whatever the batch around a segment."""

import pytest
import torch
from torch import nn

from speechdis.nn import sequence


@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (1, True), (2, True)])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.RNN])
def test_a_padded_segment_is_as_the_short_one_alone(kind: type, layers: int, bidirectional: bool) -> None:
    rnn = kind(4, 6, layers, batch_first=True, bidirectional=bidirectional)
    x = torch.randn(3, 7, 4)
    lengths = torch.tensor([7, 3, 5])
    output, last = sequence.run(rnn, x, lengths)
    for i, length in enumerate(lengths):
        alone, alone_last = sequence.run(rnn, x[i : i + 1, :length])
        torch.testing.assert_close(output[i, :length], alone[0])
        torch.testing.assert_close(last[i], alone_last[0])
        assert not output[i, length:].any()


def test_last_state_reads_both_ends() -> None:
    rnn = nn.LSTM(2, 3, batch_first=True, bidirectional=True)
    output, last = sequence.run(rnn, torch.randn(1, 5, 2))
    torch.testing.assert_close(last[0], torch.cat([output[0, -1, :3], output[0, 0, 3:]]))


def test_last_state_holds_every_layer() -> None:
    rnn = nn.LSTM(2, 3, num_layers=2, batch_first=True)
    output, last = sequence.run(rnn, torch.randn(1, 5, 2))
    assert last.shape == (1, 6)
    torch.testing.assert_close(last[:, 3:], output[:, -1])


def test_delay_and_mask() -> None:
    x = torch.arange(6.0).view(1, 3, 2)
    assert sequence.delayed(x).tolist() == [[[0, 0], [0, 1], [2, 3]]]
    assert sequence.mask(torch.tensor([2]), x)[0, :, 0].tolist() == [1, 1, 0]
    assert sequence.mask(None, x) == 1
