"""Motion views of pictures: what is drawn is of a sequence, within [0, 1], and each part does what it says."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from speechdis.augment import pictures


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sequences(batch: int = 6, channels: int = 3, size: int = 16) -> Tensor:
    """Pictures that stay the same through a sequence."""
    still = torch.rand(batch, 1, channels, size, size, generator=generator())
    return still.expand(-1, 4, -1, -1, -1).contiguous()


@pytest.mark.parametrize("channels", [1, 3])
def test_all_frames_of_a_sequence_are_changed_alike(channels: int) -> None:
    x = sequences(channels=channels).flatten(2)
    made = pictures.augmented(x, (channels, 16, 16), generator(1))
    assert made.shape == x.shape and made.min() >= 0 and made.max() <= 1
    torch.testing.assert_close(made, made[:, :1].expand_as(made))
    assert ((made - x).abs().mean((1, 2)) > 0.01).all()
    assert torch.equal(made, pictures.augmented(x, (channels, 16, 16), generator(1)))
    assert not torch.equal(made, pictures.augmented(x, (channels, 16, 16), generator(2)))


def test_a_crop_is_a_part_enlarged(monkeypatch: pytest.MonkeyPatch) -> None:
    x = sequences()
    monkeypatch.setattr(pictures, "SMALLEST", 1.0)
    torch.testing.assert_close(pictures.cropped(x, generator()), x)  # the whole is itself
    monkeypatch.setattr(pictures, "SMALLEST", 0.5)
    ramp = torch.arange(16.0).expand(200, 1, 1, 16, 16)  # a pixel is its column
    made = pictures.cropped(ramp, generator())
    step = made[..., 8, 9] - made[..., 8, 8]  # enlargement; the middle is no border
    assert 0.45 < step.min() < 0.6 and 0.9 < step.max() <= 1.001
    assert made.min() >= 0 and made.max() <= 15


def test_a_turn_of_colours_keeps_grey_and_a_whole_one_all() -> None:
    x = sequences()
    grey = x.mean(2, keepdim=True).expand_as(x)
    turns = torch.rand(6, generator=generator())
    torch.testing.assert_close(pictures._turned(grey, turns), grey)
    torch.testing.assert_close(pictures._turned(x, torch.ones(6)), x, atol=1e-5, rtol=0)
    third = pictures._turned(x, torch.full((6,), 1 / 3))  # red to green to blue
    torch.testing.assert_close(third, x.roll(1, 2), atol=1e-5, rtol=0)


def test_blur_is_a_gaussian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "BLURRED", 1.0)
    monkeypatch.setattr(pictures, "BLUR", (0.8, 0.8))
    x = sequences(batch=1)
    made = pictures.blurred(x, generator())
    expected = gaussian_filter(x.numpy(), 0.8, axes=(3, 4), mode="nearest", radius=2)
    np.testing.assert_allclose(made.numpy(), expected, atol=1e-5)


def test_shares_are_those_that_are_stated() -> None:
    x = torch.rand(1, 1, 3, 4, 4, generator=generator()).expand(2000, -1, -1, -1, -1)
    made = pictures.coloured(x, generator())
    grey = (made - made.mean(2, keepdim=True)).abs().amax((1, 2, 3, 4)) < 1e-6
    same = (made == x).flatten(1).all(1)
    assert abs(grey.float().mean() - pictures.GREY) < 0.03
    assert abs(same.float().mean() - (1 - pictures.JITTERED) * (1 - pictures.GREY)) < 0.03
