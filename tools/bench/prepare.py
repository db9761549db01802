"""`speechdis prepare` of a large tree: seconds, CPU seconds and memory.

The tree is like LibriSpeech: chapters of 40 utterances, three a speaker, with transcripts and SPEAKERS.TXT. Recordings
are links to a few of half a second, so the tree takes little room, and its headers are in the system's cache.

    python tools/bench/prepare.py --utterances 300000
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

CHAPTER, CHAPTERS = 40, 3
SUBSETS = {"train-clean-360": 0.35, "train-other-500": 0.55, "dev-clean": 0.05, "test-clean": 0.05}
_LINKS = 16  # one file has 65,000 at most


def plant(root: Path, total: int) -> Path:
    """The tree, of `total` utterances."""
    import soundfile

    rng = np.random.default_rng(0)
    for k in range(_LINKS):
        soundfile.write(root / f"{k}.flac", rng.normal(0, 0.1, 8000), 16000)
    number, spk, table = 0, 1000, ["; ID |SEX| SUBSET | MINUTES | NAME\n"]
    for subset, share in SUBSETS.items():
        left = round(total * share)
        while left > 0:
            spk += 1
            table.append(f"{spk} | {'MF'[spk % 2]} | {subset} | 25 | A name\n")
            for chapter in range(CHAPTERS):
                stem = f"{spk}-{chapter}"
                folder = root / "LibriSpeech" / subset / str(spk) / str(chapter)
                folder.mkdir(parents=True)
                utts = [f"{stem}-{k:04d}" for k in range(min(CHAPTER, left))]
                for utt in utts:
                    os.link(root / f"{number % _LINKS}.flac", folder / f"{utt}.flac")
                    number += 1
                left -= len(utts)
                words = " WORDS THAT SOMEBODY HAS READ ALOUD OF A BOOK\n"
                (folder / f"{stem}.trans.txt").write_text("".join(utt + words for utt in utts))
    (root / "LibriSpeech" / "SPEAKERS.TXT").write_text("".join(table))
    return root


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--utterances", type=int, default=300_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        root = plant(Path(made), args.utterances)
        words = ["prepare", "librispeech", "--root", str(root), "--out", str(root / "out")]
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "speechdis", *words], check=True)
        seconds, used = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime
        row = {
            "utterances": args.utterances,
            "seconds": seconds,
            "CPU s": cpu,
            "peak MB": used.ru_maxrss / 1000,
        }
        table([row])


if __name__ == "__main__":
    main()
