"""As many damaged files as one likes, or as many kills: `python tests/fuzz [--inputs N | --kills N]`.

Prints every failure with the words that make it again, and exits with 1 if there was one.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import kills
import tries
from readers import READERS, check_inputs, make_inputs
from tqdm import tqdm


def run() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reader", choices=READERS, action="append", help="default: all of them")
    parser.add_argument("--inputs", type=int, default=1000, help="damaged files a reader (default 1000)")
    parser.add_argument("--first", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--kills", type=int, default=0, help="kill each command so often instead")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        inputs = Path(name) / "in"
        make_inputs(inputs)
        check_inputs(inputs, Path(name) / "check")
        found = killing(inputs, args) if args.kills else damaging(inputs, args)
        failed = [print(line, flush=True) for line in found]
    print(f"{len(failed)} failures")
    return 1 if failed else 0


def damaging(inputs: Path, args: argparse.Namespace) -> Iterator[str]:
    for reader in args.reader or READERS:
        for seed in tqdm(range(args.first, args.first + args.inputs), desc=reader):
            if wrong := tries.failure(inputs, reader, seed):
                yield f"--reader {reader} --first {seed} --inputs 1: {wrong}"


def killing(inputs: Path, args: argparse.Namespace) -> Iterator[str]:
    kills.make_stores(inputs)
    for command in kills.COMMANDS:
        for seed in tqdm(range(args.first, args.first + args.kills), desc=command):
            folder = inputs.parent / f"{command}-{seed}"
            if wrong := kills.failure(command, inputs, folder, kills.moments(seed, 3)):
                yield f"{command}, --first {seed} --kills 1: {wrong}"
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(run())
