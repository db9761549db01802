"""What holds of the loss of every model, whatever its batches are made of."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import fields, replace
from typing import Any

import torch

from speechdis import models
from speechdis.models.base import Batch


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def known(config: Any, numbers: Mapping[str, float]) -> dict[str, Any]:
    """Those of `numbers` that are fields of `config`."""
    return {k: v for k, v in numbers.items() if k in {f.name for f in fields(config)}}


def build(name: str, bins: int, small: Mapping[str, int], settings: Mapping[str, Any]) -> Any:
    """A model of the sizes `small`, as far as it has them."""
    torch.manual_seed(0)
    config = models.load(name).Config
    return models.build(name, bins, config(**known(config, small), **settings))


def gradient_reaches_every_parameter(model: Any, batch: Any) -> None:
    model.loss(batch, generator())["loss"].backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


def loss_is_the_weighted_sum_of_its_terms(model: Any, batch: Any, weights: Mapping[str, float]) -> None:
    model.config = replace(model.config, **known(model.config, weights))
    terms = model.loss(batch, generator())
    total = sum(getattr(model.config, n, 1.0) * v for n, v in terms.items() if n != "loss")
    torch.testing.assert_close(terms["loss"], total)


def terms_agree_in_mixed_precision(model: Any, batch: Any) -> None:
    exact = deepcopy(model).loss(batch, generator())
    with torch.autocast("cpu", torch.bfloat16):
        mixed = model.loss(batch, generator())
    for name, term in exact.items():
        torch.testing.assert_close(mixed[name].to(term.dtype), term, rtol=0.05, atol=0.02, msg=name)


def term_falls(model: Any, batch: Any, term: str, share: float, steps: int) -> None:
    """To less than `share` of what it was."""
    g = generator()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    values = []
    for _ in range(steps):
        terms = model.loss(batch, g)
        optimiser.zero_grad()
        terms["loss"].backward()
        optimiser.step()
        values.append(terms[term].item())
    assert values[-1] < share * values[0]


class SegmentLaws:
    """Laws of the models that read segments: of every case that the class of tests is parametrised by.

    Attributes:
        build: makes the model of a case, by name and settings.
        batch: makes a batch of a number of segments.
    """

    build: Callable[[str, dict[str, Any]], Any]
    batch: Callable[[int], Batch]

    def test_the_loss_falls_on_eight_segments(self, name: str, settings: dict[str, Any]) -> None:
        term_falls(self.build(name, settings), self.batch(8), "reconstruction", share=0.7, steps=40)

    def test_one_segment_alone_is_as_in_a_batch_of_four(self, name: str, settings: dict[str, Any]) -> None:
        model, x = self.build(name, settings).eval(), self.batch(4).x
        lengths = torch.tensor([x.shape[1], 3, 5, 1])
        static, dynamic = model.embed(x, lengths)
        for i, length in enumerate(lengths):
            alone_static, alone_dynamic = model.embed(x[i : i + 1, :length])
            torch.testing.assert_close(static[i], alone_static[0])
            torch.testing.assert_close(dynamic[i, :length], alone_dynamic[0])

    def test_no_frame_hears_past_the_end_of_its_segment(self, name: str, settings: dict[str, Any]) -> None:
        """What is decoded of a padded segment is what it decodes to alone, whatever codes stand past its end."""
        model, x = self.build(name, settings).eval(), self.batch(4).x
        lengths = torch.tensor([x.shape[1], 3, 5, 1])
        static, dynamic = model.embed(x, lengths)
        past = torch.arange(x.shape[1]) >= lengths[:, None]
        dynamic = dynamic.masked_fill(past[..., None], 9.0)
        together = model.decode(static, dynamic, lengths)
        for i, length in enumerate(lengths):
            alone = model.decode(static[i : i + 1], dynamic[i : i + 1, :length])
            torch.testing.assert_close(together.mean[i, :length], alone.mean[0])
            torch.testing.assert_close(together.logvar[i, :length], alone.logvar[0])
