"""IDX files: what is written is read, and everything else is one clear line."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from speechdis.cli import main
from speechdis.corpora import mnist
from speechdis.errors import InputError
from speechdis.features.store import Store

LOOSE = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


def idx(array: np.ndarray) -> bytes:
    """The bytes of an IDX file, written from its description."""
    return struct.pack(f">{1 + array.ndim}I", 2048 + array.ndim, *array.shape) + array.tobytes()


def write_tree(root: Path, count: int = 40, size: int = 28, compress: bool = True) -> dict[str, np.ndarray]:
    """MNIST with random pixels."""
    rng, arrays = np.random.default_rng(0), {}
    root.mkdir(parents=True, exist_ok=True)
    for part in ("train", "t10k"):
        images = rng.integers(0, 256, (count, size, size), np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        for name, array in ((f"{part}-images-idx3", images), (f"{part}-labels-idx1", labels)):
            data = idx(array)
            if compress:
                (root / f"{name}-ubyte.gz").write_bytes(gzip.compress(data))
            else:
                (root / f"{name}-ubyte").write_bytes(data)
            arrays[name] = array
    return arrays


@pytest.mark.parametrize("compress", [True, False])
def test_round_trip(tmp_path: Path, compress: bool) -> None:
    arrays = write_tree(tmp_path, compress=compress)
    for part, name in (("train", "train"), ("test", "t10k")):
        images, labels = mnist.read(tmp_path, part)
        np.testing.assert_array_equal(images, arrays[f"{name}-images-idx3"])
        np.testing.assert_array_equal(labels, arrays[f"{name}-labels-idx1"])


def test_the_release_beside_the_checkout(shared: Path) -> None:
    images, labels = mnist.read(shared / "mnist", "test")
    assert images.shape == (10000, 28, 28)
    assert np.bincount(labels).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]  # as published


@LOOSE
@given(st.binary(max_size=40), st.sampled_from([2049, 2051]))
def test_any_bytes_are_an_array_or_one_line(tmp_path: Path, data: bytes, magic: int) -> None:
    file = tmp_path / "some-idx"
    file.write_bytes(data)
    try:
        array = mnist.read_idx(file, magic)
    except InputError as error:
        assert str(error).startswith(f"{file}: ") and "\n" not in str(error)
    else:
        assert idx(array) == data


@LOOSE
@given(st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3), st.binary(max_size=30))
def test_any_header_is_compared_with_the_data(tmp_path: Path, shape: list[int], data: bytes) -> None:
    file = tmp_path / "some-idx"
    file.write_bytes(struct.pack(">4I", 2051, *shape) + data)
    if shape[0] * shape[1] * shape[2] == len(data) and data:
        assert mnist.read_idx(file, 2051).shape == tuple(shape)
    else:
        with pytest.raises(InputError, match=r"truncated|too long|holds no images"):
            mnist.read_idx(file, 2051)


def test_bad_trees(tmp_path: Path) -> None:
    def broken(name: str, data: bytes, kind: str = "labels-idx1") -> Path:
        root = tmp_path / name
        write_tree(root, compress=False)
        (root / f"train-{kind}-ubyte").write_bytes(data)
        return root

    labels = (np.arange(40) % 10).astype(np.uint8)
    cases = [
        (broken("empty", b""), "train-labels-idx1-ubyte: empty file"),
        (broken("magic", b"RIFF" + bytes(20)), "begins with 1380533830, not 2049"),
        (broken("count", idx(labels[:39])), "39 labels, but 40 images"),
        (broken("short", idx(labels)[:-1]), "truncated: 39 bytes of data, its header promises 40"),
        (broken("header", idx(labels)[:6]), "truncated in its header"),
        (broken("long", idx(labels) + b"x"), "too long: 41 bytes"),
        (broken("none", idx(labels[:0])), "holds no labels"),
        (broken("eleven", idx(labels + 2)), "label 11 is no digit"),
        (broken("swapped", idx(np.zeros((40, 28, 28), np.uint8))), "holds images, not labels; are the two files"),
        (broken("size", idx(np.zeros((40, 32, 30), np.uint8)), "images-idx3"), "images of 32 x 30 pixels; 28 x 28"),
    ]  # fmt: skip
    for root, message in cases:
        with pytest.raises(InputError, match=message):
            mnist.read(root, "train")
    (tmp_path / "swapped" / "train-labels-idx1-ubyte").rename(
        tmp_path / "swapped" / "train-labels-idx1-ubyte.gz"
    )
    with pytest.raises(InputError, match="cannot be read"):
        mnist.read(tmp_path / "swapped", "train")
    (tmp_path / "fsdd").mkdir()
    (tmp_path / "fsdd" / "7_bob_1.wav").touch()
    with pytest.raises(InputError, match=r"no train-images-idx3-ubyte.*it looks like FSDD"):
        mnist.read(tmp_path / "fsdd", "train")


def test_images_become_frame_stores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = write_tree(tmp_path / "mnist")
    out = tmp_path / "feats"
    command = ["images", "--root", str(tmp_path / "mnist"), "--out", str(out), "--dev", "10"]
    assert main(command) == 0
    stores = {name: Store.read(out / name) for name in ("train", "dev", "test")}
    assert [len(store) for store in stores.values()] == [30, 10, 40]
    assert not set(stores["train"].utts) & set(stores["dev"].utts)
    for name, part in (("train", "train"), ("dev", "train"), ("test", "t10k")):
        for i, utt in enumerate(stores[name].utts):
            digit, number = utt.split("-")
            image = arrays[f"{part}-images-idx3"][int(number)]
            np.testing.assert_allclose(stores[name][i] * 255, image, atol=1e-4)
            assert digit == stores[name].spks[i] == str(arrays[f"{part}-labels-idx1"][int(number)])
    before = stores["dev"].digest
    assert main([*command, "--seed", "1"]) == 0
    assert Store.read(out / "dev").digest != before
    assert main([*command[:-1], "40"]) == 2
    assert "--dev 40: choose 1 to 39 of the 40" in capsys.readouterr().err


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    write_tree(tmp_path)
    file = tmp_path / "train-images-idx3-ubyte.gz"
    with gzip.open(file, "wb", compresslevel=9) as bomb:
        for _ in range(300):
            bomb.write(bytes(1 << 20))
    assert file.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="more than 256 MiB"):
        mnist.read_idx(file, 2051)
