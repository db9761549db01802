"""Captured steps, as far as no GPU is needed: what a graph forbids is not done, and a stand-in trains the same."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from speechdis import models
from speechdis.features.store import Store
from speechdis.training import captured
from speechdis.training.batches import Batches
from speechdis.training.config import Training, recipe
from speechdis.training.steps import Steps

CPU = torch.device("cpu")
SPEECH = ("dsvae", "cdsvae", "fhvae", "revoice", "spyl", "dbse", "s3vae", "rwae", "vrnn", "avrnn")
WAITS = {
    torch.ops.aten._local_scalar_dense.default,  # .item(), float(), bool() of a tensor
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
    torch.ops.aten.equal.default,
    torch.ops.aten._unique2.default,
}


class NoWaiting(TorchDispatchMode):
    """Fails where the host would wait for the device, or a shape hang on data."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func not in WAITS, func
        if func is torch.ops.aten.index.Tensor:
            assert not any(i is not None and i.dtype == torch.bool for i in args[1]), "rows by a mask"
        return func(*args, **(kwargs or {}))


def steps_of(name: str, store: Store, twins: Store, **more: Any) -> tuple[Steps, Batches]:
    told = {"batch": 4, "segment": 10, "clip": 1000.0, **more}
    made = recipe({"model": {"name": name}, "training": told}, "test")
    batches = Batches(store, twins, made.training, store.mean, store.std, CPU)
    kind = models.load(name).Model
    torch.manual_seed(0)
    model = kind(store.frames.shape[1], kind.for_utterances(made.model, batches.rows)).train()
    return Steps(model.phases(), made.training, CPU), batches


def losses(take: Callable[[], dict[str, Tensor]], count: int = 6) -> list[float]:
    return [float(take()["loss"]) for _ in range(count)]


@pytest.mark.parametrize("name", SPEECH)
def test_no_step_waits_for_the_device(name: str, train_store: Store, train_twins: Store) -> None:
    steps, batches = steps_of(name, train_store, train_twins, static_view="other", static_mask_bins=4)
    take = steps.taking(batches.draw, torch.Generator().manual_seed(0), batches.fixed)
    take()  # the optimiser's state begins
    with NoWaiting():
        terms = take()
    assert terms["loss"].isfinite()


def twice(step: captured.Step, generator: torch.Generator) -> captured.Step:
    """What a graph does, without one: it is called for the recording, and its tensors are filled anew at each call."""
    kept: dict[str, Tensor] = {}

    def replay() -> dict[str, Tensor]:
        for name, term in step().items():
            kept.setdefault(name, torch.empty_like(term)).copy_(term)
        return kept

    return replay


@pytest.mark.parametrize("name", ["revoice", "avrnn"])
def test_a_recorded_step_with_rates_in_tensors_trains_the_same(
    name: str, train_store: Store, train_twins: Store
) -> None:
    found = []
    for record in (None, twice):
        steps, batches = steps_of(name, train_store, train_twins, schedule="cosine", steps=8)
        generator = torch.Generator().manual_seed(0)
        take = steps.taking(batches.draw, generator, batches.fixed)
        if record is not None:
            take = captured.Captured(take, generator, record)
            for optimiser in steps.optimisers:  # `prepare` but for `capturable`, which is a GPU's
                for group in optimiser.param_groups:
                    group["lr"] = torch.tensor(group["lr"])
        seen = []
        for step in range(6):
            steps.set_learning_rates(step)
            seen.append(float(take()["loss"]))
        found.append(seen)
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_what_cannot_be_recorded_is_taken_as_ever(
    train_store: Store, train_twins: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(step: captured.Step, generator: torch.Generator) -> captured.Step:
        step()  # draws, as a recording does
        raise RuntimeError("operation not permitted when stream is capturing\nmore of it")

    steps, batches = steps_of("dsvae", train_store, train_twins)
    expected = losses(steps.taking(batches.draw, torch.Generator().manual_seed(0), batches.fixed), 3)
    steps, batches = steps_of("dsvae", train_store, train_twins)
    generator = torch.Generator().manual_seed(0)
    take = captured.Captured(steps.taking(batches.draw, generator, batches.fixed), generator, fails)
    with caplog.at_level(logging.WARNING):
        assert losses(take, 3) == expected
        drawn = generator.get_state()
        take()
    assert caplog.messages == [
        "steps are not captured as a CUDA graph, and take longer: operation not permitted when stream is capturing"
    ]
    assert not torch.equal(generator.get_state(), drawn)


def test_released_optimisers_are_as_before() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    optimiser = torch.optim.Adam([weight], lr=0.5, fused=True)
    before = optimiser.state_dict()
    captured.prepare([optimiser], CPU)
    assert isinstance(optimiser.param_groups[0]["lr"], Tensor) and optimiser.param_groups[0]["capturable"]
    captured.release([optimiser])
    assert optimiser.state_dict() == before


def test_passes_are_not_captured(train_store: Store, tmp_path: Path) -> None:
    told = (Training(batch=4, segment=10), Training(batch=4, segment=10, utterances=2))
    made = [Batches(train_store, None, each, train_store.mean, train_store.std, CPU) for each in told]
    assert [one.fixed for one in made] == [True, False]
