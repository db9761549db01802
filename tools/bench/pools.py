"""Training from pools as a corpus grows: memory, speed, and what gathering and waiting take, on synthetic frames.

All sizes are written, then trained in turn, some rounds of each, every run in a process of its own: what the machine
does meanwhile falls on all alike. Figures are medians over the rounds, with the least and the most for speed; memory
is the most. An hour of 80 bins is 0.115 GB on disk, and as much again with twins. Of a store of more than 100 hours,
--written hours are on disk; the file is sparse, and what is read beyond is read from what is written, again and again.

Segments a CPU second say more than those a second where others use the machine; loading counts in both. Private memory
is what the process holds; mapped pages are the system's, which takes them back when it needs them. A store's pages
leave the cache before each run, so it reads the disk.

    taskset -c 0 python tools/bench/pools.py --hours 1 10 100 1000 --resident 1 --pool-gb 0.5 --steps 400 --hidden 64
    python tools/bench/pools.py --device cuda --hours 10 1000 --pool-gb 6 --resident 10 --twins --steps 20000
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from timing import table  # first: it holds numpy and torch to one core

# isort: split
import numpy as np

FRAMES, BINS = 1200, 80  # 12 s, as LibriSpeech's utterances are
GB = 4e-9 * 100 * 3600 * BINS  # of an hour
WHOLE = 100  # hours, at most, of a store that is all on disk
SETTINGS = {"type": "fbank", "config": {"rate": 16000, "bins": BINS}}


def write(folder: Path, hours: float, written: float, twins: bool) -> None:
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

    for part, seconds, seed in (
        ("train", 3600 * (hours if hours <= WHOLE else written), 0),
        ("dev", 600.0, 1),
    ):
        write_store(folder / part, rows(seconds, seed), SETTINGS)
        if twins:
            write_store(folder / "twins" / part, rows(seconds, seed, "#0"), SETTINGS)
    if hours > WHOLE:
        for path, suffix in [(folder / "train", "")] + [(folder / "twins" / "train", "#0")] * twins:
            lengthen(path, round(hours / written), suffix)


def lengthen(path: Path, times: int, suffix: str) -> None:
    """Give a store `times` as many utterances; its file of frames becomes a sparse one."""
    from speechdis.features import store_files
    from speechdis.features.store import Store

    store = Store.read(path)
    (path / "written").write_text(str(store.frames.nbytes))
    rows, first = [store_files.COLUMNS], 0
    for k, count in enumerate(np.tile(store.counts, times).tolist()):
        rows.append(f"v{k}{suffix}\ts{k // 100}\t{first}\t{count}\n")
        first += count
    (path / "utts.tsv").write_text("".join(rows))
    file = path / "frames.npy"
    with file.open("r+b") as opened:
        about = {"descr": "<f4", "fortran_order": False, "shape": (first, BINS)}
        np.lib.format.write_array_header_1_0(opened, about)
        opened.truncate(opened.tell() + first * BINS * 4)
    _, body, _ = store_files.read_about(path)
    (path / store_files.MARKER).write_text(f"{body}{store_files.SEAL}{store_files.seal_of(path, body)}\n")


def from_disk(folder: Path) -> None:
    """Have the system forget the frames, and read what is sparse from what is written."""
    from speechdis.training.rows import Rows

    written = {}
    for file in folder.rglob("frames.npy"):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if (told := file.with_name("written")).exists():
            written[str(file)] = int(told.read_text())
    read = Rows._read

    def wrapped(rows: Rows, out: memoryview, begin: int) -> None:
        assert rows._file is not None
        size = written.get(str(rows._file.name))
        read(rows, out, rows._begin + (begin - rows._begin) % size if size else begin)

    Rows._read = wrapped  # type: ignore[method-assign]


def timed(call: Callable[..., Any], clock: Callable[[], float], taken: list[float]) -> Callable[..., Any]:
    """`call`, which also adds to `taken` what each call took by `clock`."""

    def wrapped(*args: object) -> Any:
        begun = clock()
        try:
            return call(*args)
        finally:
            taken.append(clock() - begun)

    return wrapped


def train(folder: Path, hours: float, pool_gb: float, args: argparse.Namespace) -> dict[str, object]:
    """Some steps; what they took."""
    import torch

    from_disk(folder)
    from speechdis.training import config, experiment, memory
    from speechdis.training.batches import Batches
    from speechdis.training.resident import Pools

    name, twins = ("cdsvae", folder / "twins") if args.twins else ("dsvae", None)
    training = {"batch": 256, "steps": args.steps, "validate_every": args.steps, "pool_gb": pool_gb}
    training |= {"pool_precision": args.precision, "precision": args.precision}
    recipe = config.recipe(
        {"model": {"name": name, "hidden_size": args.hidden}, "training": training}, "bench"
    )
    waited: list[float] = []
    Batches.enter = timed(Batches.enter, time.perf_counter, waited)  # type: ignore[method-assign]
    loads: list[float] = []
    Pools._load = timed(Pools._load, time.thread_time, loads)  # type: ignore[method-assign]
    peak, done = {"private": 0, "mapped": 0}, threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            for kind, value in held().items():
                peak[kind] = max(peak[kind], value)

    watcher = threading.Thread(target=watch)
    watcher.start()
    memory.keep_freed()  # as every training does
    trainer = experiment._trainer(recipe, folder, twins, None, folder / "exp", torch.device(args.device))
    trainer.directory.checkpoints.mkdir(parents=True, exist_ok=True)
    begun, faults = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    made = trainer.run()
    busy = time.process_time() - begun
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
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
        "loads": len(loads),
        "loading, % of CPU": 100 * sum(loads) / busy,
        "page faults a step": faults / args.steps,
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


def held() -> dict[str, int]:
    """This process's resident memory, kB: anonymous and page-locked, and pages of files."""
    found = {"private": 0, "mapped": 0}
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(("RssAnon", "RssShmem", "RssFile")):
            found["mapped" if line.startswith("RssFile") else "private"] += int(line.split()[1])
    return found


def medians(runs: list[dict[str, object]]) -> dict[str, object]:
    """One row of the rounds of one size."""
    found: dict[str, object] = {}
    for name, value in runs[0].items():
        values = [float(run[name]) for run in runs if isinstance(run[name], float | int)]
        if "peak" in name:
            found[name] = max(values) if values else value
        elif name.startswith("segments"):
            found[name] = round(statistics.median(values))
            found[f"{name}, least to most"] = f"{min(values):,.0f} to {max(values):,.0f}"
        else:
            found[name] = round(statistics.median(values), 3)
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
    parser.add_argument("--written", type=float, default=25.0, help="hours on disk of a longer store")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where the rows go, too")
    args = parser.parse_args()
    told = [(h, 0.0) for h in args.hours if h in args.resident]  # and pools, where not all fits in
    told += [(h, args.pool_gb) for h in args.hours if h * GB * (1 + args.twins) > args.pool_gb]
    found: dict[tuple[float, float], list[dict[str, object]]] = {each: [] for each in told}
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as root, context.Pool(1, maxtasksperchild=1) as one:
        for hours in args.hours:
            one.apply(write, (Path(root) / str(hours), hours, args.written, args.twins))
        for _ in range(args.rounds):
            for hours, pool_gb in told:
                folder = Path(root) / str(hours)
                found[hours, pool_gb].append(one.apply(train, (folder, hours, pool_gb, args)))
                print(json.dumps(found[hours, pool_gb][-1]), file=sys.stderr, flush=True)
                for file in (folder / "exp").rglob("*.*"):
                    file.unlink()
    rows = [medians(runs) for runs in found.values()]
    if args.json is not None:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
    table(rows)


if __name__ == "__main__":
    main()
