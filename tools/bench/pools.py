"""Training from pools as a corpus grows: memory, speed, and what gathering and waiting take, on synthetic frames.

Each size is written, trained and deleted in turn, in processes of its own; an hour of 80 bins is 0.115 GB on disk,
and as much again with twins. Segments a CPU second say more than those a second where others use the machine; loading
counts in both. Private memory is what the process holds; pages of the mapped frames are the system's, which takes
them back when it needs them. The store's pages leave the cache before training, so it reads the disk.

    taskset -c 0 python tools/bench/pools.py --hours 1 100
    python tools/bench/pools.py --device cuda --hours 10 1000 --pool-gb 6 --resident 10 --twins --steps 20000
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from timing import table  # first: it holds numpy and torch to one core

# isort: split
import numpy as np

FRAMES, BINS = 1200, 80  # 12 s, as LibriSpeech's utterances are
SETTINGS = {"type": "fbank", "config": {"rate": 16000, "bins": BINS}}


def write(folder: Path, hours: float, twins: bool) -> None:
    """Stores of training and validation utterances of 2 to 22 s, 100 a speaker, and their twins in one version."""
    from speechdis.features.store import write_store

    def rows(seconds: float, seed: int, suffix: str = "") -> Iterator[tuple[str, str, np.ndarray]]:
        rng, frames = np.random.default_rng(seed), 0
        noise = rng.normal(size=(1 << 20, BINS)).astype(
            np.float32
        )  # drawing all would take longer than training
        while frames < 100 * seconds:
            count, begin = rng.integers(200, 2 * FRAMES - 200), rng.integers(len(noise) - 2 * FRAMES)
            yield f"u{frames}{suffix}", f"s{frames // (100 * FRAMES)}", noise[begin : begin + count]
            frames += count

    for part, seconds, seed in (("train", 3600 * hours, 0), ("dev", 600.0, 1)):
        write_store(folder / part, rows(seconds, seed), SETTINGS)
        if twins:
            write_store(folder / "twins" / part, rows(seconds, seed, "#0"), SETTINGS)
    for file in folder.rglob("frames.npy"):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def train(folder: Path, hours: float, pool_gb: float, args: argparse.Namespace) -> dict[str, object]:
    """Some steps; what they took."""
    import torch

    from speechdis.training import config, experiment
    from speechdis.training.batches import Batches

    name, twins = ("cdsvae", folder / "twins") if args.twins else ("dsvae", None)
    training = {"batch": 256, "steps": args.steps, "validate_every": args.steps, "pool_gb": pool_gb}
    training |= {"pool_precision": args.precision, "precision": args.precision}
    recipe = config.recipe(
        {"model": {"name": name, "hidden_size": args.hidden}, "training": training}, "bench"
    )
    waited: list[float] = []
    enter = Batches.enter

    def timed(batches: Batches, step: int) -> bool:
        begun = time.perf_counter()
        try:
            return enter(batches, step)
        finally:
            waited.append(time.perf_counter() - begun)

    Batches.enter = timed  # type: ignore[method-assign]
    peak, done = {"private": 0, "mapped": 0}, threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            for kind, value in memory().items():
                peak[kind] = max(peak[kind], value)

    watcher = threading.Thread(target=watch)
    watcher.start()
    trainer = experiment._trainer(recipe, folder, twins, None, folder / "exp", torch.device(args.device))
    trainer.directory.checkpoints.mkdir(parents=True, exist_ok=True)
    begun = time.process_time()
    made = trainer.run()
    busy = time.process_time() - begun
    batches = trainer.batches
    assert isinstance(batches, Batches)
    draw_ms = drawing(batches)
    done.set()
    watcher.join()
    step_ms = 256e3 / made["segments_per_second"]
    return {
        "hours": hours,
        "frames, GB": sum(f.stat().st_size for f in folder.rglob("train/frames.npy")) / 1e9,
        "pool_gb": pool_gb,
        "pools": 1 + batches.number,
        "segments/s": made["segments_per_second"],
        "segments/CPU s": 256 * args.steps / busy,
        "gathering, % of a step": 100 * draw_ms / step_ms,
        "waiting, % of the time": 100 * sum(waited[1:]) / made["seconds"],
        "first pool, s": waited[0],
        "peak private MB": peak["private"] / 1000,
        "peak mapped MB": peak["mapped"] / 1000,
        "peak device MB": torch.cuda.max_memory_allocated() / 1e6 if args.device == "cuda" else "",
    }


def drawing(batches) -> float:
    """Milliseconds that a batch takes to gather."""
    import torch

    generator = torch.Generator(batches.device)
    settle = torch.cuda.synchronize if batches.device.type == "cuda" else int
    for count in (10, 200):  # the first are to warm up
        settle()
        begun = time.perf_counter()
        for _ in range(count):
            batches.draw(generator)
        settle()
    return 1000 * (time.perf_counter() - begun) / count


def memory() -> dict[str, int]:
    """This process's resident memory, kB: anonymous and page-locked, and pages of files."""
    found = {"private": 0, "mapped": 0}
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(("RssAnon", "RssShmem", "RssFile")):
            found["mapped" if line.startswith("RssFile") else "private"] += int(line.split()[1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, nargs="+", default=[1.0, 100.0])
    parser.add_argument("--resident", type=float, nargs="*", default=[1.0], help="hours without pools, too")
    parser.add_argument("--pool-gb", type=float, default=1.0)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--twins", action="store_true", help="cdsvae with twins in one version, else dsvae")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    context, found = multiprocessing.get_context("spawn"), []
    for hours in args.hours:
        with (
            tempfile.TemporaryDirectory() as folder,
            context.Pool(1, maxtasksperchild=1) as one,
        ):
            one.apply(write, (Path(folder), hours, args.twins))
            for pool_gb in [0.0] * (hours in args.resident) + [args.pool_gb]:
                print(hours, pool_gb, file=sys.stderr)
                found.append(one.apply(train, (Path(folder), hours, pool_gb, args)))
                for file in (Path(folder) / "exp").rglob("*.*"):
                    file.unlink()
    table(found)


if __name__ == "__main__":
    main()
