"""Commands killed at a moment drawn at random, and run again: what they leave is what an unbroken run leaves."""

import hashlib
import multiprocessing
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import yaml

from speechdis.features.store import write_store

_CLOCK = ("run.json", "train.log")  # files that hold times of day, by name
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["kills", "torch", "torchaudio", "speechdis.training.loop", "speechdis.cli.features"]
)


COMMANDS = {
    "prepare": "prepare timit --root {in}/timit --out {out}",
    "features": "features --data {in}/data --out {out} --jobs 1",
    "augment": "augment --data {in}/data --out {out} --versions 2 --jobs 1",
    "train": "train --config {in}/tiny.yaml --features {in}/stores --out {out} --resume --device cpu",
    "embed": "embed --checkpoint {in}/exp/best --features {in}/store --out {out} --device cpu",
    "swap": "swap --checkpoint {in}/exp/best --manifest {in}/pairs.tsv --out {out}",
}


def make_stores(inputs: Path) -> None:
    """What `train` reads, beside what `make_inputs` has made: two stores and a recipe of a second or two."""
    rng = np.random.default_rng(1)
    for split, spks in (("train", "abcd"), ("dev", "ef")):
        rows = [(f"{s}-{k}", s, rng.normal(size=(30, 20)).astype("f4")) for s in spks for k in range(3)]
        write_store(inputs / "stores" / split, rows, {"type": "fbank", "config": {"rate": 16000}})
    model = {"name": "dsvae", "static_size": 4, "dynamic_size": 3, "hidden_size": 8, "frame_size": 8}
    training = {"steps": 60, "batch": 8, "segment": 6, "validate_every": 5}
    (inputs / "tiny.yaml").write_text(yaml.safe_dump({"model": model, "training": training}))


def run(words: list[str]) -> int | None:
    """Run a command in a process of its own to its end; its exit code."""
    process = _started(words)
    process.join()
    return process.exitcode


def killed(words: list[str], after: float) -> bool:
    """Run a command and kill it after so many seconds; whether it was still running then."""
    process = _started(words)
    process.join(after)
    process.kill()
    process.join()
    return process.exitcode == -9


def failure(command: str, inputs: Path, folder: Path, moments: Sequence[float]) -> str | None:
    """What differs between an unbroken run and one that is killed at each of `moments` and then left alone.

    Args:
        command: a name in `COMMANDS`.
        inputs: what it reads.
        folder: an empty one to work in.
        moments: as shares of the time that an unbroken run takes.
    """
    out = folder / "out"
    words = COMMANDS[command].replace("{in}", str(inputs)).replace("{out}", str(out)).split()
    run(words)  # the first run of a command is slow: it imports
    shutil.rmtree(out)
    begin = time.perf_counter()
    if (code := run(words)) != 0:
        return f"exit code {code} of an unbroken run"
    seconds = time.perf_counter() - begin
    expected = digests(folder)
    shutil.rmtree(out)
    for moment in moments:
        killed(words, after=moment * seconds)
    if (code := run(words)) != 0:
        return f"exit code {code} of the run after {len(moments)} kills"
    found = digests(folder)
    differing = sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )
    return f"differs after {len(moments)} kills: {', '.join(differing)}" if differing else None


def moments(seed: int, count: int) -> list[float]:
    """Moments of `count` kills, as shares of the time that an unbroken run takes."""
    return np.random.default_rng(seed).uniform(0.05, 1.0, count).tolist()


def digests(folder: Path) -> Mapping[str, str]:
    """Digest of every file in `folder`, hidden ones too, but for those that hold times of day."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in _CLOCK)
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if "tfevents" not in path.name
    }


def _started(words: list[str]) -> BaseProcess:
    process = _CONTEXT.Process(target=_main, args=(words,))
    process.start()
    return process


def _main(words: list[str]) -> None:
    from speechdis.cli import main

    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    raise SystemExit(main(words))
