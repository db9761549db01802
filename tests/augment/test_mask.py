"""What is hidden of a spectrum, and how often."""

import torch

from speechdis.augment.mask import without_bands

SEGMENTS, FRAMES, BINS, WIDEST = 2000, 3, 12, 4


def masked(widest: int, bands: int) -> torch.Tensor:
    """Which bins of which segment are hidden, (B, F); the same in every frame, and all others as they were."""
    x = 1 + torch.rand(SEGMENTS, FRAMES, BINS, generator=torch.Generator().manual_seed(1))
    mean = -1 - torch.arange(BINS, dtype=x.dtype)
    y = without_bands(x, widest, mean, torch.Generator().manual_seed(0), bands)
    hidden = y == mean
    assert torch.equal(hidden, hidden[:, :1].expand_as(hidden))
    assert torch.equal(y[~hidden], x[~hidden])
    return hidden[:, 0]


def test_a_band_is_one_run_of_any_width_up_to_the_widest_anywhere() -> None:
    hidden = masked(WIDEST, 1)
    widths = hidden.sum(1)
    share = torch.bincount(widths) / SEGMENTS
    assert (share - 1 / (WIDEST + 1)).abs().max() < 0.05  # standard deviation 0.009
    edges = torch.nn.functional.pad(hidden.int(), (1, 1)).diff(dim=1)
    assert ((edges == 1).sum(1) == (widths > 0)).all()  # one beginning each
    full = hidden[widths == WIDEST].int().argmax(1)
    assert set(full.tolist()) == set(range(BINS - WIDEST + 1))  # every place, both ends of the spectrum too


def test_two_bands_hide_twice_as_much_less_what_they_share() -> None:
    one, two = (masked(WIDEST, bands).float().mean(0) for bands in (1, 2))
    assert torch.allclose(two, 1 - (1 - one) ** 2, atol=0.05)  # they are drawn apart


def test_nothing_is_hidden_where_the_widest_is_none_and_all_can_be() -> None:
    assert not masked(0, 2).any()
    assert masked(BINS, 1).all(1).any()
