"""Training on a GPU: a step recorded as a CUDA graph against the same step as ever, of every model of speech.

Random frames, with twins, at the sizes of each model's recipe for speech. Both are timed in turn in one run. Segments a
second are those of the recipe's own length, which is printed. "the same" says how far the losses of the first steps
are apart. A line of the log says where a step could not be recorded.

    python tools/bench/gpu.py [--models revoice cdsvae ...] [--steps 200]
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from timing import table  # first: it holds numpy and torch to one core

# isort: split
import numpy as np
import torch

from speechdis.features.store import Store, write_store
from speechdis.training import captured, config, experiment
from speechdis.training.recipes import folder

MODELS = ("revoice", "dsvae", "cdsvae", "fhvae", "spyl", "dbse", "s3vae", "rwae", "vrnn", "avrnn")
SETTINGS = {"type": "fbank", "config": {"rate": 16000}}


def stores(root: Path) -> None:
    """Random frames of 50 speakers, and their twins."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 500), ("dev", 50)):
        rows = [
            (f"u{i:04}", f"s{i % 50}", rng.normal(size=(400, 80)).astype(np.float32)) for i in range(count)
        ]
        write_store(root / "x" / part, rows, SETTINGS)
        write_store(root / "twins" / part, [(f"{u}#0", s, x) for u, s, x in rows], SETTINGS)


def take(root: Path, name: str, graph: bool, steps: int, device: torch.device) -> tuple[float, list[float]]:
    """Seconds of a step, the best of five stretches, and the first losses."""
    recipe = config.read(folder() / name / "speech.yaml", [f"training.captured={str(graph).lower()}"])
    torch.manual_seed(0)
    twins = None if name in ("vrnn", "avrnn") else root / "twins"
    trainer = experiment._trainer(recipe, root / "x", twins, None, root / "exp", device)
    step = trainer.steps.taking(trainer.batches.draw, trainer.generator, trainer.batches.fixed)
    losses, best = [], np.inf
    for number in range(2 * captured.WARM):
        trainer.steps.set_learning_rates(number)
        losses.append(float(step()["loss"]))
    for _ in range(5):
        torch.cuda.synchronize(device)
        begun = time.perf_counter()
        for number in range(steps // 5):
            trainer.steps.set_learning_rates(number)
            step()
        torch.cuda.synchronize(device)
        best = min(best, (time.perf_counter() - begun) / (steps // 5))
    return best, losses


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--steps", type=int, default=200)
    args = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error("there is no GPU; its figures are open until somebody runs this on one")
    device = torch.device("cuda")
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}\n")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as made:
        stores(Path(made))
        Store.read(Path(made) / "x" / "train")
        for name in args.models:
            (slow, before), (fast, after) = (
                take(Path(made), name, graph, args.steps, device) for graph in (False, True)
            )
            training = config.read(folder() / name / "speech.yaml").training
            apart = max(abs(a - b) / max(1, abs(a)) for a, b in zip(before, after, strict=True))
            rows.append(
                {
                    "model": name,
                    "frames a segment": training.segment,
                    "ms a step": 1000 * slow,
                    "captured, ms": 1000 * fast,
                    "times as fast": slow / fast,
                    "segments/s": training.batch / fast,
                    "the same": f"{apart:.0e}",
                }
            )
    table(rows)


if __name__ == "__main__":
    main()
