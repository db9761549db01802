"""Pools: the batches of everything resident, exact after a kill, the same in two processes, in bounded memory."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import runs
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from runs import Arguments, trains

from speechdis.cli import main
from speechdis.errors import InputError
from speechdis.features.store import Store, write_store
from speechdis.models.base import Batch
from speechdis.nn import parallel
from speechdis.nn.ctc import Units
from speechdis.training import config, resident
from speechdis.training.batches import Batches
from speechdis.training.config import Training
from speechdis.training.resident import Pools
from speechdis.training.segments import part, reached, strata
from speechdis.training.transcripts import Transcripts

CPU = torch.device("cpu")
ZERO, ONE = np.zeros(10, np.float32), np.ones(10, np.float32)
POOL = 3e-5  # GB: 187 frames of 10 bins with a twin in each half; the corpus has some 650
RECIPE = {
    "model": {"name": "cdsvae", "static_size": 4, "dynamic_size": 3, "hidden_size": 8, "frame_size": 8},
    "training": {
        "steps": 30, "batch": 8, "segment": 6, "validate_every": 5, "pool_gb": POOL, "pass_steps": 4,
    },
}  # fmt: skip


@pytest.fixture
def arguments(corpus: Path, tmp_path: Path) -> Arguments:
    """Command line that trains the recipe into a given directory."""
    read = ("--features", corpus / "features", "--augmented", corpus / "twins")
    return trains(RECIPE, tmp_path / "pools.yaml", *read)


@pytest.fixture
def twins(corpus: Path) -> Store:
    return Store.read(corpus / "twins" / "train")


def batches(store: Store, twins: Store | None = None, **settings: object) -> Batches:
    told = {"batch": 16, "segment": 6, "steps": 100, "static_view": "other", **settings}
    return Batches(store, twins, Training(**told), ZERO, ONE, CPU)  # type: ignore[arg-type]


def assert_same_batches(one: Batches, other: Batches, steps: int = 12) -> None:
    drawn = [torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)]
    for step in range(steps):
        assert one.enter(step) == other.enter(step)
        a, b = (made.draw(generator) for made, generator in zip((one, other), drawn, strict=True))
        for name in ("x", "static_view", "twin", "utterance", "segments"):
            x, y = getattr(a, name), getattr(b, name)
            assert (x is None and y is None) or torch.equal(x, y), name
        assert a.population == b.population


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(1, 9), st.integers(0, 3))
def test_pools_hold_every_utterance_once_and_equal_numbers_of_frames(
    counts: list[int], parts: int, seed: int
) -> None:
    frames = np.array(counts)
    for turn in range(2):
        held = [part(frames, parts, turn * parts + i, seed) for i in range(parts)]
        assert sorted(np.concatenate(held)) == list(range(len(counts)))
        assert all(frames[p].sum() <= frames.sum() / parts + frames.max() for p in held)
        if parts <= frames.sum() / frames.max():
            assert all(len(p) for p in held)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(1, 5), st.integers(1, 4))
def test_a_share_of_strata_is_of_the_utterances_that_it_reaches(
    counts: list[int], shares: int, each: int
) -> None:
    numbers, total = np.array([*counts, 1]), sum(counts) + 1
    drawn = strata(total, shares * each, torch.Generator().manual_seed(total))
    edges = np.arange(shares * each + 1) * total // (shares * each)
    assert ((drawn.numpy() >= edges[:-1]) & (drawn.numpy() < np.maximum(edges[1:], edges[:-1] + 1))).all()
    utterance = np.searchsorted(numbers.cumsum(), drawn, "right")
    for share in range(shares):
        own = reached(numbers, shares, share)
        assert own[utterance[share * each :][:each]].all()
        assert numbers[own].sum() <= total / shares + 2 * numbers.max()


def test_strata_are_uniform() -> None:
    generator = torch.Generator().manual_seed(0)
    found = torch.stack([strata(10, 4, generator) for _ in range(4000)]).flatten().bincount(minlength=10)
    np.testing.assert_allclose(found[[0, 1, 5, 6]], 2000, atol=150)  # of parts of 2 numbers and of 3
    np.testing.assert_allclose(found[[2, 3, 4, 7, 8, 9]], 4000 / 3, atol=150)


def test_two_ranks_read_their_own_parts_and_draw_what_one_process_does(
    train_store: Store, twins: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With views, twins, and utterances that are read whole."""
    spoken = tuple(("a", "b", "a")[: k % 4] for k in range(len(train_store)))
    said = Transcripts("phones", Units.of([("a", "b")]), spoken)
    told = {"pool_gb": POOL, "pass_steps": 3, "static_mask_bins": 2}

    def drawn(world: int, rank: int) -> tuple[Batches, list[Batch]]:
        monkeypatch.setattr(parallel, "world", lambda: world)
        monkeypatch.setattr(parallel, "rank", lambda: rank)
        settings = Training(batch=16, segment=6, steps=100, static_view="other", **told)  # type: ignore[arg-type]
        made, generator = Batches(train_store, twins, settings, ZERO, ONE, CPU, said), torch.Generator()
        found = []
        for step in range(9):
            made.enter(step)
            held = len(made.reader.frames)
            found.append(made.draw(generator))
            assert held <= made.plan.most // world + 2 * train_store.counts.max() + 20
        return made, found

    (_, whole), (a, left), (_, right) = drawn(1, 0), drawn(2, 0), drawn(2, 1)
    assert 0 < a.plan.own(a.plan.chosen(1)).sum() < len(a.plan.chosen(1))
    for one, *two in zip(whole, left, right, strict=True):
        for name in ("x", "static_view", "twin", "utterance", "segments"):
            assert torch.equal(getattr(one, name), torch.cat([getattr(each, name) for each in two])), name
        for name in ("x", "lengths", "said"):
            parts = [getattr(each.spoken, name) for each in two]
            assert torch.equal(getattr(one.spoken, name), torch.cat(parts)), name


def test_a_pool_of_everything_gives_the_batches_of_everything_resident(
    train_store: Store, twins: Store
) -> None:
    made = batches(train_store, twins, pool_gb=1)
    assert not made.plan.pooled
    assert_same_batches(made, batches(train_store, twins))


@pytest.mark.parametrize("block", [4 << 20, 700])  # of 35 frames: some utterances are longer
def test_frames_that_are_copied_give_the_batches_of_the_map(
    train_store: Store, twins: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """Frames that bfloat16 can hold, so that it rounds nothing; some utterances are too short for a segment."""
    monkeypatch.setattr(resident, "BLOCK", block)
    stores = []
    for store in (train_store, twins):
        rounded = torch.tensor(np.array(store.frames)).bfloat16().float().numpy()
        rows = []
        for i, utt in enumerate(store.utts):
            x = rounded[store.first[i] :][: store.counts[i] if i % 24 else 5]
            rows.append((utt, store.spks[i], x))
        stores.append(write_store(tmp_path / str(len(stores)), rows, store.settings))
    for told in ({}, {"utterances": 5, "pass_steps": 3}):
        copied = batches(*stores, pool_precision="bfloat16", **told)
        assert copied.reader.frames.dtype == copied.twins.frames.dtype == torch.bfloat16
        assert_same_batches(copied, batches(*stores, **told))


def test_hierarchical_passes_are_the_same_from_pools(train_store: Store) -> None:
    told = {"utterances": 4, "pass_steps": 3}
    pooled = batches(train_store, pool_gb=2e-5, **told)
    assert pooled.plan.pooled
    assert_same_batches(pooled, batches(train_store, **told))


def test_a_pool_has_its_utterances_with_twins_of_one_version_each(train_store: Store, twins: Store) -> None:
    made, generator = batches(train_store, twins, pool_gb=POOL, pass_steps=3), torch.Generator()
    seen, versions = set(), []
    for number in range(2 * made.plan.parts):
        made.enter(3 * number + 1)
        version: dict[int, int] = {}
        for _ in range(20):
            batch = made.draw(generator)
            for x, twin, u in zip(batch.x, batch.twin, batch.utterance.tolist(), strict=True):
                assert (np.abs(train_store[u] - x[0].numpy()).sum(-1) < 1e-5).any()
                (drawn,) = [
                    v for v in (0, 1) if torch.allclose(twin - x, torch.tensor(0.1 * v + 0.1), atol=1e-4)
                ]
                assert version.setdefault(u, drawn) == drawn
        assert set(version) <= set(made.plan.chosen(number).tolist())
        seen |= set(version)
        versions.append(version)
    assert seen == set(range(len(train_store)))
    both = [(a[u], b[u]) for a in versions for b in versions for u in a if u in b]
    assert {(0, 1), (0, 0), (1, 1)} <= set(both)  # drawn anew for each pool


def test_a_pool_of_all_utterances_has_twins_of_other_versions_each_time(
    train_store: Store, twins: Store
) -> None:
    """There is room for two pools of all frames with a twin each, and not for all frames with two twins and more."""
    everything = 3 * train_store.frames.nbytes / 1e9
    frames = np.concatenate([twins.frames] * 4)
    utts = tuple(f"{utt}#{v}" for v in range(8) for utt in train_store.utts)
    counts = np.tile(train_store.counts, 8)
    many = replace(twins, frames=frames, utts=utts, counts=counts, first=counts.cumsum() - counts)
    made = batches(train_store, many, pool_gb=2 * everything, pass_steps=3)
    assert (made.plan.pooled, made.plan.parts) == (True, 1)
    kept = []
    for step in (0, 3):
        made.enter(step)
        kept.append(made.twins.frames.clone())
        np.testing.assert_array_equal(made.reader.frames, train_store.frames)
    assert not torch.equal(*kept)


def test_two_places_hold_all_pools_within_the_limit(train_store: Store, twins: Store) -> None:
    made = batches(train_store, twins, pool_gb=POOL, pass_steps=1)
    assert isinstance(made.frames, Pools)
    places = set()
    for step in range(100):
        made.enter(step)
        places.add(made.reader.frames.data_ptr())
        assert sum(thread.name.startswith("pool") for thread in threading.enumerate()) <= 1
        held = made.frames._buffers
        assert {name for _, name in held} == {"frames", "twins"}
        assert sum(b.nbytes for b in held.values()) <= POOL * 1e9
    assert len(places) == 2
    for thread in threading.enumerate():
        assert not thread.name.startswith("pool")  # none is loaded beyond the last


def test_a_file_that_ends_early_is_named_where_its_pool_is_taken(train_store: Store, tmp_path: Path) -> None:
    about = zip(train_store.utts, train_store.spks, strict=True)
    rows = [(utt, spk, train_store[i]) for i, (utt, spk) in enumerate(about)]
    made = batches(write_store(tmp_path / "store", rows, train_store.settings), pool_gb=1.5e-5, pass_steps=1)
    made.enter(0)
    made.enter(1)
    os.truncate(tmp_path / "store" / "frames.npy", 5000)
    with pytest.raises(
        InputError, match=r"store/frames.npy: has become shorter while training reads it; make"
    ):
        for step in range(2, 6):
            made.enter(step)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"pool_gb": 1e-6},
            "training.pool_gb=1e-06 is too small for the utterances of .*; set it to .* or more",
        ),
        (
            {"pool_gb": POOL, "utterances": 20},
            "training.utterances=20 utterances of .* half of training.pool_gb=3e-05; lower training.utterances",
        ),
    ],
)
def test_pools_that_hold_too_little_are_refused(
    train_store: Store, twins: Store, settings: dict[str, float], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        batches(train_store, twins, **settings)


def test_what_the_device_has_no_room_for_is_refused(
    train_store: Store, twins: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine of 20 kB; a map needs none."""
    monkeypatch.setattr("speechdis.training.memory.total", lambda: 20_000)
    batches(train_store, twins)
    with pytest.raises(
        InputError, match=r"training.pool_gb=3e-05: 3e-05 GB are wanted on cpu, .*; lower training.pool_gb"
    ):
        batches(train_store, twins, pool_gb=POOL)
    with pytest.raises(InputError, match=r"the frames of .* on cpu, 2e-05 GB are free; set training.pool_gb"):
        batches(train_store, twins, pool_precision="bfloat16")


def test_a_killed_run_ends_as_an_unbroken_one(arguments: Arguments, tmp_path: Path) -> None:
    runs.killed_run_ends_as_an_unbroken_one(arguments, tmp_path, steps=150)


@pytest.mark.parametrize("step", [5, 8])
def test_a_run_resumed_at_any_place_of_a_pool_is_unbroken(corpus: Path, tmp_path: Path, step: int) -> None:
    """A pool has 4 steps: 5 lies inside one, while the next is loaded; at 8 one ends."""
    from speechdis.training.experiment import _trainer

    class Silent:
        def update(self) -> None:
            """A progress bar's."""

    def run(out: Path, *stops: int) -> dict[str, torch.Tensor]:
        (out / "checkpoints").mkdir(parents=True)
        for stop in stops:
            torch.manual_seed(0)
            recipe = config.recipe(RECIPE, "test")
            trainer = _trainer(recipe, corpus / "features", corpus / "twins", None, out, CPU)
            trainer.resume()
            trainer._advance(stop, Silent())  # type: ignore[arg-type]
            trainer._save_state()
        return {k: v.clone() for k, v in trainer.model.state_dict().items()}

    whole, broken = run(tmp_path / "whole", 14), run(tmp_path / "broken", step, 14)
    for name, value in whole.items():
        assert torch.equal(value, broken[name]), name


def test_two_processes_are_one_with_the_whole_batch(arguments: Arguments, tmp_path: Path) -> None:
    runs.two_processes_are_one_with_the_whole_batch(arguments, tmp_path)


def test_a_run_of_before_there_were_pools_goes_on(arguments: Arguments, tmp_path: Path) -> None:
    out, told = tmp_path / "old", ("--set", "training.pool_gb=0")
    assert main(arguments(out, *told)) == 0
    file = out / "config.yaml"
    content = yaml.safe_load(file.read_text())
    for name in ("pool_gb", "pool_precision"):
        del content["training"][name]
    file.write_text(yaml.safe_dump(content))
    assert main(arguments(out, *told, "--set", "training.steps=40", "--resume")) == 0
    assert main(arguments(out, "--set", "training.steps=40", "--resume")) == 2  # pools are another run
