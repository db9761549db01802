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
        held: by condition, other speakers who say which attacker is the strongest, where there are any.
    """

    train: Split
    test: dict[str, Split]
    through: dict[str, Split] = field(default_factory=dict)
    held: dict[str, Split] = field(default_factory=dict)

    @property
    def clean(self) -> Split:
        """The test set as recorded."""
        return self.test["clean"]

    @property
    def everything(self) -> dict[str, Split]:
        """All that is read, by a name each."""
        return {
            "train": self.train,
            **{f"train, {name}": split for name, split in self.through.items()},
            **{f"held out, {name}": split for name, split in self.held.items()},
            **self.test,
        }

    @property
    def attacked(self) -> dict[str, tuple[str, str, str]]:
        """Names in `everything` of training speakers, those held out, or "", and test speakers of each condition."""
        training = {"clean": "train", **{name: f"train, {name}" for name in self.through}}
        return {
            name: (training[name], f"held out, {name}" if name in self.held else "", name)
            for name in self.test
            if name in training
        }
