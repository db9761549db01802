"""Several corpora as one: the data directories of their splits, in which no speaker's id is of two of them."""

import logging
from collections.abc import Sequence
from pathlib import Path

from speechdis.corpora.naming import prefixed
from speechdis.data.directory import find_directories, read_directory
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)


def together(folders: Sequence[Path], prefixes: Sequence[str] = ()) -> dict[str, list[Utterance]]:
    """Split name to the utterances that all of `folders` have of it.

    Args:
        folders: of `train`, `dev` and `test`, or some of them, as `speechdis prepare` writes them.
        prefixes: of the ids of each folder; none for ids as they are.

    Raises:
        InputError: a data directory in place of a folder of them; prefixes for some folders alone; a speaker whose id
            is in two of them.
    """
    if prefixes and len(prefixes) != len(folders):
        raise InputError(
            f"{len(prefixes)} prefixes for {len(folders)} folders: give one for each, in their order"
        )
    splits: dict[str, list[Utterance]] = {}
    owner: dict[str, Path] = {}
    for number, folder in enumerate(folders):
        found = find_directories(folder)
        if "" in found:
            raise InputError(f"{folder}: a data directory; give the folder of its train, dev and test")
        for name, directory in found.items():
            utterances = read_directory(directory)
            if prefixes:
                utterances = [prefixed(u, prefixes[number]) for u in utterances]
            for spk in {u.spk for u in utterances}:
                if owner.setdefault(spk, folder) != folder:
                    raise InputError(
                        f"speaker '{spk}' is in {owner[spk]} and in {folder}: one person, or two with one number? "
                        "--prefix A B keeps them apart"
                    )
            splits.setdefault(name, []).extend(utterances)
            for trials in sorted(directory.glob("trials*")):
                _LOG.warning("%s: left out: it is of one corpus, so score it by that", trials)
    return splits
