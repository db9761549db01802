"""Runs of `speechdis train` in processes of their own, and what they leave."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from speechdis.cli import main

CHECKPOINTS = ("best.safetensors", "last.safetensors", "last.state.pt")
Arguments = Callable[..., list[str]]  # the command line that trains into a folder, and more words for it


def trains(recipe: dict, file: Path, *words: object) -> Arguments:
    """The command line that trains `recipe`, written to `file`, on the CPU; `words` name what it reads."""
    file.write_text(yaml.safe_dump(recipe))

    def build(out: Path, *more: str) -> list[str]:
        told = ["train", "--config", file, *words, "--out", out, "--device", "cpu"]
        return [*map(str, told), *more]

    return build


def curve(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def digests(out: Path) -> dict[str, bytes]:
    names = ("metrics.jsonl", "config.yaml", *(f"checkpoints/{name}" for name in CHECKPOINTS))
    return {name: (out / name).read_bytes() for name in names}


def killed_run_ends_as_an_unbroken_one(arguments: Arguments, folder: Path, steps: int) -> None:
    told = ("--set", f"training.steps={steps}")
    whole, killed = folder / "whole", folder / "killed"
    assert main(arguments(whole, *told)) == 0
    words = arguments(killed, *told, "--resume")
    process = subprocess.Popen([sys.executable, "-m", "speechdis", *words], stderr=subprocess.DEVNULL)
    figures = killed / "metrics.jsonl"  # a fine-tuned model is looked at before its first step, too
    while not (figures.exists() and figures.read_text().count("\n") > 2) and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 0 < curve(killed)[-1]["step"] < steps
    assert main(words) == 0
    made = (killed / "run.json").read_text()
    assert 0 < json.loads(made)["from_step"] < steps
    assert digests(killed) == digests(whole)
    assert main(words) == 0  # nothing is left to do
    assert digests(killed) == digests(whole)
    assert (killed / "run.json").read_text() == made


def two_processes_are_one_with_the_whole_batch(arguments: Arguments, folder: Path, *told: str) -> None:
    assert main(arguments(folder / "one", *told)) == 0
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "speechdis"]
    words = [sys.executable, *launch, *arguments(folder / "two", *told)]
    subprocess.run(words, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    for one, two in zip(curve(folder / "one"), curve(folder / "two"), strict=True):
        assert one["train"] == pytest.approx(two["train"], rel=1e-3, abs=1e-3)
        assert one["valid"] == pytest.approx(two["valid"], rel=1e-3, abs=1e-3)
