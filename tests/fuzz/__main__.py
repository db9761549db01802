"""As many damaged files as one likes: `python tests/fuzz [--reader NAME] [--inputs N] [--first SEED]`.

Prints every failure with the reader and the seed that make it again, and exits with 1 if there was one.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from readers import READERS, check_inputs, make_inputs
from tqdm import tqdm
from tries import failure


def run() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reader", choices=READERS, action="append", help="default: all of them")
    parser.add_argument("--inputs", type=int, default=1000, help="damaged files a reader (default 1000)")
    parser.add_argument("--first", type=int, default=0, help="first seed (default 0)")
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        inputs = Path(name) / "in"
        make_inputs(inputs)
        check_inputs(inputs, Path(name) / "check")
        for reader in args.reader or READERS:
            for seed in tqdm(range(args.first, args.first + args.inputs), desc=reader):
                wrong = failure(inputs, reader, seed)
                if wrong:
                    failed += 1
                    print(f"--reader {reader} --first {seed} --inputs 1: {wrong}", flush=True)
    print(f"{failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run())
