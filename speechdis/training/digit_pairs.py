"""Pairs of a spoken and a written digit of the same identity (PVAE, Hsu and Glass 2018, section 4.1).

For training every spoken digit gets another random image of its digit in every epoch; for dev and test the
pairs are drawn once and kept in a file, a line `spoken-id image-id` each.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from speechdis.corpora.digits import value
from speechdis.data.atomic import replacing
from speechdis.data.directory import read_directory
from speechdis.data.text import read_text, split
from speechdis.errors import InputError
from speechdis.features.store import Store


class Pairing:
    """Which images each spoken digit may be paired with.

    Args:
        speech: (N,) digit of each utterance.
        images: (M,) digit of each image.

    Raises:
        InputError: a digit is in one of the two and not in the other.
    """

    def __init__(self, speech: np.ndarray, images: np.ndarray) -> None:
        for one, other, what in ((speech, images, "written"), (images, speech, "spoken")):
            missing = np.setdiff1d(one, other)
            if len(missing):
                raise InputError(f"digit {missing[0]} has no {what} one; both parts need all the same digits")
        self.order = np.argsort(images, kind="stable")  # images by digit
        digits = np.arange(images.max() + 1)
        first = np.searchsorted(images[self.order], digits)
        count = np.searchsorted(images[self.order], digits, side="right") - first
        self.first, self.count = first[speech], count[speech]

    def draw(self, seed: int, epoch: int = 0, *more: int) -> np.ndarray:
        """(N,) the image of each spoken digit in an epoch: uniform, independent, the same for the same seed.

        `more` tells further draws of the same epoch apart.
        """
        spread = np.random.default_rng((seed, epoch, *more)).random(len(self.first))
        return self.order[self.first + (spread * self.count).astype(np.int64)]


def spoken_digits(data: str | Path) -> dict[str, int]:
    """Digit of each utterance of a data directory, by its `text`.

    Raises:
        InputError: a transcript that is not one name of a digit.
    """
    digits = {}
    for u in read_directory(data):
        words = u.text.split()
        if len(words) != 1:
            found = f"'{u.text}' is not one digit; see 'speechdis segment'" if words else "no transcript"
            raise InputError(f"{Path(data) / 'text'}: {u.utt}: {found}")
        try:
            digits[u.utt] = value(words[0])
        except InputError as error:
            raise InputError(f"{Path(data) / 'text'}: {u.utt}: {error}") from None
    return digits


def written_digits(store: Store) -> np.ndarray:
    """(M,) digit of each image of a store of `speechdis images`.

    Raises:
        InputError: it is a store of something else.
    """
    if store.settings["type"] != "image":
        raise InputError(f"{store.path}: holds {store.settings['type']}, not images; see 'speechdis images'")
    return np.array([int(spk) for spk in store.spks])


def write_pairs(path: str | Path, pairs: Sequence[tuple[str, str]]) -> None:
    """Write lines `spoken-id image-id`."""
    with replacing(path) as partial:
        partial.write_text("".join(f"{one} {other}\n" for one, other in pairs), "utf-8")


def read_pairs(path: str | Path, speech: Sequence[str], images: Sequence[str]) -> np.ndarray:
    """(P, 2) place of each pair's utterance in `speech` and of its image in `images`, which are ids.

    Raises:
        InputError: with file and line: not two fields, or an id that is in neither.
    """
    places = [{name: i for i, name in enumerate(names)} for names in (speech, images)]
    try:
        lines = [line for line in read_text(path).split("\n") if split(line)]
    except InputError as error:
        raise InputError(f"{error}; see 'speechdis pair'") from None
    pairs = []
    for number, line in enumerate(lines, 1):
        fields = split(line)
        if len(fields) != 2:
            raise InputError(f"{path}:{number}: expected 'spoken-id image-id', got '{line}'")
        for field, known, what in zip(fields, places, ("utterance", "image"), strict=True):
            if field not in known:
                raise InputError(f"{path}:{number}: no {what} '{field}'; make the pairs again")
        pairs.append([known[field] for field, known in zip(fields, places, strict=True)])
    if not pairs:
        raise InputError(f"{path}: no pairs")
    return np.array(pairs)
