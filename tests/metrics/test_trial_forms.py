"""The same trials and scores in every toolkit's form: what is read is the same."""

import gzip
import os
import random
from pathlib import Path

import numpy as np
import pytest

from speechdis.errors import InputError
from speechdis.metrics.files.trials import read_labelled, read_scored, read_scores, read_trials

RNG = np.random.default_rng(0)
UTTS = [f"spk{s}/u{u}.wav" for s in range(3) for u in range(4)]
PAIRS = [(a, b) for k, a in enumerate(UTTS) for b in UTTS[k + 1 :]]
TRIALS = [(a, b, a[:4] == b[:4], round(float(RNG.normal()), 4)) for a, b in PAIRS]
WORDS = (
    "target nontarget",
    "1 0",
    "true false",
    "True False",
    "target imposter",
    "tgt imp",
    "yes no",
    "positive negative",
    "+1 -1",
    "target non_target",
    "bonafide spoof",
)
Rows = list[tuple[str, ...]]


def rows(columns: str, words: str = "target nontarget") -> Rows:
    """The trials with these columns; any other word stands there as it is."""
    yes, no = words.split()
    cells = [{"enroll": a, "test": b, "label": yes if t else no, "score": str(s)} for a, b, t, s in TRIALS]
    return [tuple(cell.get(column, column) for column in columns.split()) for cell in cells]


def write(path: Path, lines: Rows, separator: str = " ", header: str = "", end: str = "\n") -> Path:
    head = [tuple(header.split())] if header else []
    path.write_bytes("".join(separator.join(cells) + end for cells in head + lines).encode())
    return path


def content(trials, scores: np.ndarray | None = None) -> list[tuple[object, ...]]:  # type: ignore[no-untyped-def]
    utts, pairs = trials.utts, trials.pairs
    ids = (
        [(utts[i], utts[j]) for i, j in zip(pairs.i, pairs.j, strict=True)]
        if utts
        else [()] * len(pairs.target)
    )
    values = [()] * len(pairs.target) if scores is None else [(s,) for s in scores.tolist()]
    return [(*i, t, *v) for i, t, v in zip(ids, pairs.target.tolist(), values, strict=True)]


@pytest.mark.parametrize("separator", [" ", "\t", ",", ";", ", ", "; ", "|"])
@pytest.mark.parametrize("words", WORDS)
def test_columns_in_the_orders_of_other_toolkits(tmp_path: Path, words: str, separator: str) -> None:
    for columns in (
        "enroll test label",
        "label enroll test",
        "enroll test score label",
        "label enroll test score",
    ):
        file = write(tmp_path / "f", rows(columns, words), separator)
        assert content(read_trials(file)) == [t[:3] for t in TRIALS], columns
    for columns in ("enroll test score label", "enroll test label score", "label enroll test score"):
        if (columns, words) == ("enroll test label score", WORDS[-1]):
            continue  # 'a b spoof 1.2' is an utterance and its attack
        file = write(tmp_path / "f", rows(columns, words), separator)
        assert content(*read_scored(file)) == TRIALS, columns
        assert read_scores(file, read_trials(file)).tolist() == [t[3] for t in TRIALS]
    for columns in ("score label", "label score"):
        file = write(tmp_path / "f", rows(columns, words), separator)
        assert content(*read_scored(file)) == [t[2:] for t in TRIALS], columns


@pytest.mark.parametrize(
    ("columns", "separator", "header"),
    [
        ("enroll test a label", "\t", "modelid segmentid side targettype"),
        ("enroll test a label", "\t", ""),
        ("enroll test label", ",", "enroll test target"),
        ("enroll test label", " ", "Enroll_ID Test_ID Label"),
        ("x label enroll test", ";", "x key utt1 utt2"),
        ("label enroll test", ",", "is_same wav_a wav_b"),
        ("enroll test label", ",", "Enrolment_File Test_File target"),
        ("x enroll test label", "\t", "idx filename1 filename2 label"),
        ("label y enroll  test z", ",", '"target_type" y "file1" "file2" z'),
    ],
)
def test_headers_name_the_columns(tmp_path: Path, columns: str, separator: str, header: str) -> None:
    for words in WORDS:
        file = write(tmp_path / "f", rows(columns, words), separator, header, end="\r\n")
        assert content(read_trials(file)) == [t[:3] for t in TRIALS]


def test_a_header_of_half_a_pair_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "f", rows("enroll test label", "1 0"), ",", "who test_utt target")
    with pytest.raises(
        InputError, match="f: its header names no enrolment beside the test; name the columns"
    ):
        read_trials(file)
    assert content(read_trials(file, ("enroll", "test", "label"))) == [t[:3] for t in TRIALS]


def test_text_as_other_systems_save_it(tmp_path: Path) -> None:
    text = write(tmp_path / "f", rows("enroll test label"), "\t").read_text()
    ways = {
        "old Mac": text.replace("\n", "\r").encode(),
        "Excel's Unicode text": text.replace("\n", "\r\n").encode("utf-16"),
        "big end first": b"\xfe\xff" + text.encode("utf-16-be"),
        "packed": gzip.compress(text.encode("utf-16")),
    }
    for way, data in ways.items():
        (tmp_path / "f").write_bytes(data)
        assert content(read_trials(tmp_path / "f")) == [t[:3] for t in TRIALS], way
    for data, says in (
        (b"\xff\xfea", "not UTF-16 text"),
        (b"BZh91AY", "compressed by bzip2; unpack it first"),
        (b"\xfd7zXZ\0", "compressed by xz"),
        (gzip.compress(b"\x93NUMPY"), "a NumPy array under gzip"),
    ):
        (tmp_path / "f").write_bytes(data)
        with pytest.raises(InputError, match=says):
            read_trials(tmp_path / "f")


def test_a_header_that_may_be_a_trial_is_one(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("utt1 utt2 target\nutt1 utt3 nontarget\n")
    assert len(read_trials(tmp_path / "f").pairs.target) == 2
    (tmp_path / "f").write_text("utt1,utt2,target\na,b,1\na,c,0\n")
    assert read_trials(tmp_path / "f").utts == ("a", "b", "c")


def test_empty_cells_blanks_and_decimal_commas(tmp_path: Path) -> None:
    lines = [
        (a.replace("/", " "), b.replace("/", " "), "", str(s).replace(".", ",")) for a, b, _, s in TRIALS
    ]
    write(tmp_path / "scores", [*lines, ("", "", "", "")], ";", "model segment note LLR")
    trials = read_trials(
        write(tmp_path / "t", [(*c[:2], str(t[2])) for c, t in zip(lines, TRIALS, strict=True)], "\t")
    )
    assert read_scores(tmp_path / "scores", trials).tolist() == [t[3] for t in TRIALS]


def test_numbers_as_ids(tmp_path: Path) -> None:
    number = {utt: str(1000 + k) for k, utt in enumerate(UTTS)}
    expected = [(number[a], number[b], t, s) for a, b, t, s in TRIALS]
    for columns in ("enroll test label", "label enroll test"):
        for words in WORDS[:2]:
            lines = [tuple(number.get(c, c) for c in row) for row in rows(columns, words)]
            assert content(read_trials(write(tmp_path / "f", lines))) == [t[:3] for t in expected]
    for columns in ("enroll test score label", "enroll test label score"):
        lines = [tuple(number.get(c, c) for c in row) for row in rows(columns, "1 0")]
        assert content(*read_scored(write(tmp_path / "f", lines))) == expected


def test_columns_that_may_be_either_must_be_named(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("1 a 0\n0 b 1\n")
    with pytest.raises(
        InputError, match="may be 'enroll,test,label' or 'label,enroll,test'; name them by --columns"
    ):
        read_trials(tmp_path / "f")
    assert read_trials(tmp_path / "f", ("label", "enroll", "test")).pairs.target.tolist() == [True, False]
    assert read_trials(tmp_path / "f", ("enroll", "test", "label")).pairs.target.tolist() == [False, True]
    (tmp_path / "f").write_text("foo bar baz\n0.5 1 a\n-0.5 0 b\n")
    trials, scores = read_scored(tmp_path / "f", ("score", "label", "-"))
    assert (trials.pairs.target.tolist(), scores.tolist()) == ([True, False], [0.5, -0.5])
    with pytest.raises(InputError, match=r"f:2: expected 'target\|nontarget score test'"):
        read_scored(tmp_path / "f", ("label", "score", "test"))


ASVSPOOF = {
    "2019": "spk utt - attack label",
    "2021 LA": "spk utt alaw ita_tx attack label notrim eval",
    "2021 DF": "spk utt nocodec asvspoof attack label notrim eval vocoder - - - -",
    "5": "spk utt F - - - AC1 attack label -",
}


@pytest.mark.parametrize("columns", ASVSPOOF.values(), ids=ASVSPOOF)
def test_asvspoof_labels_utterances_alone(tmp_path: Path, columns: str) -> None:
    people = [(f"LA_E_{k}", ("spoof", "bonafide")[k % 3 == 0], f"{RNG.normal():.3f}") for k in range(40)]
    attack = {u: "-" if y == "bonafide" else f"A{k % 9:02d}" for k, (u, y, _) in enumerate(people)}
    meaning = [{"utt": u, "label": y, "attack": attack[u]} for u, y, _ in people]
    protocol = write(tmp_path / "p", [tuple(m.get(c, c) for c in columns.split()) for m in meaning])
    trials = read_trials(protocol)
    assert trials.utts == tuple(u for u, _, _ in people)
    assert trials.pairs.target.tolist() == [y == "bonafide" for _, y, _ in people]
    np.testing.assert_array_equal(trials.pairs.i, trials.pairs.j)
    with_attack = [
        (m["utt"], m["attack"], m["label"], s) for m, (_, _, s) in zip(meaning, people, strict=True)
    ]
    for lines in ([(u, s) for u, _, s in people], [(f"{u}.flac", s) for u, _, s in people], with_attack):
        assert read_scores(write(tmp_path / "s", lines[::-1]), trials).tolist() == [
            float(s) for *_, s in people
        ]
    alone, scores = read_scored(write(tmp_path / "s", with_attack))
    assert (alone.utts, scores.tolist()) == (trials.utts, [float(s) for *_, s in people])


def test_numpy_arrays(tmp_path: Path) -> None:
    scores, labels = np.array([t[3] for t in TRIALS]), np.array([t[2] for t in TRIALS])
    both = [t[2:] for t in TRIALS]
    np.save(tmp_path / "s.npy", scores)
    for kind in (bool, np.int8, float):
        np.save(tmp_path / "l.npy", labels.astype(kind))
        assert content(*read_labelled(tmp_path / "s.npy", tmp_path / "l.npy")) == both
    np.save(tmp_path / "two.npy", np.stack([scores, labels], 1))
    assert content(*read_scored(tmp_path / "two.npy")) == both
    ids = {"enroll": np.array([t[0] for t in TRIALS]), "test": np.array([t[1] for t in TRIALS], "S")}
    np.savez(tmp_path / "f.npz", scores=scores, labels=labels, vectors=np.zeros((2, 3)), **ids)
    assert content(*read_scored(tmp_path / "f.npz")) == TRIALS
    np.savez_compressed(tmp_path / "f.npz", scores, labels)
    assert content(*read_scored(tmp_path / "f.npz")) == both
    rows = [("\udc80x", b"\xe9", 1.5, 1), ("y", b"z", -1.5, 0)]
    kinds = [("enroll", "U9"), ("test", "S9"), ("score", "f4"), ("label", "?")]
    np.save(tmp_path / "r.npy", np.array(rows, kinds))
    trials, values = read_scored(tmp_path / "r.npy")
    assert {"y", "z", "\udce9"} < set(trials.utts) and values.tolist() == [1.5, -1.5]


def test_lines_of_blanks_alone_are_none(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\v\n \t\r\n\f\na b target\n\v\na c nontarget\n")
    assert read_trials(tmp_path / "f").utts == ("a", "b", "c")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"(66,)", b"(-6,)"),
        (b"(66,)", b"(9**9,)"),
        (b"<f8", b"|O8"),
        (b"(66,)", b"(66, "),
        (b"(66,)", b"(99,)"),
    ],
)
def test_damaged_arrays_are_one_line(tmp_path: Path, old: bytes, new: bytes) -> None:
    np.save(tmp_path / "s.npy", np.zeros(66))
    (tmp_path / "s.npy").write_bytes((tmp_path / "s.npy").read_bytes().replace(old, new))
    with pytest.raises(InputError, match=r"s\.npy: not an array that is read here"):
        read_labelled(tmp_path / "s.npy", tmp_path / "s.npy")


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "f.npz", scores=np.array([os.system, 1], object), labels=np.array([1, 0]))
    with pytest.raises(InputError, match="allow_pickle=False"):
        read_scored(tmp_path / "f.npz")


def test_gzip_is_read_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "f"
    packed.write_bytes(gzip.compress(write(tmp_path / "t", rows("label enroll test", "1 0")).read_bytes()))
    assert content(read_trials(packed)) == [t[:3] for t in TRIALS]
    packed.write_bytes(packed.read_bytes()[:60])
    with pytest.raises(InputError, match="damaged gzip"):
        read_trials(packed)
    monkeypatch.setattr("speechdis.metrics.files.arrays._FREE", 1 << 20)
    packed.write_bytes(gzip.compress(b"a b target\n" * 1_000_000))
    np.savez_compressed(tmp_path / "f.npz", scores=np.zeros(10**6), labels=np.zeros(10**6))
    for bomb in (packed, tmp_path / "f.npz"):
        with pytest.raises(InputError, match="more than 1 MiB"):
            read_scored(bomb)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_ends_of_lines(tmp_path: Path, encoding: str, end: str) -> None:
    text = (
        write(tmp_path / "f", rows("enroll test label"), "\t", "enroll test label", end).read_bytes().decode()
    )
    (tmp_path / "f").write_bytes(("\ufeff" * (encoding == "utf-16-be") + text).encode(encoding))
    assert content(read_trials(tmp_path / "f")) == [t[:3] for t in TRIALS]
    if encoding == "utf-16":
        (tmp_path / "f").write_bytes((tmp_path / "f").read_bytes() + b"\0\xd8\n\0")
        with pytest.raises(InputError, match="f: not UTF-16 text"):
            read_trials(tmp_path / "f")


def test_names_differ_by_suffix_or_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    trials = read_trials(write(tmp_path / "t", rows("enroll test label")))
    changes = {
        "suffix": lambda u: u[:-4],
        "other suffix": lambda u: u[:-4] + ".FLAC",
        "folder": lambda u: "/data/wav/" + u,
        "Kaldi": lambda u: u[:-4].replace("/", "-"),
        "Windows": lambda u: u.replace("/", "\\"),
    }
    for change in changes.values():
        lines = [(change(a), change(b), str(s)) for a, b, _, s in TRIALS] + [("some", "thing", "0")]
        assert read_scores(write(tmp_path / "s", lines[::-1]), trials).tolist() == [t[3] for t in TRIALS]
        assert "differ by suffix or folder" in caplog.messages[-1]
    lines = [(f"new-{a}", f"new-{b}", str(s)) for a, b, _, s in TRIALS]
    with pytest.raises(InputError, match="no score for the trial"):
        read_scores(write(tmp_path / "s", lines), trials)


def test_what_stands_twice_counts_twice_in_any_order(tmp_path: Path) -> None:
    trials, scores = rows("enroll test label"), rows("enroll test score")
    expected = sorted([*TRIALS, *TRIALS[:3]])
    for seed in range(3):
        random.Random(seed).shuffle(more := [*trials, *trials[:3]])
        random.Random(seed + 1).shuffle(again := [*scores, *scores[3:5]])
        read = read_trials(write(tmp_path / "t", more))
        assert sorted(content(read, read_scores(write(tmp_path / "s", again), read))) == expected
        random.Random(seed).shuffle(wrong := [*again, (*scores[0][:2], "9")])
        with pytest.raises(InputError, match=r"different scores of the pair 'spk0/u0\.wav spk0/u1\.wav'"):
            read_scores(write(tmp_path / "s", wrong), read)


def test_case_14_reads_as_its_kaldi_form(shared: Path) -> None:
    case = shared.parent / "cases" / "public" / "14-voxceleb-trials"
    if not case.is_dir():
        pytest.skip("the cases are not beside this checkout")
    kaldi = read_trials(case / "kaldi.txt")
    scores = read_scores(case / "scores", kaldi)
    assert content(read_trials(case / "vox.txt")) == content(kaldi)
    for name in ("wespeaker.score", "speechbrain.score"):
        found, values = read_scored(case / name)
        assert content(found) == content(kaldi)
        np.testing.assert_allclose(values, scores, atol=1e-4)
