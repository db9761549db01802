"""What `import speechdis` offers: `speechdis.load`, `speechdis.eer` and `speechdis.train`."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from speechdis import weights
from speechdis.metrics import equal_error, intervals
from speechdis.metrics.equal_error import EER
from speechdis.model import TrainedModel
from speechdis.pipeline import training


def load(path: str | PathLike[str] = weights.DEFAULT, device: str = "cpu") -> TrainedModel:
    """A trained model, without `path` the one that comes with the package; see `TrainedModel.load`."""
    return TrainedModel.load(path, device)


def train(
    recipe: str | PathLike[str],
    data: str | PathLike[str],
    out: str | PathLike[str],
    settings: Sequence[str] = (),
    feature_type: str = "fbank",
    device: str = "auto",
    init: str | PathLike[str] | None = None,
) -> TrainedModel:
    """Train a recipe on own recordings, from the sound to the model.

    Features go to `out/features`, twins for a model that reads them to `out/twins`. What an earlier run has made of
    the same data is used; a training that was broken off goes on.

    Args:
        recipe: a name (`speechdis recipes` lists them) or a YAML file.
        data: holds the data directories train and dev, of different speakers.
        out: the experiment.
        settings: numbers of the recipe to change, such as "training.steps=100".
        feature_type: "fbank", "spectrogram" or "waveform".
        device: "cpu", "cuda", or "auto" for a GPU where there is one.
        init: start from the weights of a model, named as `load` takes it, in place of random ones: fine-tuning.

    Raises:
        InputError: no such recipe, an `init` that does not fit it or the features, no data directories, or an `out`
            with a run of another kind.
    """
    began = None if init is None else Path(init)
    training.train(Path(recipe), Path(data), Path(out), settings, feature_type, device, began)
    return load(out, device)


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
    found = equal_error.eer(t, n)
    if speakers is None:
        return EER(found.value, found.threshold, intervals.over_trials(t, n))
    own, pairs = np.asarray(speakers[0]).ravel(), np.asarray(speakers[1]).reshape(-1, 2)
    one, other = np.concatenate([own, pairs[:, 0]]), np.concatenate([own, pairs[:, 1]])
    is_target = np.arange(len(t) + len(n)) < len(t)
    interval = intervals.bootstrap(np.concatenate([t, n]), is_target, one, other)
    return EER(found.value, found.threshold, interval)
