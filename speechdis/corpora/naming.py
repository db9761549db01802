"""Ids for recordings that people named: made of speaker and path, and safe in every file of a data directory."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath

from speechdis.data.utterance import Utterance

_SPEAKER = re.compile(r"[^\w.]+")  # no dash: it ends the speaker in an id, and sorts before all the others
_NAME = re.compile(r"[^\w.-]+")


def speaker_ids(names: Iterable[str]) -> dict[str, str]:
    """An id for each speaker's name; names whose ids would be equal are told apart by a number.

    >>> speaker_ids(["Zoë B", "-ann", "Zoë_B"])
    {'-ann': '_ann', 'Zoë B': 'Zoë_B', 'Zoë_B': 'Zoë_B_2'}
    """
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(set(names)):
        ids[name] = _unlike(_SPEAKER.sub("_", unicodedata.normalize("NFC", name)), taken, "_")
    return ids


def utterance_id(spk: str, path: PurePath, taken: set[str]) -> str:
    """`SPEAKER-FOLDER-NAME` of a relative path without its suffix, unlike all in `taken`, to which it is added.

    >>> taken = set()
    >>> [utterance_id("ann", PurePath(p), taken) for p in ("a/my take.wav", "a/my take.mp3")]
    ['ann-a-my_take', 'ann-a-my_take-2']
    """
    parts = [part for part in path.with_suffix("").parts if part not in (path.anchor, "..")]
    return _unlike(f"{spk}-{_NAME.sub('_', unicodedata.normalize('NFC', '-'.join(parts)))}", taken, "-")


def prefixed(utterance: Utterance, prefix: str) -> Utterance:
    """The utterance with `PREFIX-` before its id and its speaker's, so that two corpora may share ids.

    >>> from pathlib import Path
    >>> prefixed(Utterance("84-121123-0000", "84", Path("a.flac")), "libri").utt
    'libri-84-121123-0000'
    """
    return replace(utterance, utt=f"{prefix}-{utterance.utt}", spk=f"{prefix}-{utterance.spk}")


def _unlike(word: str, taken: set[str], gap: str) -> str:
    number, unlike = 1, word
    while unlike in taken:
        number += 1
        unlike = f"{word}{gap}{number}"
    taken.add(unlike)
    return unlike
