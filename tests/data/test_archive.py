"""Archives: equal to those of Kaldi's own code (kaldi_native_io), and no command is ever run."""

from pathlib import Path

import kaldi_native_io
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from speechdis.data import archive
from speechdis.errors import InputError

finite = st.floats(-(2.0**99), 2.0**99, width=32)
shapes = {1: st.tuples(st.integers(1, 9)), 2: st.tuples(st.integers(1, 5), st.integers(1, 5))}
arrays = {n: hnp.arrays(np.float32, shape, elements=finite) for n, shape in shapes.items()}
ids = st.text("abcéZ09-_#", min_size=1, max_size=6)


@settings(max_examples=40)
@given(
    vectors=st.dictionaries(ids, arrays[1], max_size=4), matrices=st.dictionaries(ids, arrays[2], max_size=4)
)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, vectors: dict, matrices: dict) -> None:
    path = tmp_path_factory.mktemp("ark")
    archive.write_vectors(path, "static", vectors.items())
    archive.write_matrices(path, "feats", matrices.items())
    read = archive.read_vectors(path / "static.scp")
    assert list(read) == list(vectors)
    for key, vector in vectors.items():
        np.testing.assert_array_equal(read[key], vector)
    for key, entry in archive.read_scp(path / "feats.scp").items():
        np.testing.assert_array_equal(archive.read_matrix(entry), matrices[key])


def test_bytes_are_those_of_kaldi(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    items = {f"utt{i}": rng.normal(size=(i + 1, 3)).astype(np.float32) for i in range(3)}
    archive.write_matrices(tmp_path, "ours", items.items())
    with kaldi_native_io.FloatMatrixWriter(f"ark,scp:{tmp_path}/kaldi.ark,{tmp_path}/kaldi.scp") as writer:
        for key, value in items.items():
            writer.write(key, value)
    assert (tmp_path / "ours.ark").read_bytes() == (tmp_path / "kaldi.ark").read_bytes()
    offsets = [
        [line.rpartition(":")[2] for line in (tmp_path / f"{n}.scp").open()] for n in ("ours", "kaldi")
    ]
    assert offsets[0] == offsets[1]


def test_compressed_and_text_matrices_are_read(tmp_path: Path) -> None:
    matrix = np.linspace(0, 1, 60, dtype=np.float32).reshape(20, 3)
    with kaldi_native_io.CompressedMatrixWriter(f"ark,scp:{tmp_path}/c.ark,{tmp_path}/c.scp") as writer:
        writer.write("a", matrix, kaldi_native_io.CompressionMethod.kAutomaticMethod)
    with kaldi_native_io.FloatMatrixWriter(f"ark,scp,t:{tmp_path}/t.ark,{tmp_path}/t.scp") as writer:
        writer.write("a", matrix)
    for name in "ct":
        (entry,) = archive.read_scp(tmp_path / f"{name}.scp").values()
        np.testing.assert_allclose(archive.read_matrix(entry), matrix, atol=0.01)


def test_entries_resolve_against_the_folder_of_the_scp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.write_vectors(tmp_path / "deep", "v", [("a", np.ones(2))])
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(archive.read_vectors("deep/v.scp")["a"], [1, 1])


@pytest.mark.parametrize("entry", ["touch {0} |", "| touch {0}", "touch {0}|"])
def test_a_command_is_refused_and_not_run(tmp_path: Path, entry: str) -> None:
    made = tmp_path / "made"
    (tmp_path / "x.scp").write_text(f"a {entry.format(made)}\n")
    with pytest.raises(InputError, match=r"x\.scp:1: .*command"):
        archive.read_scp(tmp_path / "x.scp")
    assert not made.exists()


def test_bad_archives(tmp_path: Path) -> None:
    archive.write_matrices(tmp_path, "m", [("a", np.ones((4, 4)))])
    entry = archive.read_scp(tmp_path / "m.scp")["a"]
    with pytest.raises(InputError, match="no vector there"):
        archive.read_vector(entry)
    (tmp_path / "m.ark").write_bytes((tmp_path / "m.ark").read_bytes()[:-1])
    with pytest.raises(InputError, match="no matrix there"):
        archive.read_matrix(entry)
    (tmp_path / "m.ark").unlink()
    with pytest.raises(InputError, match=r"m\.ark: no such file"):
        archive.read_matrix(entry)
    (tmp_path / "m.scp").write_text("a m.ark:2\na m.ark:2\n")
    with pytest.raises(InputError, match=r"m\.scp:2: .*second time"):
        archive.read_scp(tmp_path / "m.scp")
    with pytest.raises(InputError, match="2 dimension"):
        archive.write_matrices(tmp_path, "n", [("a", np.ones(3))])
    with pytest.raises(InputError, match="twice"):
        archive.write_vectors(tmp_path, "n", [("a", np.ones(3)), ("a", np.ones(3))])
    assert not list(tmp_path.glob("n.*")) and not list(tmp_path.glob(".*"))


def write_kaldi(path: Path, matrix: np.ndarray) -> None:
    with kaldi_native_io.FloatMatrixWriter(f"ark,scp:{path}/feats.ark,{path}/feats.scp") as writer:
        writer.write("a", matrix)


@pytest.mark.parametrize(
    ("entry", "rows", "columns"),
    [
        ("feats.ark:2", slice(0, 20), slice(0, 3)),
        ("feats.ark:2[0:9]", slice(0, 10), slice(0, 3)),
        ("feats.ark:2[10:19]", slice(10, 20), slice(0, 3)),
        ("feats.ark:2[10:21]", slice(10, 20), slice(0, 3)),  # Kaldi lets a range end a little late
        ("feats.ark:2[:,1:1]", slice(0, 20), slice(1, 2)),
        ("feats.ark:2[3:4,0:1]", slice(3, 5), slice(0, 2)),
    ],
)
@pytest.mark.parametrize("gap", [" ", "\t", "  \t "])
def test_ranges_include_both_ends(tmp_path: Path, entry: str, rows: slice, columns: slice, gap: str) -> None:
    matrix = np.arange(60, dtype=np.float32).reshape(20, 3)
    write_kaldi(tmp_path, matrix)
    (tmp_path / "feats.scp").write_bytes(b"\xef\xbb\xbf" + f"a{gap}{entry} \r\n\n".encode())
    read = archive.read_matrix(archive.read_scp(tmp_path / "feats.scp")["a"])
    np.testing.assert_array_equal(read, matrix[rows, columns])


@pytest.mark.parametrize(
    "entry", ["[30:40]", "[5:2]", "[x:2]", "[1]", "[0:9,0:9]", "[0:9,0:2,0:2]", "[0:40]"]
)
def test_a_range_that_is_none_or_outside_is_named(tmp_path: Path, entry: str) -> None:
    write_kaldi(tmp_path, np.ones((20, 3), np.float32))
    (tmp_path / "feats.scp").write_text(f"a feats.ark:2{entry}\n")
    with pytest.raises(InputError, match=r"feats\.(scp:1|ark:2): .*\["):
        archive.read_matrix(archive.read_scp(tmp_path / "feats.scp")["a"])


@pytest.mark.parametrize(
    "content",
    [
        b"a \0BFM \4\xff\xff\xff\x7f\4\xff\xff\xff\x7f",  # claims 2^62 values
        b"a \0BFM \4\xff\xff\xff\xff\4\3\0\0\0",  # a negative number of rows
        b"a \0BCM \0\0\0\0\0\0\0\0\xff\xff\xff\x7f\xff\xff\0\0",
        b"a \0BFV \4\xff\xff\xff\x7f",
        b"a \0BXY \4\2\0\0\0",
        b"a \0B",
        b"a ",
        b"a \xff\xfe\x80 no text",
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x02\x03",
        b"a  [ 1 2 \xff ]",
    ],
)
def test_foreign_bytes_are_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.ark").write_bytes(content)
    for read, what in ((archive.read_vector, "vector"), (archive.read_matrix, "matrix")):
        with pytest.raises(InputError, match=rf"x\.ark:2: no {what} there"):
            read(archive.Entry(tmp_path / "x.ark", 2))


def test_a_relative_path_is_also_sought_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    archive.write_vectors(tmp_path / "ark", "v", [("a", np.ones(2))])
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "v.scp").write_text("a ark/v.ark:2\n")
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(archive.read_vectors("data/v.scp")["a"], [1, 1])
    monkeypatch.chdir(tmp_path / "data")
    with pytest.raises(InputError, match="no such file"):
        archive.read_vectors("v.scp")
    assert f"sought in {tmp_path / 'data'}, then in {tmp_path / 'data'}" in caplog.text


def test_kaldi_reads_what_is_written_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.write_vectors(tmp_path / "made", "v", [("a", np.ones(2))], home=tmp_path / "home")
    (tmp_path / "made").rename(tmp_path / "home")
    monkeypatch.chdir("/")
    with kaldi_native_io.RandomAccessFloatVectorReader(f"scp:{tmp_path}/home/v.scp") as reader:
        np.testing.assert_array_equal(reader["a"], [1, 1])
