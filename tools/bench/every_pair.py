"""All pairs of N generated utterances: seconds and peak memory of figures with their interval, each N a process.

    python tools/bench/every_pair.py [N ...]

Vectors have 192 dimensions, speakers are 1,200. Numpy takes the cores that OMP_NUM_THREADS allows.
"""

import resource
import subprocess
import sys
import time

from timing import table  # isort: skip (first: it holds numpy to the threads that the environment allows)

import numpy as np

SIZES = (5_000, 15_000, 45_000)
SPEAKERS, DIMENSIONS = 1_200, 192


def measured(count: int) -> str:
    """A line of figures, made in this process."""
    from speechdis.metrics.every_pair import verify_all

    rng = np.random.default_rng(0)
    spks = np.arange(count) % SPEAKERS
    vectors = rng.normal(size=(SPEAKERS, DIMENSIONS))[spks] + 2.2 * rng.normal(size=(count, DIMENSIONS))
    start = time.perf_counter()
    found = verify_all(vectors.astype(np.float32), spks)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    low, high = found.interval or (0, 0)
    return f"{seconds:.1f} {peak:.0f} {100 * found.eer:.3f} {100 * low:.2f} {100 * high:.2f}"


def main() -> None:
    """Measure, and print the table."""
    if sys.argv[1:2] == ["--one"]:
        print(measured(int(sys.argv[2])))
        return
    rows = []
    for count in map(int, sys.argv[1:] or SIZES):
        told = [sys.executable, __file__, "--one", str(count)]
        line = subprocess.run(told, check=True, capture_output=True, text=True).stdout.split()
        seconds, peak, eer, low, high = line
        pairs = count * (count - 1) // 2
        rows.append(
            {
                "utterances": f"{count:,}",
                "pairs": f"{pairs:,}",
                "s": seconds,
                "peak MiB": peak,
                "EER %": f"{eer} ({low} to {high})",
            }
        )
    table(rows)


if __name__ == "__main__":
    main()
