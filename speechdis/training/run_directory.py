"""What lies where in an experiment: every path of it, in one place."""

from dataclasses import dataclass
from pathlib import Path

from speechdis.data.record import PARTIAL
from speechdis.errors import InputError

_CHECKPOINTS = "checkpoints"
_RESULTS = ("results.json", "results-test.json", "results-dev.json")


@dataclass(frozen=True)
class RunDirectory:
    """The directory `path` of one training: a run.

    config.yaml                     what it was told
    metrics.jsonl, tb/, train.log   what it told
    checkpoints/best.safetensors    the model that is used, and `last`
    checkpoints/last.state.pt       what it goes on from
    checkpoints/init.safetensors    the model that it started from, where one was given
    run.json                        how it was made, when it is over
    results.json                    what `speechdis evaluate` measured
    clips.json                      what `speechdis clips` did, of a model of images
    """

    path: Path

    @classmethod
    def around(cls, checkpoint: Path) -> "RunDirectory":
        """The run that a checkpoint file is of; of a file that lies elsewhere, its folder."""
        folder = checkpoint.parent
        return cls(folder.parent if folder.name == _CHECKPOINTS else folder)

    @property
    def name(self) -> str:
        """As tables call it."""
        return self.path.name

    @property
    def config(self) -> Path:
        """YAML: sections model, training and data."""
        return self.path / "config.yaml"

    @property
    def metrics(self) -> Path:
        """JSON, a line a look at the validation speakers."""
        return self.path / "metrics.jsonl"

    @property
    def events(self) -> Path:
        """A folder, for TensorBoard."""
        return self.path / "tb"

    @property
    def journal(self) -> Path:
        """Text: when it began, looked, stopped."""
        return self.path / "train.log"

    @property
    def record(self) -> Path:
        """JSON: steps, speed, seed, commit, versions, hardware."""
        return self.path / "run.json"

    @property
    def checkpoints(self) -> Path:
        """A folder."""
        return self.path / _CHECKPOINTS

    @property
    def state(self) -> Path:
        """What training goes on from."""
        return self.checkpoints / "last.state.pt"

    @property
    def start(self) -> Path:
        """A copy of the checkpoint that training started from, where one was given."""
        return self.checkpoint("init")

    @property
    def results(self) -> Path:
        """JSON: the first of results.json, results-test.json and results-dev.json that is there, else the first."""
        files = [self.path / name for name in _RESULTS]
        return next((file for file in files if file.is_file()), files[0])

    @property
    def new_results(self) -> Path:
        """Where results go that nobody has named."""
        return self.path / _RESULTS[0]

    @property
    def clips(self) -> Path:
        """JSON: what a judge makes of images; the pictures lie beside it."""
        return self.path / "clips.json"

    def checkpoint(self, name: str) -> Path:
        """The file of the model `name`, "best" or "last"."""
        return self.checkpoints / f"{name}.safetensors"

    @property
    def found(self) -> list[str]:
        """Names of what makes it a run, as far as they are there."""
        own = (self.config, self.metrics, self.record, self.checkpoints)
        return [file.name for file in own if file.exists()]

    @property
    def ours(self) -> bool:
        """Whether a run may go on in it: it says what it was told, or has a state, or has come to nothing yet."""
        if self.config.exists() or self.state.exists():
            return True
        made = {f for f in self.checkpoints.glob("*") if not PARTIAL.fullmatch(f.name)} - {self.start}
        return not (set(self.found) - {_CHECKPOINTS} or made)

    def require(self) -> None:
        """Raise InputError unless it is a run."""
        if not self.config.is_file():
            raise InputError(
                f"{self.path}: not an experiment (no config.yaml); give the --out of 'speechdis train'"
            )
