"""Recipes of spoken digits: from a generated tree to features of single digits, and what they say without one."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECIPES = {"tidigits": ["--strings", "1"], "secuvoice": []}


def run(corpus: str, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", str(ROOT / "egs" / corpus / "run.sh"), *options],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


@pytest.mark.parametrize("corpus", RECIPES)
def test_without_a_root_two_lines_say_what_to_do(corpus: str, tmp_path: Path) -> None:
    done = run(corpus, "--work", str(tmp_path))
    assert done.returncode == 2
    stage, *lines = done.stderr.splitlines()
    assert stage.startswith("stage 0") and len(lines) == 2
    assert f"--{corpus}-root DIR" in lines[0] and "--generated" in lines[1]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("corpus", RECIPES)
def test_a_generated_tree_becomes_features_of_digits(corpus: str, tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader", reason="needs the extra [generate]")
    pytest.importorskip("av", reason="needs the extra [formats]")
    tmp_path /= "a folder -x"
    sizes = ["--speakers", "6", *RECIPES[corpus]]
    done = run(corpus, "--generated", "--work", str(tmp_path), "--jobs", "1", *sizes)
    assert done.returncode == 0, done.stderr[-3000:]
    for split in ("train", "dev", "test"):
        texts = (tmp_path / f"data/{corpus}-generated" / split / "text").read_text().splitlines()
        assert len(texts) > 20 and all(len(line.split()) == 2 for line in texts)
        assert (tmp_path / f"feats/{corpus}-generated-fbank" / split / "frames.npy").exists()
    again = run(corpus, "--generated", "--work", str(tmp_path), "--jobs", "1", "--stage", "1")
    assert again.returncode == 0 and "stage 0" not in again.stderr
