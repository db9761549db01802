"""Fine-tuning: a training that starts from the weights of a checkpoint, with an optimiser of its own.

The checkpoint's statistics of frames stay, as its weights read frames that are normalised by them. A copy of the file
lies in the experiment, so that a run that goes on reads nothing else: what it started from may have changed or gone.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from speechdis import models
from speechdis.data.atomic import replacing
from speechdis.data.record import digest
from speechdis.data.text import read_yaml
from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.models.base import SegmentModel
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.config import Recipe
from speechdis.training.run_directory import RunDirectory
from speechdis.training.state import writing


@dataclass(frozen=True)
class Start:
    """The checkpoint that a training starts from.

    Attributes:
        name: as it was named: an experiment, a file, or one that comes with the package.
        file: where it was read.
        sha256: of that file.
        checkpoint: what was in it, on the CPU.
    """

    name: str
    file: Path
    sha256: str
    checkpoint: Checkpoint

    @property
    def said(self) -> dict[str, str]:
        """What `config.yaml` and `run.json` say of it."""
        return {"checkpoint": self.name, "sha256": self.sha256}

    def check(self, recipe: Recipe) -> None:
        """Raise InputError, naming all that differs, where the recipe does not fit the checkpoint.

        Sizes and parts of a model must be the same. Weights of a loss's terms, and whatever else is a fraction, may
        differ.
        """
        found = self.checkpoint
        if found.name != recipe.name:
            raise InputError(
                f"{self.name}: a '{found.name}', but the recipe is of a '{recipe.name}'; "
                f"take a recipe of '{found.name}'"
            )
        model = found.model_of(SegmentModel, "cannot be started from: --init is for models of speech alone")
        mine, theirs = (
            asdict(type(model).for_utterances(config, 0)) for config in (recipe.model, model.config)
        )
        wrong = [key for key, value in theirs.items() if value != mine[key] and type(value) is not float]
        if wrong:
            told = ", ".join(f"{key} is {theirs[key]!r} (recipe: {mine[key]!r})" for key in wrong)
            settings = " ".join(f"--set model.{key}={str(theirs[key]).lower()}" for key in wrong)
            raise InputError(f"{self.name}: does not fit the recipe: {told}; give {settings}")

    def check_frames(self, store: Store) -> None:
        """Raise InputError where the frames of `store` are not made as the checkpoint's."""
        self.checkpoint.check(store)
        bins = len(self.checkpoint.mean)
        if bins != len(store.mean):
            raise InputError(
                f"{store.path}: frames of {len(store.mean)}, but {self.name} reads {bins}; "
                "make the features as the model's were made"
            )

    def give(self, model: SegmentModel) -> None:
        """Put its weights into `model`; a table of training utterances, which are others now, stays as it is."""
        kind, config = type(model), self.checkpoint.model.config
        one, two = (
            models.shapes(self.checkpoint.name, len(self.checkpoint.mean), kind.for_utterances(config, rows))
            for rows in (1, 2)
        )
        weights = self.checkpoint.model.state_dict()
        model.load_state_dict({key: weights[key] for key in one if one[key] == two[key]}, strict=False)

    def keep(self, directory: RunDirectory) -> None:
        """Copy the file into an experiment. Raises InputError where it has changed since it was read."""
        if self.file == directory.start:
            return
        content = self.file.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise InputError(f"{self.file}: changed while it was read; try again when nothing writes it")
        with writing(directory.start), replacing(directory.start) as partial:
            partial.write_bytes(content)


def start(given: Path | None, out: Path) -> Start | None:
    """What the training in `out` starts from: what it has started from already, else what is `given`, if anything.

    Raises:
        InputError: no such checkpoint, or a damaged one.
    """
    directory = RunDirectory(out)
    begun = directory.config.exists() or directory.state.exists()
    if begun and directory.start.exists():
        file, name = directory.start, _told(directory).get("checkpoint", directory.start.name)
        name = name if given is None else str(given)
    elif given is None:
        return None
    else:
        file, name = checkpoint.resolve(given), str(given)
    return Start(name, file, digest(file), checkpoint.load(file))


def _told(directory: RunDirectory) -> Mapping[str, Any]:
    """What the configuration says of the start; nothing where it says none, or is damaged."""
    try:
        content = read_yaml(directory.config)
    except (InputError, OSError):
        return {}
    said = content.get("init") if isinstance(content, dict) else None
    return said if isinstance(said, dict) else {}
