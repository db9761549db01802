"""Features of ever more recordings: seconds, CPU seconds and memory, by threads and by Dask's workers, in turn.

Recordings are noise of half a second. `speechdis features` runs in a process of its own, with two threads, and then
with a scheduler and two local workers of one thread each, which write shards. CPU seconds are of all processes; memory
is the largest of theirs. Nothing is counted of starting the workers, or of their imports.

    python tools/bench/many_files.py --utterances 1000 10000 30000
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from timing import table  # first: it holds numpy and torch to one core

# isort: split
import numpy as np

_DISTINCT, _SHARDS = 64, 8
_PEAK = "VmHWM:"  # in /proc/PID/status


def write(folder: Path, count: int) -> Path:
    """A data directory of `count` recordings, which are links to a few."""
    from speechdis.data.audio import write_audio
    from speechdis.data.directory import write_directory
    from speechdis.data.utterance import Utterance

    rng, links = np.random.default_rng(0), folder / f"wav{count}"
    links.mkdir()
    utterances = []
    for k in range(count):
        source = folder / f"{k % _DISTINCT}.wav"
        if not source.exists():
            write_audio(source, rng.normal(0, 0.1, 8000), 16000)
        file = links / f"{k}.wav"
        file.hardlink_to(source)
        utterances.append(Utterance(f"s{k % 100:02d}-{k:06d}", f"s{k % 100:02d}", file))
    write_directory(folder / f"data{count}", utterances)
    return folder / f"data{count}"


def measured(data: Path, out: Path, options: list[str], workers: list[int]) -> dict[str, float]:
    """What one run takes; `workers`: processes that work for it."""
    before, begun = busy(workers), time.perf_counter()
    code = (
        "import sys; from pathlib import Path; from speechdis.cli import main; assert main(sys.argv[1:]) == 0;"
        f"print(Path('/proc/self/status').read_text().split('{_PEAK}')[1].split()[0])"
    )
    words = ["--quiet", "features", "--data", str(data), "--out", str(out), *options]
    done = subprocess.run([sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True, check=True)
    seconds, used = time.perf_counter() - begun, busy(workers) - before
    peaks = [int(done.stdout.split()[-1]), *map(peak, workers)]
    return {"seconds": seconds, "CPU s": used, "peak MB": max(peaks) / 1000}


def busy(workers: list[int]) -> float:
    """CPU seconds of finished children and of `workers` so far."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in workers]
    return (
        children.ru_utime
        + children.ru_stime
        + sum(sum(map(int, t)) for t in ticks) / os.sysconf("SC_CLK_TCK")
    )


def peak(pid: int) -> int:
    """The most memory that a process has held, kB."""
    return int(Path(f"/proc/{pid}/status").read_text().split(_PEAK)[1].split()[0])


def main() -> None:
    """Measure, and print the table."""
    from dask.distributed import Client, LocalCluster

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--utterances", type=int, nargs="+", default=[1000, 10000, 30000])
    parser.add_argument("--repeat", type=int, default=1)
    args = parser.parse_args()
    found = []
    with (
        tempfile.TemporaryDirectory() as made,
        LocalCluster(2, 1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        folder = Path(made)
        workers = list(client.run(os.getpid).values())
        dask = ["--scheduler", cluster.scheduler_address, "--shards", str(_SHARDS)]
        write(folder, 16)
        measured(folder / "data16", folder / "out", dask, workers)  # imports
        for count in args.utterances:
            data = write(folder, count)
            for _ in range(args.repeat):
                for how, options in (("threads", ["--jobs", "2"]), ("dask", dask)):
                    run = measured(data, folder / "out", options, workers if how == "dask" else [])
                    found.append({"utterances": count, "how": how} | run)
                    print(found[-1], file=sys.stderr)
    table(found)


if __name__ == "__main__":
    main()
