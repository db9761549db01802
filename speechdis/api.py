"""What `import speechdis` offers: `speechdis.load`, `speechdis.eer` and `speechdis.train`."""

from os import PathLike
from typing import Any

import numpy as np

from speechdis.metrics import verification
from speechdis.metrics.verification import EER
from speechdis.model import TrainedModel


def load(path: str | PathLike[str], device: str = "cpu") -> TrainedModel:
    """A trained model; see `speechdis.model.TrainedModel.load`."""
    return TrainedModel.load(path, device)


def eer(target: Any, nontarget: Any, speakers: tuple[Any, Any] | None = None) -> EER:
    """Equal error rate of scores, higher = more alike: `value`, `threshold` and 95 % `interval`.

    Args:
        target: (P,) scores of trials of one speaker.
        nontarget: (N,) scores of trials of two speakers.
        speakers: who speaks in them: (P,) and (N, 2) labels. The interval is then over speakers; without them it is
            over trials, which is too narrow where trials share speakers.

    Raises:
        InputError: no trial of either kind, a score that is NaN or infinite, or labels that do not fit.
    """
    t, n = np.asarray(target, float).ravel(), np.asarray(nontarget, float).ravel()
    found = verification.eer(t, n)
    if speakers is None:
        return EER(found.value, found.threshold, verification.over_trials(t, n))
    own, pairs = np.asarray(speakers[0]).ravel(), np.asarray(speakers[1]).reshape(-1, 2)
    one, other = np.concatenate([own, pairs[:, 0]]), np.concatenate([own, pairs[:, 1]])
    is_target = np.arange(len(t) + len(n)) < len(t)
    interval = verification.bootstrap(np.concatenate([t, n]), is_target, one, other)
    return EER(found.value, found.threshold, interval)
