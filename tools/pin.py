"""Digests of what is computed: features, twins, 50 steps of every model, vectors, trials and a swap.

Before a change of the code that shall change no number, `python tools/pin.py --write before`; after it
`python tools/pin.py --against before`. Digests hold on one machine with one set of packages.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

RECIPES = Path(__file__).parents[1] / "recipes"
SHORT = {"training.steps": 50, "training.batch": 16, "training.validate_every": 25, "training.seed": 1}
MODELS = ("dsvae", "cdsvae", "fhvae", "s3vae", "rwae", "spyl", "dbse", "revoice", "vrnn", "avrnn")
WIDTHS = {"vrnn": ["model.hidden_size=16"], "avrnn": ["model.hidden_size=16"]}  # full ones take minutes


def speechdis(words: str, *more: str) -> None:
    command = [sys.executable, "-m", "speechdis", *words.split(), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")


def pinned(work: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of everything that is computed, made one after the other in `work`."""
    tree, data, feats, twins = (str(work / name) for name in ("tree", "data", "feats", "twins"))
    speechdis(f"generate timit --out {tree} --speakers 12 --sentences 4 --seed 0 --jobs 2")
    speechdis(f"prepare timit --root {tree} --out {data}")
    for kind in ("spectrogram", "waveform"):
        speechdis(f"features --data {data}/test --out {work}/{kind} --feature-type {kind}")
        yield kind, work / kind / "frames.npy"
    speechdis(f"features --data {data} --out {feats}")
    yield "fbank", work / "feats" / "train" / "frames.npy"
    speechdis(f"features --data {data}/test --out {work}/channel --channel-seed 0")
    yield "fbank through channels", work / "channel" / "frames.npy"
    speechdis(f"augment --data {data}/train --features {feats}/train --out {twins} --versions 2 --seed 0")
    yield "twins", work / "twins" / "frames.npy"
    for model in MODELS:
        yield from trained(work, model, feats, [] if model.endswith("vrnn") else ["--augmented", twins])
    exp = work / "exp" / "revoice"
    speechdis(f"trials --data {data}/test --features {feats}/test --protocol all-pairs --out {work}/trials")
    yield "trials", work / "trials"
    speechdis(f"swap --checkpoint {exp}/best --data {data}/test --out {work}/swap.wav")
    yield "swap of revoice", work / "swap.wav"


def trained(work: Path, model: str, feats: str, twins: list[str]) -> Iterator[tuple[str, Path]]:
    exp = work / "exp" / model
    told = [*(f"{key}={value}" for key, value in SHORT.items()), *WIDTHS.get(model, [])]
    settings = [word for setting in told for word in ("--set", setting)]
    recipe = RECIPES / model / "speech.yaml"
    speechdis(
        f"train --features {feats} --out {exp} --device cpu", "--config", str(recipe), *twins, *settings
    )
    yield f"50 steps of {model}", exp / "checkpoints" / "last.safetensors"
    speechdis(f"embed --checkpoint {exp}/last --features {feats}/test --out {exp}/vectors --device cpu")
    yield f"static vectors of {model}", exp / "vectors" / "static.ark"
    yield f"dynamic vectors of {model}", exp / "vectors" / "dynamic.ark"


def digest(file: Path) -> str:
    """Of a file's bytes; of a checkpoint's weights alone, not of the settings in its header."""
    content = file.read_bytes()
    if file.suffix == ".safetensors":
        content = content[8 + int.from_bytes(content[:8], "little") :]
    return hashlib.sha256(content).hexdigest()[:16]


def run() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="file for the digests")
    parser.add_argument("--against", type=Path, help="file of digests to compare with")
    args = parser.parse_args()
    known = dict(line.split("\t") for line in args.against.read_text().splitlines()) if args.against else {}
    found = {}
    with tempfile.TemporaryDirectory() as work:
        for name, file in pinned(Path(work)):
            found[name] = digest(file)
            verdict = "" if not known else "same" if known.get(name) == found[name] else "DIFFERS"
            print(f"{name:32} {found[name]} {verdict}", flush=True)
    if args.write:
        args.write.write_text("".join(f"{name}\t{digest}\n" for name, digest in found.items()))
    return 1 if known and known != found else 0


if __name__ == "__main__":
    sys.exit(run())
