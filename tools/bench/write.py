"""Run benches and write BENCHMARKS.md: what each prints, with command, commit, date and hardware. Others stay.

python tools/bench/write.py [eer wsola ...] [--out BENCHMARKS.md]
"""

import argparse
import datetime
import subprocess
import sys
from pathlib import Path

import timing  # noqa: F401  # first: it holds numpy and torch to one thread

# isort: split
import torch

from speechdis.data.atomic import replacing
from speechdis.training.provenance import provenance

HERE = Path(__file__).parent
BENCHES = ("features", "wsola", "training", "stages", "eer")  # these need no corpus
HEAD = """# Benchmarks

Speed against the peers. Both are timed in turn in one run, on one core, so the ratios are what to read.
`make bench` writes this file.

On a GPU `python tools/bench/gpu.py` times steps recorded as CUDA graphs against the same steps as ever. Its figures are
open: segments a second of each model, and how many times as fast they are.

"""


def section(name: str) -> str:
    """What a bench is about, its command and what it prints."""
    file = HERE / f"{name}.py"
    about = file.read_text().split('"""')[1].splitlines()[0]
    print(f"{name}: {about}", file=sys.stderr)
    printed = subprocess.run(
        [sys.executable, str(file)], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return f"## {name}\n\n{about}\n\n    python tools/bench/{name}.py\n\n{made()}\n\n{printed.strip()}\n"


def made() -> str:
    """When, of which commit and on what it was measured."""
    about = provenance(torch.device("cpu"))
    date = datetime.datetime.now(datetime.UTC).date()
    return f"Commit {about['commit']}, {date}, {about['hardware']}, one thread, torch {about['torch']}."


def earlier(file: Path) -> dict[str, str]:
    """Sections of an earlier run, by bench."""
    texts = file.read_text().split("\n## ")[1:] if file.exists() else []
    return {text.split("\n", 1)[0]: f"## {text.rstrip()}\n" for text in texts}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = sorted(file.stem for file in HERE.glob("*.py") if file.stem not in ("timing", "speech", "write"))
    parser.add_argument("bench", nargs="*", help=f"which: {', '.join(known)} (default: {', '.join(BENCHES)})")
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "BENCHMARKS.md", metavar="FILE")
    args = parser.parse_args()
    if unknown := set(args.bench) - set(known):
        parser.error(f"no bench {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    sections = earlier(args.out) | {name: section(name) for name in args.bench or BENCHES}
    with replacing(args.out) as partial:
        partial.write_text(HEAD + "\n".join(sections.values()))


if __name__ == "__main__":
    main()
