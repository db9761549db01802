"""Batches: every segment lies in one utterance, twins are the same frames, every position is drawn."""

from pathlib import Path

import numpy as np
import pytest
import torch

from speechdis.errors import InputError
from speechdis.features.store import Store, write_store
from speechdis.training.batches import Batches
from speechdis.training.config import Training
from speechdis.training.segments import Segments

CPU = torch.device("cpu")
ZERO, ONE = np.zeros(10, np.float32), np.ones(10, np.float32)


def batches(store: Store, twins: Store | None = None, **settings: object) -> Batches:
    return Batches(store, twins, Training(batch=16, segment=6, **settings), ZERO, ONE, CPU)  # type: ignore[arg-type]


def rows_of(store: Store, x: torch.Tensor) -> np.ndarray:
    """Rows of the store that hold these frames, (B, T)."""
    distance = np.abs(np.asarray(store.frames)[None] - x.reshape(-1, 1, x.shape[-1]).numpy()).sum(-1)
    assert distance.min(1).max() < 1e-5
    return distance.argmin(1).reshape(x.shape[:2])


def utterance_of(store: Store, rows: np.ndarray) -> np.ndarray:
    return np.searchsorted(store.first, rows, side="right") - 1


def test_segments_are_all_of_them_by_brute_force(train_store: Store) -> None:
    first, counts = train_store.first, train_store.counts
    segments = Segments.of(first, counts, 6, CPU)
    positions = [(f + i, u) for u, (f, c) in enumerate(zip(first, counts, strict=True)) for i in range(c - 5)]
    tiles = [
        (f + i, u) for u, (f, c) in enumerate(zip(first, counts, strict=True)) for i in range(0, c - 5, 6)
    ]
    assert (segments.total_positions, segments.total_tiles) == (len(positions), len(tiles))
    for found, brute in ((segments.position, positions), (segments.tile, tiles)):
        rows, owner = found(torch.arange(len(brute)))
        assert list(zip(rows.tolist(), owner.tolist(), strict=True)) == brute


def test_a_batch_says_whose_segments_it_holds(train_store: Store) -> None:
    made = batches(train_store)
    drawn = made.draw(torch.Generator().manual_seed(0))
    tiled = list(made.tile(torch.Generator().manual_seed(0)))
    for batch in (drawn, *tiled):
        owner = utterance_of(train_store, rows_of(train_store, batch.x))[:, 0]
        np.testing.assert_array_equal(batch.utterance, owner)
        np.testing.assert_array_equal(batch.segments, train_store.counts[owner] // 6)
    everything = made.everything()
    rows = np.concatenate([rows_of(train_store, b.x)[:, 0] for b in everything])
    np.testing.assert_array_equal(rows, made.segments.tile(torch.arange(made.population))[0])


@pytest.mark.parametrize("view", ["shuffle", "other"])
def test_batches_of_tiles_hold_each_once_and_are_each_of_all_utterances(
    train_store: Store, view: str
) -> None:
    made = batches(train_store, static_view=view)
    tiled = list(made.tile(torch.Generator().manual_seed(0)))
    rows = np.stack([rows_of(train_store, batch.x)[:, 0] for batch in tiled])
    assert len(tiled) == made.population // 16 > 1
    assert len(np.unique(rows)) == rows.size
    tiles = made.segments.tile(torch.arange(made.population))[0].numpy()
    assert np.isin(rows, tiles).all()
    number = np.searchsorted(tiles, rows)  # an even spread: neighbours in a batch are equally far apart
    assert (np.diff(number, axis=1) == len(tiled)).all()
    if view == "other":  # as in training: another segment of the utterance, not the same again
        other = np.stack([rows_of(train_store, batch.static_view)[:, 0] for batch in tiled])
        assert (np.abs(other - rows) >= 6).mean() > 0.9
        assert (utterance_of(train_store, other) == utterance_of(train_store, rows)).all()


def test_a_segment_is_consecutive_frames_of_one_utterance(train_store: Store) -> None:
    rows = rows_of(train_store, batches(train_store).draw(torch.Generator().manual_seed(0)).x)
    assert (np.diff(rows) == 1).all()
    owner = utterance_of(train_store, rows)
    assert (owner == owner[:, :1]).all()


def test_the_shuffled_view_holds_the_same_frames(train_store: Store) -> None:
    for view in ("shuffle", "reverse", "either"):
        batch = batches(train_store, static_view=view).draw(torch.Generator().manual_seed(0))
        x, shuffled = rows_of(train_store, batch.x), rows_of(train_store, batch.static_view)
        np.testing.assert_array_equal(np.sort(shuffled), x)
        assert (shuffled != x).any()
        reversed_rows = (shuffled == x[:, ::-1]).all(1)
        assert {"shuffle": not reversed_rows.any(), "reverse": reversed_rows.all()}.get(
            view, 0 < reversed_rows.mean() < 1
        )


def test_the_other_segment_is_of_the_same_utterance(train_store: Store) -> None:
    batch = batches(train_store, static_view="other").draw(torch.Generator().manual_seed(0))
    x, other = rows_of(train_store, batch.x), rows_of(train_store, batch.static_view)
    np.testing.assert_array_equal(utterance_of(train_store, x), utterance_of(train_store, other))
    assert (x != other).any()


def test_it_is_any_that_overlaps_none_of_the_first_or_else_the_furthest() -> None:
    first, counts = np.array([0, 20, 25]), np.array([20, 5, 8])
    segments = Segments.of(first, counts, 5, CPU)
    spread = torch.arange(0, 1, 1 / 64)
    for u, count in enumerate(counts):
        for start in range(count - 4):
            free = [p for p in range(count - 4) if abs(p - start) >= 5]
            furthest = 0 if 2 * start >= count - 4 else int(count) - 5
            at, of = torch.full((64,), int(first[u]) + start), torch.full((64,), u)
            drawn = segments.elsewhere(at, of, spread) - int(first[u])
            assert sorted(set(drawn.tolist())) == (free or [furthest])


def test_twins_are_the_same_frames_of_either_version(corpus: Path, train_store: Store) -> None:
    batch = batches(train_store, Store.read(corpus / "twins" / "train")).draw(
        torch.Generator().manual_seed(0)
    )
    offset = (batch.twin - batch.x).mean((1, 2))
    assert {round(float(o), 3) for o in offset} == {0.1, 0.2}
    assert torch.allclose(batch.twin - batch.x, offset[:, None, None].expand_as(batch.x), atol=1e-5)


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_that_share_of_static_views_goes_through_channels(tmp_path: Path, share: float) -> None:
    frames = np.random.default_rng(0).normal(size=(400, 10)).astype(np.float32)
    settings = {"type": "fbank", "config": {"rate": 16000, "bins": 10}}
    write_store(tmp_path / "store", [("u", "s", frames)], settings)
    told = {"static_view": "reverse", "static_channel_db": 3.0, "static_channel_share": share}
    made = batches(Store.read(tmp_path / "store"), **told)
    generator = torch.Generator().manual_seed(0)
    drawn = [made.draw(generator) for _ in range(20)]
    same = torch.cat([(b.static_view == b.x.flip(1)).all((1, 2)) for b in drawn]).float().mean()
    assert abs(same - (1 - share)) < 0.1  # 320 segments: standard deviation 0.03


def test_bands_are_hidden_in_the_static_view_alone(corpus: Path, train_store: Store) -> None:
    made = batches(
        train_store, Store.read(corpus / "twins" / "train"), static_view="reverse", static_mask_bins=2
    ).draw(torch.Generator().manual_seed(0))
    kept = (made.static_view == made.x.flip(1)).all(1)  # (B, F)
    assert not kept.all()
    assert (made.static_view.abs().sum(1)[~kept] == 0).all()
    assert (made.x.abs().sum(1) > 0).all()
    assert (made.twin.abs().sum(1) > 0).all()


@pytest.mark.parametrize("bins", [-1, 11])
def test_no_wider_band_than_there_are_bins_is_hidden(train_store: Store, bins: int) -> None:
    with pytest.raises(InputError, match=f"static_mask_bins must be 0 to 10, .* not {bins}"):
        batches(train_store, static_mask_bins=bins)


def test_frames_are_normalised(train_store: Store) -> None:
    made = Batches(train_store, None, Training(batch=512, segment=6), train_store.mean, train_store.std, CPU)
    x = made.draw(torch.Generator().manual_seed(0)).x
    assert x.mean().abs() < 0.1
    assert abs(x.std() - 1) < 0.1


def test_foreign_twins_and_too_long_segments_are_refused(
    corpus: Path, train_store: Store, tmp_path: Path
) -> None:
    twins = Store.read(corpus / "twins" / "train")
    rows = [(utt, spk, frames) for utt, spk, frames in zip(twins.utts, twins.spks, twins, strict=True)]
    settings = train_store.settings
    write_store(tmp_path / "own", rows, {**settings, "augment": {"source": train_store.digest}})
    batches(train_store, Store.read(tmp_path / "own"))
    write_store(tmp_path / "other", rows, {**settings, "augment": {"source": "of other frames"}})
    write_store(tmp_path / "spectra", rows, {**settings, "type": "spectrogram"})
    for foreign in (corpus / "features" / "dev", tmp_path / "other", tmp_path / "spectra"):
        with pytest.raises(InputError, match="not the twins of"):
            batches(train_store, Store.read(foreign))
    with pytest.raises(InputError, match="no utterance holds a segment of 1000 frames"):
        Batches(train_store, None, Training(segment=1000), ZERO, ONE, CPU)
