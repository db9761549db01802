"""Trial and score files: what is written is read back, in any order, and every bad line is named."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechdis.errors import InputError
from speechdis.metrics.files.trials import (
    read_labelled,
    read_scores,
    read_trials,
    read_utt2spk,
    write_all_pairs,
)
from speechdis.metrics.trials import Pairs, Trials

IDS = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=5).filter(
    lambda word: word[-1] not in ",;"  # where all of a file end so, it is split there
)


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int]]]:
    """Ids and distinct ordered pairs of them in which every id stands, first uses in order."""
    ids = draw(st.lists(IDS, min_size=2, max_size=6, unique=True))
    both = st.tuples(st.integers(0, len(ids) - 1), st.integers(0, len(ids) - 1)).filter(
        lambda p: p[0] != p[1]
    )
    pairs = draw(st.lists(both, max_size=12))
    chain = [(k, k + 1) for k in range(len(ids) - 1)]
    return ids, list(dict.fromkeys(chain + pairs))


def write(path: Path, trials: Trials, values: Iterable[object]) -> None:
    pairs = zip(trials.pairs.i, trials.pairs.j, values, strict=True)
    path.write_text("".join(f"{trials.utts[i]} {trials.utts[j]} {value}\n" for i, j, value in pairs), "utf-8")


@given(lists(), st.randoms(use_true_random=False))
def test_files_are_read_back_as_written_in_any_order(tmp_path_factory, content, random) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("files")
    ids, pairs = content
    i, j = np.array(pairs, np.int32).T
    trials = Trials(tuple(ids), Pairs(i, j, np.array([random.random() < 0.5 for _ in pairs])))
    scores = np.array([random.gauss(0, 1) for _ in pairs])
    write(folder / "trials", trials, np.where(trials.pairs.target, "target", "nontarget"))
    write(folder / "scores", trials, scores)
    again = read_trials(folder / "trials")
    assert again.utts == trials.utts
    for one, two in zip(again.pairs, trials.pairs, strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(read_scores(folder / "scores", again), scores, rtol=1e-6)
    lines = (folder / "scores").read_text("utf-8").splitlines(keepends=True)
    random.shuffle(lines)
    (folder / "scores").write_text("another pair 1.0\n" + "".join(lines), "utf-8")
    np.testing.assert_allclose(read_scores(folder / "scores", again), scores, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a b target\na b maybe\n", ":2: expected 'enroll test target|nontarget', got 'a b maybe'"),
        ("a b\n", ":1: expected"),
        ("a b target\n\na b\n", ":3: expected"),
        ("a b target\na c nontarget\na b nontarget\n", "different labels of the pair 'a b'"),
        ("a b target\n\0\n", ":2: a zero byte"),
        ("a b " + 2_000_000 * "x", ":1: longer than a line"),
        ("a b target\na a target\n", ":2: 'a' is compared with itself"),
        ("", "empty"),
    ],
)
def test_bad_trials_are_named_with_their_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "trials").write_text(text)
    with pytest.raises(InputError) as error:
        read_trials(tmp_path / "trials")
    assert str(error.value).startswith(f"{tmp_path / 'trials'}:") and says in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a b 1\na c nan\n", ":2: expected 'enroll test score' (finite), got 'a c nan'"),
        ("a b 1\na c -inf\n", ":2: expected"),
        ("a b one\n", ":1: expected"),
        ("a b 1\n", "no score for the trial 'a c'"),
        ("a c 1\n", "no score for the trial 'a b'"),
        ("a b 1\na b 2\na c 1\n", "different scores of the pair 'a b'"),
        ("b a 1\na c 1\n", "no score for the trial 'a b' (that of the pair the other way round is another)"),
        ("x y 1\n", "'a b' and 1 others; its first score is of 'x y'"),
    ],
)
def test_bad_scores_are_named_with_their_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "trials").write_text("a b target\na c nontarget\n")
    (tmp_path / "scores").write_text(text)
    with pytest.raises(InputError) as error:
        read_scores(tmp_path / "scores", read_trials(tmp_path / "trials"))
    assert says in str(error.value)


def test_bytes_that_are_no_text_are_an_error_of_that_line_or_kept(tmp_path: Path) -> None:
    (tmp_path / "trials").write_bytes(b"a b target\n\xff\xfe\n")
    with pytest.raises(InputError, match=":2: expected"):
        read_trials(tmp_path / "trials")
    (tmp_path / "trials").write_bytes(b"\xe9 b target\n")  # Latin-1 ids
    utts = list(read_trials(tmp_path / "trials").utts)
    write_all_pairs(tmp_path / "again", utts, ["one speaker"] * 2)
    assert (tmp_path / "again").read_bytes() == b"\xe9 b target\n"


def test_labels_go_with_scores_line_by_line(tmp_path: Path) -> None:
    scores, labels = tmp_path / "scores", tmp_path / "labels"
    for with_ids in ("", "scores", "labels"):
        scores.write_text("a b 1\na c 2\n" if with_ids == "scores" else "1\n2\n")
        labels.write_text("a b target\na c nontarget\n" if with_ids == "labels" else "1\n0\n")
        trials, values = read_labelled(scores, labels)
        assert trials.utts == (("a", "b", "c") if with_ids else ())
        assert (trials.pairs.target.tolist(), values.tolist()) == ([True, False], [1, 2])
    scores.write_text("a b 1\na d 2\n")
    with pytest.raises(InputError, match=r"labels: its trial 2 is not the pair"):
        read_labelled(scores, labels)
    labels.write_text("target\n")
    with pytest.raises(InputError, match="1 labels for the 2 scores"):
        read_labelled(scores, labels)


def test_utt2spk_has_one_speaker_an_utterance(tmp_path: Path) -> None:
    (tmp_path / "utt2spk").write_text("u1 a\nu2 b\n")
    assert read_utt2spk(tmp_path / "utt2spk") == {"u1": "a", "u2": "b"}
    (tmp_path / "utt2spk").write_bytes(b"\xef\xbb\xbfu1 a\r\n\r\nu1 a\r\n")
    assert read_utt2spk(tmp_path / "utt2spk") == {"u1": "a"}
    (tmp_path / "utt2spk").write_text("u1 a\nu1 b\n")
    with pytest.raises(InputError, match=":2: expected 'utt spk'"):
        read_utt2spk(tmp_path / "utt2spk")
