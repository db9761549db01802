"""The static/dynamic models over pictures: the same models, with other layers before and after."""

from typing import Any

import laws
import pytest
import torch

from speechdis.errors import InputError
from speechdis.models import s3vae
from speechdis.models.base import Batch

SMALL = {"static_size": 5, "dynamic_size": 3, "hidden_size": 8, "frame_size": 6, "frame_channels": 2}
NAMES = ["dsvae", "cdsvae", "s3vae", "rwae", "spyl", "dbse"]


def build(name: str, bins: int = 3 * 64 * 64, **settings: Any) -> Any:
    return laws.build(name, bins, SMALL, {"frames": "dcgan", **settings})


def batch(size: int = 4, frames: int = 3, channels: int = 3) -> Batch:
    g = torch.Generator().manual_seed(0)
    x = (
        torch.rand(size, frames, channels, 8, 8, generator=g)
        .repeat_interleave(8, -1)
        .repeat_interleave(8, -2)
    )
    x = x.flatten(2)
    return Batch(x, None, 0.5 * x, x.flip(1), population=100)


@pytest.mark.parametrize("name", NAMES)
def test_every_model_learns_from_pictures(name: str) -> None:
    model = build(name)
    laws.gradient_reaches_every_parameter(model, batch())
    model.zero_grad()
    optimiser, losses = torch.optim.Adam(model.parameters(), lr=3e-3), []
    for _ in range(8):
        optimiser.zero_grad()
        terms = model.loss(batch(), laws.generator())
        terms["loss"].backward()
        losses.append(float(terms["reconstruction"].detach()))
        optimiser.step()
    assert losses[-1] < losses[0] - 10


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_between_0_and_1_and_a_sequence_is_read_alone(channels: int) -> None:
    model, x = build("cdsvae", channels * 64 * 64).eval(), batch(channels=channels).x
    static, dynamic = model.embed(x)
    made = model.decode(static, dynamic).mean
    assert made.shape == x.shape and made.min() >= 0 and made.max() <= 1
    torch.testing.assert_close(model.embed(x[1:2])[0], static[1:2])
    torch.testing.assert_close(model.decode(static[1:2], dynamic[1:2]).mean, made[1:2])


def test_the_label_of_motion_is_the_part_that_changes() -> None:
    x = torch.zeros(1, 4, 3, 64, 64)
    x[0, 1, :, 2:9, 50:60] = 1  # top right, which comes and goes
    x[0, 3, 1, 30:34, 30:34] = 1  # the middle
    assert s3vae.motion_labels(x.flatten(2)).tolist() == [[2, 2, 2, 4]]


def test_frames_of_speech_are_no_pictures() -> None:
    with pytest.raises(InputError, match="no images of 64 x 64"):
        build("dsvae", 80)
