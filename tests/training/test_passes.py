"""Passes: distinct utterances, none left out; the table begins anew; exact after a kill, the same in two processes."""

from pathlib import Path

import numpy as np
import pytest
import runs
import torch
from hypothesis import given
from hypothesis import strategies as st
from runs import Arguments, curve, trains

from speechdis import models
from speechdis.cli import main
from speechdis.features.store import Store
from speechdis.nn.gaussian import Gaussian
from speechdis.training import checkpoint, config
from speechdis.training.batches import Batches
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.config import Training
from speechdis.training.loop import Trainer
from speechdis.training.segments import pool

CPU = torch.device("cpu")
RECIPE = {
    "model": {"name": "fhvae", "static_size": 4, "dynamic_size": 3, "hidden_size": 8},
    "training": {
        "steps": 30, "batch": 8, "segment": 6, "validate_every": 5, "utterances": 7, "pass_steps": 4,
    },
}  # fmt: skip


@pytest.fixture
def passes(corpus: Path, tmp_path: Path) -> Arguments:
    """Command line that trains the recipe into a given directory."""
    return trains(RECIPE, tmp_path / "passes.yaml", "--features", corpus / "features")


def batches(store: Store, **settings: int) -> Batches:
    zero, one = np.zeros(10, np.float32), np.ones(10, np.float32)
    return Batches(store, None, Training(batch=16, segment=6, **settings), zero, one, CPU)  # type: ignore[arg-type]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3))
def test_a_pool_is_of_distinct_utterances_and_a_round_leaves_none_out(k: int, more: int, seed: int) -> None:
    utterances = k + more - 1
    passes = -(-utterances // k)
    for turn in range(2):
        pools = [pool(utterances, k, turn * passes + i, seed) for i in range(passes)]
        assert all(len(set(p)) == k for p in pools)
        assert set(np.concatenate(pools)) == set(range(utterances))


def test_pools_differ_by_pass_and_seed() -> None:
    orders = {tuple(pool(1000, 50, number, seed)) for number in range(40) for seed in range(3)}
    assert len(orders) == 120


def test_a_pass_draws_from_its_utterances_alone(train_store: Store) -> None:
    made, generator = batches(train_store, utterances=5, pass_steps=3), torch.Generator().manual_seed(0)
    begun = []
    for step in range(9):
        begun.append(made.enter(step))
        drawn = [made.draw(generator) for _ in range(20)]
        rows = pool(len(train_store), 5, step // 3, 0)
        assert {int(u) for batch in drawn for u in batch.utterance} == set(range(5))
        for batch in drawn:
            for x, u, segments in zip(batch.x, batch.utterance, batch.segments, strict=True):
                assert (np.abs(train_store[rows[u]] - x[0].numpy()).sum(-1) < 1e-5).any()
                assert segments == train_store.counts[rows[u]] // 6
    assert begun == [True, False, False] * 3
    assert made.enter(4) is False  # in the middle, as after a kill
    np.testing.assert_array_equal(made.segments.first, train_store.first[pool(len(train_store), 5, 1, 0)])


def test_a_pass_is_as_long_as_its_utterances(train_store: Store) -> None:
    made = batches(train_store, utterances=6)
    per_utterance = (train_store.counts // 6).mean()
    assert made.pass_steps == pytest.approx(6 * per_utterance / 16, abs=1)


def test_without_passes_there_is_one_pool(train_store: Store) -> None:
    made = batches(train_store)
    assert made.rows == len(train_store)
    assert not any(made.enter(step) for step in (0, 1, 1000))


def test_fewer_utterances_than_a_pass_has_are_all_in_each(train_store: Store) -> None:
    made = batches(train_store, utterances=1000, pass_steps=2)
    assert made.rows == len(train_store)
    assert [made.enter(step) for step in range(4)] == [True, False] * 2
    np.testing.assert_array_equal(made.segments.first, train_store.first)


def test_the_table_begins_anew_and_its_moments_with_it(train_store: Store, tmp_path: Path) -> None:
    """After the first step of a pass the table is the s-vectors moved by one step of Adam that knows nothing."""
    made = batches(train_store, utterances=5, pass_steps=3)
    look = batches(train_store)
    rate = 1e-3
    training = Training(steps=4, batch=16, segment=6, learning_rate=rate, utterances=5, pass_steps=3)
    model = models.build("fhvae", 10, models.load("fhvae").Config(hidden_size=8, rows=made.rows))
    zero, one = np.zeros(10, np.float32), np.ones(10, np.float32)
    trainer = Trainer(Checkpoint(model, "fhvae", {}, 6, zero, one, 0), training, made, look, tmp_path)
    trainer._advance(3, _Silent())
    (optimiser,) = trainer.steps.optimisers
    assert optimiser.state[model.table]["step"] == 3
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    trainer._advance(4, _Silent())
    assert optimiser.state[model.table]["step"] == 1
    assert optimiser.state[model.z2_head.linear.weight]["step"] == 4
    moved, table = model.table.clone(), model.table
    model.load_state_dict(kept)
    assert list(model.begin_pass(made.everything())) == [table]
    torch.testing.assert_close((moved - table).abs(), torch.full_like(table, rate), rtol=1e-3, atol=0)


def test_the_bound_on_validation_speakers_is_that_of_whole_utterances(
    train_store: Store, tmp_path: Path
) -> None:
    """KL(q(z2 | x) || p(z2 | mu2)) by torch, mu2 over all of an utterance; a batch of one segment sees no other."""
    zero, one = np.zeros(10, np.float32), np.ones(10, np.float32)
    look = Batches(train_store, None, Training(batch=1, segment=6), zero, one, CPU)
    torch.manual_seed(0)
    model = models.build("fhvae", 10, models.load("fhvae").Config(hidden_size=8, rows=len(train_store)))
    model.z2_head.linear.weight.data.mul_(5)
    found = Trainer(Checkpoint(model, "fhvae", {}, 6, zero, one, 0), look.training, look, look, tmp_path)
    pieces = [torch.tensor(u[: len(u) // 6 * 6]).view(-1, 6, 10) for u in train_store]
    q = [model.encode_z2(x) for x in pieces]
    wanted, alone = (
        torch.cat([_kl(p, mean(p.mean)) for p in q]).mean().item()
        for mean in (lambda m: m.sum(0) / (len(m) + 0.25), lambda m: m / 1.25)
    )
    assert found.validate()["kl_static"] == pytest.approx(wanted, rel=1e-4)
    assert abs(alone / wanted - 1) > 0.1  # what a segment's own z2 would give


def _kl(q: Gaussian, mu2: torch.Tensor) -> torch.Tensor:
    """KL(q || N(mu2, 0.25)) of each row."""
    own = torch.distributions.Normal(q.mean, (0.5 * q.logvar).exp())
    return torch.distributions.kl_divergence(own, torch.distributions.Normal(mu2, 0.5)).sum(-1)


class _Silent:
    def update(self) -> None:
        """A progress bar's."""


def test_it_learns_with_a_row_for_each_utterance(passes: Arguments, tmp_path: Path) -> None:
    for utterances, rows in ((7, 7), (0, 24)):
        out = tmp_path / str(utterances)
        settings = (
            f"training.utterances={utterances}",
            "training.learning_rate=0.01",
            "training.steps=120",
            "training.validate_every=20",
        )
        assert main(passes(out, "--set", *settings)) == 0
        lines = curve(out)
        assert lines[-1]["train"]["reconstruction"] < lines[0]["train"]["reconstruction"] - 1
        assert set(lines[0]["train"]) - set(lines[0]["valid"]) == {"discriminative"}
        assert checkpoint.load(out).model.table.shape == (rows, 4)


def test_a_killed_run_ends_as_an_unbroken_one(passes: Arguments, tmp_path: Path) -> None:
    """States are saved in the middle of passes and at their ends."""
    runs.killed_run_ends_as_an_unbroken_one(passes, tmp_path, steps=150)


@pytest.mark.parametrize("step", [5, 8, 10])
def test_a_run_resumed_at_any_place_of_a_pass_is_unbroken(
    passes: Arguments, corpus: Path, tmp_path: Path, step: int
) -> None:
    """A pass has 4 steps: 5 and 10 lie inside one, at 8 one ends."""
    from speechdis.training.experiment import _trainer

    def run(out: Path, *stops: int) -> dict[str, torch.Tensor]:
        (out / "checkpoints").mkdir(parents=True)
        recipe = config.recipe(RECIPE, "test")
        for stop in stops:
            torch.manual_seed(0)
            trainer = _trainer(recipe, corpus / "features", None, None, out, CPU)
            trainer.resume()
            trainer._advance(stop, _Silent())
            trainer._save_state()
        return {k: v.clone() for k, v in trainer.model.state_dict().items()}

    whole, broken = run(tmp_path / "whole", 14), run(tmp_path / "broken", step, 14)
    for name, value in whole.items():
        assert torch.equal(value, broken[name]), name


def test_two_processes_are_one_with_the_whole_batch(passes: Arguments, tmp_path: Path) -> None:
    runs.two_processes_are_one_with_the_whole_batch(passes, tmp_path)
