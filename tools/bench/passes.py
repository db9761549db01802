"""Memory of an FHVAE epoch as utterances grow: hierarchical sampling with a table of K rows, on synthetic frames.

Every segment of every utterance is drawn once, on average, in passes of K utterances. Each size is written and trained
in processes of its own. Anonymous memory is what the process holds; pages of the memory-mapped frames are the
system's, which takes them back when it needs them.

    python tools/bench/passes.py [--utterances 1000 10000 100000] [--rows 1000]
"""

import argparse
import multiprocessing
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from timing import table  # first: it holds numpy and torch to one core

# isort: split
import numpy as np

FRAMES, BINS, SEGMENT = 40, 80, 20
SETTINGS = {"type": "fbank", "config": {"rate": 16000}}


def write(folder: Path, utterances: int) -> None:
    """Stores of `utterances` training and 50 validation utterances of 40 frames, ten a speaker."""
    from speechdis.features.store import write_store

    def rows(count: int, rng: np.random.Generator) -> Iterator[tuple[str, str, np.ndarray]]:
        for i in range(count):
            if i % 10 == 0:
                voice = rng.normal(size=BINS)
            yield f"u{i}", f"s{i // 10}", (voice + rng.normal(size=(FRAMES, BINS))).astype(np.float32)

    write_store(folder / "train", rows(utterances, np.random.default_rng(0)), SETTINGS)
    write_store(folder / "dev", rows(50, np.random.default_rng(1)), SETTINGS)


def train(folder: Path, utterances: int, rows: int, hidden: int) -> dict[str, object]:
    """One epoch; what it took."""
    from speechdis.training import config, experiment

    steps = utterances * (FRAMES // SEGMENT) // 256
    content = {
        "model": {"name": "fhvae", "static_size": 16, "dynamic_size": 16, "hidden_size": hidden},
        "training": {"steps": steps, "validate_every": steps, "segment": SEGMENT, "utterances": rows},
    }
    peak, done = {"RssAnon": 0, "RssFile": 0}, threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            for name, value in memory().items():
                peak[name] = max(peak[name], value)

    watcher = threading.Thread(target=watch)
    watcher.start()
    made = experiment.train(config.recipe(content, "bench"), folder, None, folder / "exp", device="cpu")
    done.set()
    watcher.join()
    return {
        "utterances": utterances,
        "frames, MB": utterances * FRAMES * BINS * 4 / 1e6,
        "steps": steps,
        "passes": -(-utterances // rows),
        "segments/s": made["segments_per_second"],
        "peak anonymous MB": peak["RssAnon"] / 1000,
        "peak mapped MB": peak["RssFile"] / 1000,
    }


def memory() -> dict[str, int]:
    """This process's resident memory, kB: anonymous, and pages of files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("RssA", "RssF"))}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--utterances", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--rows", type=int, default=1000, help="K, utterances of a pass")
    parser.add_argument("--hidden", type=int, default=32)
    args = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    found = []
    for utterances in args.utterances:
        with (
            tempfile.TemporaryDirectory() as folder,
            context.Pool(1, maxtasksperchild=1) as one,
        ):
            one.apply(write, (Path(folder), utterances))
            found.append(one.apply(train, (Path(folder), utterances, args.rows, args.hidden)))
    table(found)


if __name__ == "__main__":
    main()
