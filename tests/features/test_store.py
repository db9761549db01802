"""The frame store gives back what was written, knows its statistics, and refuses what is not whole."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from speechdis.errors import InputError
from speechdis.features.store import Store, write_store

SETTINGS = {"type": "fbank", "config": {"rate": 16000, "hop": 0.01}}


def rows(*counts: int, size: int = 3) -> list[tuple[str, str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [
        (f"s{i % 2}-{i}", f"s{i % 2}", rng.normal(i, 2, (n, size)).astype(np.float32))
        for i, n in enumerate(counts)
    ]


@given(counts=st.lists(st.integers(1, 50), min_size=1, max_size=20), size=st.integers(1, 5))
def test_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], size: int
) -> None:
    path = tmp_path_factory.mktemp("store") / "store"
    written = rows(*counts, size=size)
    write_store(path, iter(written), SETTINGS)
    store = Store.read(path)
    everything = np.concatenate([frames for _, _, frames in written])
    np.testing.assert_array_equal(store.frames, everything)
    assert len(store) == len(counts)
    for i, (utt, spk, frames) in enumerate(written):
        assert (store.utts[i], store.spks[i]) == (utt, spk)
        np.testing.assert_array_equal(store[i], frames)
    np.testing.assert_allclose(store.mean, everything.mean(0, dtype=float), atol=1e-6)
    std = everything.std(0, dtype=float)
    np.testing.assert_allclose(store.std, np.where(std < 1e-6, 1, std), rtol=1e-5)
    assert store.settings == SETTINGS
    assert store.digest == hashlib.sha256(everything.tobytes()).hexdigest()


def test_statistics_survive_a_large_offset() -> None:
    """The textbook sum of squares loses all digits here."""
    from speechdis.features.store import _Written

    rng = np.random.default_rng(0)
    with Path("/dev/null").open("wb") as file:
        written = _Written(file)
        pieces = [(1e4 + rng.normal(0, 0.1, (n, 2))).astype(np.float32) for n in (1, 10, 1000, 1000)]
        for i, piece in enumerate(pieces):
            written.add(str(i), piece)
    expected = np.concatenate(pieces).std(0, dtype=np.float64)
    np.testing.assert_allclose(written.about()["cmvn"]["std"], expected, rtol=1e-6)


def test_any_numpy_reads_the_frames(tmp_path: Path) -> None:
    """The header, written for no rows and again for all, grew in place."""
    store = write_store(tmp_path / "store", rows(*[7] * 100), SETTINGS)
    frames = np.load(tmp_path / "store" / "frames.npy")
    assert frames.shape == (700, 3)
    assert (tmp_path / "store" / "frames.npy").stat().st_size == 128 + frames.nbytes
    assert len(store.frames) == 700


def test_a_dimension_that_never_changes_can_be_divided_by(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store", [("a", "a", np.full((5, 2), -15.94, np.float32))], SETTINGS)
    assert (store.std == 1).all()


def test_same_rows_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_store(tmp_path / name, rows(3, 4), SETTINGS)
    for file in ("frames.npy", "utts.tsv", "store.yaml"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert "/" not in (tmp_path / "a" / "store.yaml").read_text()  # no machine paths


def test_an_error_midway_leaves_the_earlier_store(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[str, str, np.ndarray]]:
        yield from rows(2)
        raise OSError(28, "No space left on device")

    before = write_store(tmp_path / "store", rows(5), SETTINGS).digest
    with pytest.raises(OSError, match="No space"):
        write_store(tmp_path / "store", broken(), SETTINGS)
    assert Store.read(tmp_path / "store").digest == before
    assert [p.name for p in tmp_path.iterdir()] == ["store"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([], "no utterance"),
        ([("a", "a", np.zeros((0, 3)))], "a: frames"),
        ([("a", "a", np.zeros((2, 3))), ("b", "a", np.zeros((2, 4)))], "b: frames"),
        ([("a", "a", np.full((2, 3), np.nan))], "not finite"),
        ([("a", "a", np.zeros((2, 3))), ("a", "a", np.zeros((2, 3)))], "a: an utterance of this name"),
    ],
)
def test_refuses_rows_that_are_not_frames(tmp_path: Path, bad: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        write_store(tmp_path / "store", bad, SETTINGS)
    assert not (tmp_path / "store").exists()


def truncate(path: Path) -> None:
    data = (path / "frames.npy").read_bytes()
    (path / "frames.npy").write_bytes(data[:-4])


def shorten(path: Path) -> None:
    lines = (path / "utts.tsv").read_text().splitlines(keepends=True)
    (path / "utts.tsv").write_text("".join(lines[:-1]))


def reorder(path: Path) -> None:
    lines = (path / "utts.tsv").read_text().splitlines(keepends=True)
    (path / "utts.tsv").write_text("".join([lines[0], *reversed(lines[1:])]))


def pickle(path: Path) -> None:
    np.save(path / "frames.npy", np.array([{}], dtype=object), allow_pickle=True)


def widen(path: Path) -> None:
    about = yaml.safe_load((path / "store.yaml").read_text())
    about["cmvn"]["mean"].append(0.0)
    (path / "store.yaml").write_text(yaml.safe_dump(about))


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        shorten,
        reorder,
        pickle,
        widen,
        lambda path: (path / "store.yaml").unlink(),
        lambda path: (path / "utts.tsv").unlink(),
        lambda path: (path / "frames.npy").unlink(),
        lambda path: (path / "frames.npy").write_bytes(b""),
        lambda path: (path / "utts.tsv").write_bytes(b"\xff\xfe"),
        lambda path: (path / "utts.tsv").write_text("utt spk\n"),
        lambda path: (path / "store.yaml").write_text("[1, 2"),
        lambda path: (path / "store.yaml").write_text("- 1"),
        lambda path: (path / "store.yaml").write_text(
            "{settings: 1, digest: a, cmvn: {mean: [x], std: [1]}}"
        ),
        lambda path: (path / "store.yaml").write_text("!!python/object/apply:os.system [true]"),
    ],
)
def test_refuses_a_damaged_store(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    write_store(tmp_path / "store", rows(3, 4), SETTINGS)
    damage(tmp_path / "store")
    with pytest.raises(InputError, match="store"):
        Store.read(tmp_path / "store")
