"""What an evaluation reads: frame stores with what their data directories say of each utterance."""

from dataclasses import dataclass, field
from pathlib import Path

from speechdis.data.directory import read_directory
from speechdis.data.utterance import Utterance
from speechdis.features import speech_alone
from speechdis.features.store import Store


@dataclass(frozen=True)
class Split:
    """A store with what its data directory says of each of its utterances."""

    store: Store
    utterances: list[Utterance]

    @classmethod
    def read(cls, store: Path, data: Path) -> "Split":
        """Raises InputError for frames of pictures, or where an utterance is not in the data directory."""
        opened = Store.read(store)
        speech_alone(opened.settings, f"{store}: frames")
        return cls(opened, opened.look_up({u.utt: u for u in read_directory(data)}, data))


@dataclass(frozen=True)
class Speech:
    """What an evaluation reads: training and test speakers, in one or more conditions.

    Attributes:
        train: training speakers as recorded.
        test: test speakers, "clean", and "channel" where made.
        through: the training speakers in other conditions than "clean": what an attacker who knows of it learns from.
    """

    train: Split
    test: dict[str, Split]
    through: dict[str, Split] = field(default_factory=dict)

    @property
    def clean(self) -> Split:
        """The test set as recorded."""
        return self.test["clean"]

    @property
    def attacked(self) -> dict[str, tuple[Split, Split]]:
        """Training and test speakers of each condition that both are there in."""
        training = {"clean": self.train, **self.through}
        return {name: (training[name], split) for name, split in self.test.items() if name in training}
