"""Pairs of spoken and written digits: one identity, uniform, seeded, anew in every epoch."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechdis.cli import main
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.features.images import write_images
from speechdis.features.store import Store, write_store
from speechdis.training.digit_pairs import Pairing, read_pairs, spoken_digits, written_digits


@given(st.lists(st.integers(0, 9), min_size=1), st.data(), st.integers(0, 1000))
def test_both_of_a_pair_are_the_same_digit(digits: list[int], data: st.DataObject, seed: int) -> None:
    more = data.draw(st.lists(st.sampled_from(digits)))
    images = np.array(data.draw(st.permutations(sorted({*digits}) + more)))
    speech = np.array(digits)
    pairing = Pairing(speech, images)
    drawn = pairing.draw(seed)
    np.testing.assert_array_equal(images[drawn], speech)
    np.testing.assert_array_equal(pairing.draw(seed), drawn)


def test_every_epoch_draws_anew_and_uniformly() -> None:
    rng = np.random.default_rng(0)
    speech, images = rng.integers(0, 10, 300), rng.permutation(np.repeat(np.arange(10), 5))
    pairing = Pairing(speech, images)
    epochs = np.array([pairing.draw(3, epoch) for epoch in range(400)])
    assert len({epoch.tobytes() for epoch in epochs}) == 400
    assert not np.array_equal(pairing.draw(4, 0), epochs[0])
    # the place of each image among the five of its digit, for each spoken digit: a fifth each
    place = np.argsort(np.argsort(images, kind="stable"))[epochs] - 5 * speech
    share = (place[..., None] == np.arange(5)).mean(0)
    chi2 = 400 * ((share - 0.2) ** 2 / 0.2).sum(1)  # 4 degrees of freedom each
    assert chi2.mean() == pytest.approx(4, abs=0.6)
    one, other = place[:, 0], place[:, 1]
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.2  # independent of each other


def test_a_digit_that_one_modality_lacks() -> None:
    with pytest.raises(InputError, match="digit 3 has no written one"):
        Pairing(np.array([1, 3]), np.array([1, 2]))
    with pytest.raises(InputError, match="digit 2 has no spoken one"):
        Pairing(np.array([1, 1]), np.array([1, 2]))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A data directory of the words "two" and "dos", and images of 2."""
    texts = {"a-1": "two", "a-2": "dos", "b-1": "2"}
    write_directory(
        tmp_path / "data", [Utterance(u, u[0], tmp_path / f"{u}.wav", text=t) for u, t in texts.items()]
    )
    write_images(tmp_path / "images", np.zeros((4, 28, 28), np.uint8) + 9, np.full(4, 2), [1, 3])
    return tmp_path


def test_the_command(tree: Path) -> None:
    command = ["pair", "--speech", str(tree / "data"), "--images", str(tree / "images")]
    for out in ("one", "two"):
        assert main([*command, "--out", str(tree / out), "--json", str(tree / "counts.json")]) == 0
    assert (tree / "one").read_bytes() == (tree / "two").read_bytes()
    counts = json.loads((tree / "counts.json").read_text())
    assert counts["pairs"] == 3
    assert counts["classes"] == [
        {"digit": 2, "spoken": 3, "written": 2, "images_used": counts["images_used"]}
    ]
    utts, store = list(spoken_digits(tree / "data")), Store.read(tree / "images")
    pairs = read_pairs(tree / "one", utts, store.utts)
    assert pairs[:, 0].tolist() == [0, 1, 2]
    lines = [line.split() for line in (tree / "one").read_text().splitlines()]
    assert [[utts[i], store.utts[j]] for i, j in pairs] == lines
    assert store.utts == ("2-00001", "2-00003") and written_digits(store).tolist() == [2, 2]


def test_what_the_features_skipped_is_not_paired(tree: Path) -> None:
    frames = np.zeros((3, 4), np.float32)
    write_store(tree / "feats", [("a-1", "a", frames), ("b-1", "b", frames)], {"type": "fbank"})
    told = ["pair", "--speech", str(tree / "data"), "--features", str(tree / "feats")]
    assert main([*told, "--images", str(tree / "images"), "--out", str(tree / "fewer")]) == 0
    assert [line.split()[0] for line in (tree / "fewer").read_text().splitlines()] == ["a-1", "b-1"]


def test_bad_input(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "pair",
        "--speech",
        str(tree / "data"),
        "--images",
        str(tree / "images"),
        "--out",
        str(tree / "x"),
    ]
    text = (tree / "data" / "text").read_text()
    for found, message in (
        ("two one", "'two one' is not one digit; see 'speechdis segment'"),
        ("deux", "'deux' is not the name of a digit"),
        ("three", "digit 3 has no written one"),
    ):
        (tree / "data" / "text").write_text(text.replace("dos", found))
        assert main(command) == 2
        assert message in capsys.readouterr().err
    (tree / "data" / "text").unlink()
    assert main(command) == 2
    assert "a-1: no transcript" in capsys.readouterr().err
    for lines, message in (
        ("a-1\n", "pairs:1: expected 'spoken-id image-id'"),
        ("a-1 2-00001\nz 2-00001\n", "pairs:2: no utterance 'z'"),
        ("a-1 2-00002\n", "pairs:1: no image '2-00002'"),
        ("", "no pairs"),
    ):
        (tree / "pairs").write_text(lines)
        with pytest.raises(InputError, match=message):
            read_pairs(tree / "pairs", ["a-1"], ["2-00001"])
    with pytest.raises(InputError, match="none: no such file; see 'speechdis pair'"):
        read_pairs(tree / "none", [], [])


def test_a_mark_and_blank_lines_are_no_ids(tmp_path: Path) -> None:
    (tmp_path / "pairs").write_bytes(b"\xef\xbb\xbfa one\r\n\r\nb two\r\n\r\n")
    assert read_pairs(tmp_path / "pairs", ["a", "b"], ["one", "two"]).tolist() == [[0, 0], [1, 1]]
