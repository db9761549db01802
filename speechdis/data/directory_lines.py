"""The lines that a data directory is written as, and what cannot stand in them; `data/directory.py` reads them."""

import re
from collections import Counter
from pathlib import Path

from speechdis.data.commands import decoding
from speechdis.data.text import require_id, split
from speechdis.data.utterance import Interval, Utterance
from speechdis.errors import InputError

# Names that a line of wav.scp cannot hold: of several lines, not UTF-8 (surrogates), blanks or pipes at an end.
_UNFIT = re.compile(r"[\n\ud800-\udfff]|^[\s|]|[\s|]$")


def require_writable(utterance: Utterance, where: str) -> None:
    """Raise InputError, which begins with `where`, for ids, labels or a file name no data directory can hold."""
    u = utterance
    for word in (u.utt, u.spk, u.session or u.spk, *(i.label for i in (*u.phones, *u.words))):
        require_id(word, where)
    _place(u)


def tables(path: Path, utterances: list[Utterance]) -> dict[str, list[str]]:
    """Lines of each file of the directory, sorted by id; Python sorts text by code point, as C does."""
    if not utterances:
        raise InputError(f"{path}: no utterances to write")
    for utt, count in Counter(u.utt for u in utterances).items():
        if count > 1:
            files = " and ".join(str(u.path) for u in utterances if u.utt == utt)
            raise InputError(f"utterance id '{utt}' stands {count} times, of {files}; rename or remove one")
    for u in utterances:
        require_writable(u, str(path))
    utterances = sorted(utterances, key=lambda u: u.utt)
    spk2gender = {u.spk: u.gender for u in utterances if u.gender}
    for u in utterances:
        if u.gender and u.gender != spk2gender[u.spk]:
            raise InputError(f"{path}: speaker '{u.spk}' is both m and f")
    spk2utt: dict[str, list[str]] = {}
    for u in utterances:
        spk2utt.setdefault(u.spk, []).append(u.utt)
    return {
        **_recordings(utterances),
        "utt2spk": [f"{u.utt} {u.spk}\n" for u in utterances],
        "spk2utt": [f"{spk} {' '.join(utts)}\n" for spk, utts in sorted(spk2utt.items())],
        "utt2session": [f"{u.utt} {u.session}\n" for u in utterances if u.session],
        "spk2gender": [f"{spk} {gender}\n" for spk, gender in sorted(spk2gender.items())],
        "text": [f"{u.utt} {_words(u.text)}\n" for u in utterances if u.text],
        "text_phone": [f"{u.utt} {_words(u.text_phone)}\n" for u in utterances if u.text_phone],
        "phones": [_timed(u.utt, i) for u in utterances for i in u.phones],
        "words": [_timed(u.utt, i) for u in utterances for i in u.words],
    }


def _recordings(utterances: list[Utterance]) -> dict[str, list[str]]:
    """wav.scp, and segments if any utterance is a part; a recording is named after its first utterance."""
    if all(u.start == 0 and u.end is None for u in utterances):
        return {"wav.scp": [f"{u.utt} {_place(u)}\n" for u in utterances]}
    names: dict[str, str] = {}
    for u in utterances:
        names.setdefault(_place(u), u.utt)
    return {
        "wav.scp": [f"{name} {place}\n" for place, name in names.items()],
        "segments": [
            f"{u.utt} {names[_place(u)]} {_time(u.start)} {'-1' if u.end is None else _time(u.end)}\n"
            for u in utterances
        ],
    }


def _place(u: Utterance) -> str:
    """What wav.scp says of where an utterance is."""
    place = str(u.path.absolute())
    if _UNFIT.search(place):
        raise InputError(f"{place!r}: such a file name cannot stand in wav.scp; rename the file")
    return place if u.channel is None else decoding(place, u.channel)


def _words(text: str) -> str:
    return " ".join(split(text))


def _timed(utt: str, interval: Interval) -> str:
    return f"{utt} {_time(interval.start)} {_time(interval.end)} {interval.label}\n"


def _time(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".")
