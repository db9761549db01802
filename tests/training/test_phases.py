"""Training in phases: each moves its own parameters by its own rule, and a broken run goes on exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from runs import Arguments
from torch import Tensor, nn

from speechdis.cli import main
from speechdis.features.store import Store
from speechdis.models.base import Batch, Model, Phase
from speechdis.training.batches import Batches
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.config import Training
from speechdis.training.loop import Trainer


@dataclass(frozen=True)
class Config:
    pass


class Toy(Model):
    """a is lowered by one phase; b is lowered along a by another, three times a step and within bounds."""

    def __init__(self) -> None:
        super().__init__()
        self.config = Config()
        self.a, self.b = nn.Parameter(torch.tensor([2.0])), nn.Parameter(torch.tensor([0.0]))
        self.batches: list[Batch] = []

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        if self.training:
            self.batches.append(batch)
        return {"loss": self.a.sum()}

    def critic(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        self.batches.append(batch)
        return {"critic": (self.a * self.b).sum()}

    def phases(self) -> list[Phase]:
        sgd = torch.optim.SGD
        return [
            Phase([self.a], self.loss, optimiser=sgd),
            Phase([self.b], self.critic, "critic", sgd, learning_rate=0.125, repeats=3, weight_limit=0.5),
        ]


def trainer(store: Store, out: Path, **settings: object) -> Trainer:
    training = Training(steps=4, batch=4, segment=6, learning_rate=0.5, validate_every=2, **settings)
    batches = Batches(store, None, training, store.mean, store.std, torch.device("cpu"))
    (out / "checkpoints").mkdir(parents=True)
    current = Checkpoint(Toy(), "toy", {}, 6, store.mean, store.std, step=0)
    return Trainer(current, training, batches, batches, out)


def test_each_phase_moves_its_own_parameters_by_its_own_rule(train_store: Store, tmp_path: Path) -> None:
    """a falls by 0.5; then b, three times, by 0.125 a = 0.1875, and stops at the limit."""
    made = trainer(train_store, tmp_path)
    toy = made.model
    made.steps.take(
        made.steps.phases[0], made.steps.optimisers[0], made.batches.draw(made.generator), made.generator
    )
    assert (toy.a.item(), toy.b.item()) == (1.5, 0.0)
    for expected in (-0.1875, -0.375, -0.5):
        made.steps.take(
            made.steps.phases[1], made.steps.optimisers[1], made.batches.draw(made.generator), made.generator
        )
        assert (toy.a.item(), toy.b.item()) == (1.5, expected)


def test_a_step_takes_every_phase_with_batches_of_its_own(train_store: Store, tmp_path: Path) -> None:
    made = trainer(train_store, tmp_path)
    made.run()
    assert made.step == 4
    assert made.model.a.item() == 0.0
    seen = [batch.x for batch in made.model.batches]
    assert len(seen) == 4 * (1 + 3)
    assert not torch.equal(seen[0], seen[1])


def test_the_schedule_scales_the_rate_of_each(train_store: Store, tmp_path: Path) -> None:
    made = trainer(train_store, tmp_path, schedule="cosine")
    made.step = 2  # half way: half the rate
    made.steps.set_learning_rates(made.step)
    assert [o.param_groups[0]["lr"] for o in made.steps.optimisers] == pytest.approx([0.25, 0.0625])


def test_a_broken_run_in_phases_ends_as_an_unbroken_one(
    arguments: Arguments, tmp_path: Path, broken_at: Callable
) -> None:
    """R-WAE with its adversary: both optimisers' states are taken up."""
    settings = ("model.name=rwae", "model.divergence=gan", "model.critic_size=8")
    adversarial = [f"--set={setting}" for setting in settings]
    assert main(arguments(tmp_path / "whole", *adversarial)) == 0
    with broken_at(15):
        assert main(arguments(tmp_path / "broken", *adversarial)) != 0
    state = torch.load(tmp_path / "broken" / "checkpoints" / "last.state.pt", weights_only=True)
    assert [len(s["state"]) > 0 for s in state["optimisers"]] == [True, True]
    assert main(arguments(tmp_path / "broken", *adversarial, "--resume")) == 0
    for name in ("metrics.jsonl", "checkpoints/best.safetensors", "checkpoints/last.safetensors"):
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
