"""Content frames: resampled in time as numpy interpolates, found by utterance, and refused in one line."""

from pathlib import Path

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.data.archive import write_matrices
from speechdis.features.content import resampled
from speechdis.features.store import Store, write_store

SETTINGS = {"type": "fbank", "config": {"rate": 16000}}
RNG = np.random.default_rng(0)
COUNTS = {"a-1": 20, "a-2": 33, "b-1": 12}
ARRAYS = {utt: RNG.normal(size=(count // 2, 3)) for utt, count in COUNTS.items()}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """feats/train, and arrays/UTT.npy."""
    rows = [(utt, utt[0], RNG.normal(size=(n, 5)).astype(np.float32)) for utt, n in COUNTS.items()]
    write_store(tmp_path / "feats/train", rows, SETTINGS)
    (tmp_path / "arrays").mkdir()
    for utt, array in ARRAYS.items():
        np.save(tmp_path / "arrays" / f"{utt}.npy", array)
    return tmp_path


def add(root: Path, *words: str, arrays: str = "arrays") -> int:
    told = ("--features", root / "feats", "--arrays", root / arrays, "--out", root / "both")
    return main(["content", *map(str, told), *words])


@pytest.mark.parametrize("frames", [1, 7, 10, 64])
def test_both_span_the_same_time(frames: int) -> None:
    array = RNG.normal(size=(10, 2))
    middle = (np.arange(frames) + 0.5) / frames
    for k in range(2):
        expected = np.interp(middle, (np.arange(10) + 0.5) / 10, array[:, k])
        np.testing.assert_allclose(resampled(array, frames)[:, k], expected, atol=1e-6)


@pytest.mark.parametrize("kaldi", [False, True])
def test_a_store_has_them_in_its_last_columns(stores: Path, kaldi: bool) -> None:
    if kaldi:
        (stores / "ark").mkdir()
        write_matrices(
            stores / "ark", "feats", ((u, a.astype(np.float32)) for u, a in ARRAYS.items()), stores / "ark"
        )
    assert add(stores, arrays="ark" if kaldi else "arrays") == 0
    plain, made = Store.read(stores / "feats/train"), Store.read(stores / "both/train")
    assert (made.content, plain.content, made.utts, made.spks) == (3, 0, plain.utts, plain.spks)
    np.testing.assert_array_equal(made.spectra, plain.frames)
    for k, utt in enumerate(made.utts):
        np.testing.assert_allclose(made[k][:, 5:], resampled(ARRAYS[utt], COUNTS[utt]), atol=1e-6)
    assert add(stores, arrays="ark" if kaldi else "arrays") == 0  # the same again


def test_an_array_that_does_not_fit_is_said_in_one_line(stores: Path, capsys: pytest.CaptureFixture) -> None:
    np.save(stores / "arrays/b-1.npy", ARRAYS["b-1"].repeat(4, 0))
    assert add(stores, "--strict") == 2
    assert "24 frames for 12 of the store, where 6 are expected" in capsys.readouterr().err.splitlines()[-1]
    assert not (stores / "both/train").exists()
    assert add(stores) == 0
    assert Store.read(stores / "both/train").utts == ("a-1", "a-2")


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        (lambda f: f.write_bytes(b"no array"), "no array of frames"),
        (lambda f: f.unlink(), "no such file"),
        (lambda f: np.save(f, np.full((10, 3), np.nan)), "NaN"),
        (lambda f: np.save(f, np.zeros((16, 4))), "4 columns"),
        (lambda f: np.save(f, np.array([{}], object), allow_pickle=True), "no array of frames"),
        (lambda f: np.save(f, np.zeros(10)), "expected an array of frames (T, D)"),
    ],
)
def test_faults(stores: Path, capsys: pytest.CaptureFixture, fault: object, wrong: str) -> None:
    fault(stores / "arrays/a-2.npy")  # type: ignore[operator]
    assert add(stores, "--strict") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "a-2" in error
    assert wrong in error


def test_content_is_not_put_beside_content(stores: Path, capsys: pytest.CaptureFixture) -> None:
    assert add(stores) == 0
    told = ("--features", stores / "both", "--arrays", stores / "arrays", "--out", stores / "again")
    assert main(["content", *map(str, told)]) == 2
    assert "has content frames already" in capsys.readouterr().err
