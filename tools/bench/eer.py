"""Equal error rate: ours against scikit-learn, torchmetrics and SpeechBrain, 18,336 to 10,000,000 trials.

CPU seconds on one core and peak extra memory of one call. scikit-learn's includes the crossing of its ROC;
SpeechBrain's takes O(n^2) time and is run on the smallest list only; torchmetrics where it is installed (it
needs scores in [0, 1]).

    python tools/bench/eer.py
"""

import tracemalloc
from collections.abc import Callable

from timing import measure, table  # isort: skip (first: it holds numpy and torch to one thread)

import numpy as np

from speechdis.metrics.equal_error import eer

SIZES = (18_336, 1_000_000, 10_000_000)
TARGETS = 672 / 18_336  # of all trials, as in TIMIT's core test set


def ours(target: np.ndarray, nontarget: np.ndarray) -> float:
    return eer(target, nontarget).value


def scikit_learn(target: np.ndarray, nontarget: np.ndarray) -> float:
    from sklearn.metrics import roc_curve

    labels = np.zeros(len(target) + len(nontarget), np.int8)
    labels[: len(target)] = 1
    fa, hit, _ = roc_curve(labels, np.concatenate([target, nontarget]))
    k = int(np.argmax(1 - hit <= fa))
    gap, before = fa[k] - 1 + hit[k], 1 - hit[k - 1] - fa[k - 1]
    return float(fa[k - 1] + (fa[k] - fa[k - 1]) * before / (before + gap))


def torchmetrics(target: np.ndarray, nontarget: np.ndarray) -> float:
    import torch
    from torchmetrics.functional.classification import binary_eer

    scores = torch.from_numpy(np.concatenate([target, nontarget]))
    labels = torch.arange(len(scores)) < len(target)
    return float(binary_eer((scores + 1) / 2, labels.long()))


def speechbrain(target: np.ndarray, nontarget: np.ndarray) -> float:
    import torch
    from speechbrain.utils.metric_stats import EER

    return float(EER(torch.from_numpy(target), torch.from_numpy(nontarget))[0])


def peak(function: Callable[[], object]) -> float:
    """Peak extra memory of a call as numpy reports it, MB."""
    tracemalloc.start()
    try:
        function()
    except ImportError:
        return float("nan")
    finally:
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return size / 1e6


def main() -> None:
    rng = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    for size in SIZES:
        count = round(size * TARGETS)
        target = np.tanh(rng.normal(0.6, 0.3, count)).astype(np.float32)
        nontarget = np.tanh(rng.normal(0, 0.3, size - count)).astype(np.float32)
        peers = [ours, scikit_learn, torchmetrics, *([speechbrain] if size == SIZES[0] else [])]
        calls = {peer.__name__: (lambda p=peer: p(target, nontarget)) for peer in peers}  # noqa: B023
        seconds = measure(calls, repeat=3)
        for name, call in calls.items():
            installed = seconds[name] == seconds[name]
            rows.append(
                {
                    "trials": f"{size:,}",
                    "who": name,
                    "ms": 1000 * seconds[name],
                    "x ours": seconds[name] / seconds["ours"],
                    "extra MB": "in torch" if name in ("torchmetrics", "speechbrain") else peak(call),
                    "EER %": f"{100 * call():.4f}" if installed else "",
                }
            )
    table(rows)


if __name__ == "__main__":
    main()
