"""Corpora of moving pictures: sheets are cut as published, digits bounce, and bad input is one line."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_mnist import write_tree

from speechdis.cli import main
from speechdis.corpora.videos import moving_mnist, sprites
from speechdis.features.store import Store
from speechdis.features.videos import read_labels


def write_sheets(root: Path) -> None:
    """Sheets of random pixels: all of a part's are opaque in a stripe of their own, and clear elsewhere."""
    rng = np.random.default_rng(0)
    for k, part in enumerate([*sprites.PARTS, "shoes"]):
        for variant in range(6):
            pixels = rng.integers(0, 256, (1344, 832, 4), np.uint8)
            rows = np.arange(1344) % 64 // 8
            pixels[..., 3] = 255 * (rows == k)[:, None]
            (root / part).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(root / part / f"{variant}.png", compress_level=1)


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sheets")
    write_sheets(root)
    return root


def test_a_frame_is_a_cell_of_every_sheet_over_one_another(sheets: Path) -> None:
    clips = {clip.utt: clip for clip in sprites.prepare(sheets)["test"]}
    assert len(clips) == 296 * 9
    clip = next(clip for utt, clip in clips.items() if utt.endswith("walk-left"))
    own = dict(zip(sprites.PARTS, clip.spk, strict=True)) | {"shoes": "1"}
    assert clip.frames.shape == (8, 3, 64, 64)
    for k, (part, variant) in enumerate(own.items()):
        with Image.open(sheets / part / f"{variant}.png") as image:
            pixels = np.asarray(image)
        for frame, cell in zip(clip.frames, [125, 118, 119, 120, 121, 122, 123, 124], strict=True):
            y, x = 64 * (cell // 13), 64 * (cell % 13)
            stripe = pixels[y + 8 * k : y + 8 * k + 8, x : x + 64, :3].transpose(2, 0, 1)
            np.testing.assert_array_equal(frame[:, 8 * k : 8 * k + 8], stripe)
        assert not clip.frames[:, :, 40:].any()  # clear in all sheets: black


def test_characters_are_split_as_published(sheets: Path) -> None:
    parts = sprites.prepare(sheets, dev=50)
    found = {name: {clip.spk for clip in clips} for name, clips in parts.items() if name != "train"}
    order = np.random.RandomState(423).permutation(1296)
    expected = {np.base_repr(number, 6).rjust(4, "0") for number in order[1000:]}
    assert found["test"] == expected
    assert len(found["dev"]) == 50 and not found["dev"] & expected


def test_the_published_sheets_make_a_store_of_8_bits(shared: Path, tmp_path: Path) -> None:
    parts = sprites.prepare(shared / "sprites")
    clip = next(parts["test"])
    assert clip.frames.dtype == np.uint8 and clip.frames.max() > 100
    assert 0.02 < (clip.frames.max(1) > 0).mean() < 0.6  # a figure on black


def test_two_digits_bounce_within_the_picture(tmp_path: Path) -> None:
    write_tree(tmp_path / "mnist", count=60)
    command = [
        "prepare",
        "moving-mnist",
        "--root",
        str(tmp_path / "mnist"),
        "--train",
        "6",
        "--dev",
        "2",
        "--test",
        "3",
    ]
    for out in ("a", "b"):
        assert main([*command, "--out", str(tmp_path / out)]) == 0
    store = Store.read(tmp_path / "a" / "train")
    store.validate()
    assert store.frames.dtype == np.uint8 and store.frames.shape == (6 * 15, 64 * 64)
    assert (store.mean == 0).all() and (store.std == 255).all()
    assert store.digest == Store.read(tmp_path / "b" / "train").digest
    labels = read_labels(tmp_path / "a" / "labels.tsv")
    assert list(store.spks) == [
        "".join(sorted(labels[utt]["digit1"] + labels[utt]["digit2"])) for utt in store.utts
    ]
    assert {known["part"] for known in labels.values()} == {"train", "dev", "test"}
    places = np.array([list(moving_mnist.path(np.random.default_rng(k), 200)) for k in range(20)])
    assert places.min() == 0 and places.max() == 32
    assert np.abs(np.diff(places, axis=1)).max() <= 4


def test_bad_input_is_one_line(sheets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*argv: str) -> str:
        assert main(["prepare", *argv, "--out", str(tmp_path / "out")]) == 2
        assert not (tmp_path / "out").exists()
        text = capsys.readouterr().err
        assert text.count("\n") == 1
        return text

    assert "body/0.png: no such sheet" in refused("sprites", "--root", str(tmp_path))
    assert "--dev 1000" in refused("sprites", "--root", str(sheets), "--dev", "1000")
    shutil.copytree(sheets / "body", tmp_path / "bad" / "body")
    whole = (sheets / "body" / "2.png").read_bytes()
    (tmp_path / "bad" / "body" / "2.png").write_bytes(whole[: len(whole) // 2])
    assert "2.png: damaged" in refused("sprites", "--root", str(tmp_path / "bad"))
    (tmp_path / "bad" / "body" / "2.png").write_bytes(b"no picture")
    assert "2.png: damaged" in refused("sprites", "--root", str(tmp_path / "bad"))
    Image.new("RGBA", (64, 64)).save(tmp_path / "bad" / "body" / "2.png")
    assert "2.png: 64 x 64 pixels" in refused("sprites", "--root", str(tmp_path / "bad"))
    assert "no train-images" in refused("moving-mnist", "--root", str(tmp_path / "bad"))
    write_tree(tmp_path / "mnist")
    assert "--test 0" in refused("moving-mnist", "--root", str(tmp_path / "mnist"), "--test", "0")
    (tmp_path / "mnist" / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"x"))
    assert "train-labels" in refused("moving-mnist", "--root", str(tmp_path / "mnist"))
