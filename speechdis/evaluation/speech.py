"""What an evaluation reads: frame stores with what their data directories say of each utterance."""

from dataclasses import dataclass
from pathlib import Path

from speechdis.data.directory import read_directory
from speechdis.data.utterance import Utterance
from speechdis.features.store import Store


@dataclass(frozen=True)
class Split:
    """A store with what its data directory says of each of its utterances."""

    store: Store
    utterances: list[Utterance]

    @classmethod
    def read(cls, store: Path, data: Path) -> "Split":
        """Raises InputError where an utterance of the store is not in the data directory."""
        opened = Store.read(store)
        return cls(opened, opened.look_up({u.utt: u for u in read_directory(data)}, data))


@dataclass(frozen=True)
class Speech:
    """What an evaluation reads: training speakers, and test speakers in one or more conditions."""

    train: Split
    test: dict[str, Split]  # "clean", and "channel" where made

    @property
    def clean(self) -> Split:
        """The test set as recorded."""
        return self.test["clean"]
