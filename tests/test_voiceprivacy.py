"""egs/voiceprivacy on a tiny tree of the challenge's layout, whose paths count from its root."""

import os
import subprocess
from pathlib import Path

import numpy as np
import torch

from speechdis import models
from speechdis.data.audio import write_audio
from speechdis.data.directory import read_directory, write_directory
from speechdis.data.utterance import Utterance
from speechdis.features import settings_of
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

RUN = Path(__file__).parents[1] / "egs" / "voiceprivacy" / "run.sh"


def test_the_challenge_on_a_tiny_tree(tmp_path: Path) -> None:
    rng, t = np.random.default_rng(0), np.arange(4800) / 16000
    for name, people in (("train", 4), ("dev", 4), ("test", 4)):
        utterances = []
        for spk in range(people):
            for k in range(4 if name == "train" else 2):
                path = tmp_path / "wav" / f"{name}{spk}-{k}.wav"
                path.parent.mkdir(exist_ok=True)
                wave = sum(np.sin(2 * np.pi * n * (100 + 30 * spk) * t) / n for n in range(1, 9))
                write_audio(path, (0.1 * wave + 0.02 * rng.normal(size=len(t))).astype(np.float32), 16000)
                utterances.append(Utterance(path.stem, f"{name}{spk}", path, gender="fm"[spk % 2]))
        write_directory(tmp_path / "corpus" / name, utterances)
    torch.manual_seed(0)
    config = models.load("dsvae").Config(static_size=4, dynamic_size=3, hidden_size=8)
    mean, std = np.full(80, 8, np.float32), np.full(80, 3, np.float32)
    model = tmp_path / "exp" / "checkpoints" / "best.safetensors"
    checkpoint.save(
        model, Checkpoint(models.build("dsvae", 80, config), "dsvae", settings_of("fbank"), 20, mean, std, 0)
    )
    words = [
        "--corpus-data",
        "corpus",
        "--checkpoint",
        "exp",
        "--work",
        "work",
        "--jobs",
        "1",
        "--words",
        "0",
    ]
    words += ["--attacker-steps", "0", "--device", "cpu"]
    done = subprocess.run(
        ["bash", str(RUN), *words], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    root = tmp_path / "work" / "arranged" / "voiceprivacy"
    for name in ("f", "m", "mixed"):
        was, now = (root / "data" / f"libri_test_trials_{name}{suffix}" for suffix in ("", "_anon"))
        assert (now / "trials").read_text() == (was / "trials").read_text()
        assert [u.utt for u in read_directory(now)] == [u.utt for u in read_directory(was, also=root)]
    assert (root / "data" / "libri_test_trials_f" / "wav.scp").read_text().split()[1].startswith("../")
    told = done.stderr
    assert (
        "| semi-informed | anonymised | anonymised | " in told
        and "| B3 phones and GAN | 27.3 | 16.9 | " in told
    )
    assert (tmp_path / "work" / "privacy-test.json").exists()
    done = subprocess.run(["bash", str(RUN)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "pass the challenge's folder as --root DIR" in done.stderr
