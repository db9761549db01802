"""Every corpus: its tree becomes valid data directories whose splits share no speaker."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechdis import corpora
from speechdis.cli import main
from speechdis.data.directory import read_directory, validate
from tests.corpora import (
    test_aishell,
    test_commonvoice,
    test_lhotse,
    test_librispeech,
    test_libritts,
    test_vctk,
)
from tests.corpora.test_voxceleb import write_vox1, write_vox2

SPLITS = ("train", "dev", "test")
SMALL = {
    "timit": ["--sentences", "2"],
    "tidigits": ["--strings", "1"],
    "secuvoice": ["--sequences", "1", "--takes", "1"],
}
WRITTEN: dict[str, Callable[[Path], Path]] = {
    "commonvoice": test_commonvoice.write_tree,
    "lhotse": test_lhotse.write_tree,
    "voxceleb1": write_vox1,
    "voxceleb2": write_vox2,
    "librispeech": lambda root: test_librispeech.tree(root, train_clean_5=4, dev_clean_2=2),
    "libritts": lambda root: test_libritts.tree(root, "LibriTTS_R"),
    "vctk": lambda root: test_vctk.tree(root, "0.92"),
    "aishell1": test_aishell.first,
    "aishell3": test_aishell.third,
}


@pytest.fixture(scope="module", params=corpora.names())
def tree(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A corpus and its root: generated or made if it can be, else the copy beside the checkout."""
    from speechdis.corpora import generated

    if request.param in generated.names():
        pytest.importorskip("espeakng_loader", reason="needs the extra [generate]")
        pytest.importorskip("av", reason="needs the extra [formats]")
        root = tmp_path_factory.mktemp(request.param) / "tree"
        arguments = ["--out", str(root), "--speakers", "6", *SMALL.get(request.param, [])]
        assert main(["generate", request.param, *arguments]) == 0
        return request.param, root
    if request.param == "folder":
        root = tmp_path_factory.mktemp("folder") / "tree"
        for n in range(12):
            file = root / f"speaker {n // 2}" / f"{n}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(file, np.full(1600, 0.1), 16000)
        return request.param, root
    if request.param in WRITTEN:
        return request.param, WRITTEN[request.param](tmp_path_factory.mktemp(request.param))
    root = request.getfixturevalue("shared") / request.param
    if not root.is_dir():
        pytest.skip(f"needs {request.param}: it is neither generated nor beside this checkout")
    return request.param, root


def test_a_tree_becomes_valid_directories_with_disjoint_speakers(
    tree: tuple[str, Path], tmp_path: Path
) -> None:
    corpus, root = tree
    out, counts = tmp_path / "data", tmp_path / "counts.json"
    assert main(["prepare", corpus, "--root", str(root), "--out", str(out), "--json", str(counts)]) == 0
    printed = json.loads(counts.read_text())
    assert tuple(printed) == SPLITS
    spks: list[str] = []
    for split in SPLITS:
        summary = validate(out / split)
        assert printed[split] == vars(summary)
        utterances = read_directory(out / split)
        assert all(u.utt.startswith(u.spk) for u in utterances)
        spks += {u.spk for u in utterances}
    assert len(set(spks)) == len(spks) or getattr(corpora.load(corpus), "SHARED_SPEAKERS", False)


def test_a_second_run_gives_the_same_files(tree: tuple[str, Path], tmp_path: Path) -> None:
    corpus, root = tree
    for out in ("one", "two", "two"):
        assert main(["prepare", corpus, "--root", str(root), "--out", str(tmp_path / out)]) == 0
    one, two = (
        {
            file.relative_to(tmp_path / out): file.read_bytes()
            for file in (tmp_path / out).rglob("*")
            if file.is_file()
        }
        for out in ("one", "two")
    )
    assert one == two


def test_a_bad_recording_is_named_and_skipped_unless_strict(
    tree: tuple[str, Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    corpus, root = tree
    copy = tmp_path / "copy"
    for file in root.rglob("*"):  # links are enough: only one recording is replaced
        if file.is_file():
            place = copy / file.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(file.resolve())
    assert main(["prepare", corpus, "--root", str(copy), "--out", str(tmp_path / "whole")]) == 0
    bad = read_directory(tmp_path / "whole" / "train")[0].path
    assert bad.is_symlink()
    bad.unlink()
    bad.write_bytes(b"")
    command = ["prepare", corpus, "--root", str(copy), "--out", str(tmp_path / "out")]
    with caplog.at_level(logging.INFO):
        assert main(command) == 0
    assert f"{bad.name}: empty file" in caplog.text
    assert caplog.messages[-1].endswith("1 skipped")
    assert main([*command[:-1], str(tmp_path / "strict"), "--strict"]) == 2
    assert f"{bad.name}: empty file" in capsys.readouterr().err
    assert not (tmp_path / "strict").exists()


@pytest.mark.parametrize("corpus", corpora.names())
def test_a_missing_root_is_one_line(corpus: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = tmp_path / "nowhere", tmp_path / "out"
    assert main(["prepare", corpus, "--root", str(root), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and str(root) in error
    assert not out.exists()
