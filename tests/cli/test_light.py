"""Commands that read and write files alone answer without torch, whose import is the slowest part of the others."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from speechdis.data.archive import write_vectors
from speechdis.features.store import write_store

WITHOUT_TORCH = (
    "import sys; sys.modules['torch'] = None; from speechdis.cli import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Data directory, frame store and vectors of 2 speakers x 2 utterances."""
    utts = [f"s{s}-u{u}" for s in range(2) for u in range(2)]
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "wav.scp").write_text("".join(f"{utt} {utt}.wav\n" for utt in utts))
    (tmp_path / "lists" / "utt2spk").write_text("".join(f"{utt} {utt[:2]}\n" for utt in utts))
    write_store(
        tmp_path / "feats", [(u, u[:2], np.zeros((3, 4), np.float32)) for u in utts], {"type": "fbank"}
    )
    vectors = np.random.default_rng(0).standard_normal((4, 8)).astype(np.float32)
    write_vectors(tmp_path, "static", zip(utts, vectors, strict=True))
    return tmp_path


def test_light_commands_need_no_torch(folder: Path) -> None:
    """Importing it is an error in each of these processes."""
    pytest.importorskip("espeakng_loader")
    for line in (
        "generate timit --out tree --speakers 6 --sentences 2",
        "prepare timit --root tree --out data",
        "validate data",
        "validate feats",
        "trials --data lists --features feats --protocol all-pairs --out trials",
        "eer --trials trials --embeddings static.scp --plot det.png",
        "recipes revoice",
    ):
        command = [sys.executable, "-c", WITHOUT_TORCH, *line.split()]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stderr)
