"""Tables of a data directory whose recordings are said anew in other voices: which stay, and under which ids.

Words, their times, speakers and lists of trials stay true. What was made of the old sound does not stay: features,
speaker vectors, pitch, warp factors, and where utterances lie in recordings. With new ids, only tables whose columns
are known stay, for an old id in any other would undo them.
"""

import hmac
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from speechdis.data.text import read_table, read_text, split
from speechdis.errors import InputError

_OF_OLD_SOUND = re.compile(
    r".*\.\w+|\..*|segments|reco2.*|.*(warp|vector|pitch|f0|energy|vad|cmvn|feats).*", re.IGNORECASE
)
MADE_ANEW = ("wav.scp", "utt2spk", "spk2utt")
_KNOWN = re.compile(
    r"spk2gender|utt2session|text|text_phone|phones|words|utt2dur|utt2num_frames|confidence|enrolls|trials\w*"
)
_DIGITS = 10  # of a new id: a chance of one in two million that two of 1,000 are alike
_LONGEST = 200  # bytes of a file's name


def secret(seed: str, *words: str) -> str:
    """64 hexadecimal digits that follow from a seed and words, and tell nothing of either."""
    return hmac.new(seed.encode(), "\n".join(words).encode(), "sha256").hexdigest()


@dataclass(frozen=True)
class Ids:
    """Old ids to those that the new directory has.

    Attributes:
        utts: of every utterance.
        spks: of every speaker.
        seed: that new ids follow from; None where ids stay.
    """

    utts: Mapping[str, str]
    spks: Mapping[str, str]
    seed: str | None

    @classmethod
    def of(cls, spks: Mapping[str, str], seed: str | None) -> "Ids":
        """Of the speaker of each utterance.

        Raises:
            InputError: two of them get one new id.
        """
        if seed is None:
            return cls({utt: utt for utt in spks}, {spk: spk for spk in spks.values()}, None)
        people = {spk: _speaker(spk, seed) for spk in spks.values()}
        utts = {utt: f"{people[spk]}-{secret(seed, 'utterance', utt)[:_DIGITS]}" for utt, spk in spks.items()}
        for table in (people, utts):
            if len(set(table.values())) < len(table):
                raise InputError("two ids become one; choose another --seed")
        return cls(utts, people, seed)

    def side(self, name: str) -> str:
        """What a list calls `name`: an utterance of the directory, or a speaker, be it of another directory."""
        if self.seed is None:
            return name
        return self.utts.get(name) or _speaker(name, self.seed)


def _speaker(spk: str, seed: str) -> str:
    return f"s{secret(seed, 'speaker', spk)[:_DIGITS]}"


def wave_name(utt: str) -> str:
    """Name of the file of an utterance, whatever stands in its id."""
    if "/" in utt or utt.startswith(".") or len(utt.encode()) > _LONGEST:
        return f"{secret('', utt)[:32]}.wav"
    return f"{utt}.wav"


def tables(
    data: Path, ids: Ids, spks: Mapping[str, str], waves: Mapping[str, Path]
) -> tuple[dict[str, str], list[str]]:
    """The text of each table of the new directory, and the names of those that are left out.

    Args:
        data: the old directory.
        ids: of its utterances and speakers.
        spks: (old) speaker of each utterance that was made; lines of the others are left out.
        waves: where each of them is.
    """
    made = {ids.utts[utt]: (ids.spks[spk], waves[utt]) for utt, spk in spks.items()}
    of_spk: dict[str, list[str]] = {}
    for utt, (spk, _) in sorted(made.items()):
        of_spk.setdefault(spk, []).append(utt)
    found = {
        "wav.scp": "".join(f"{utt} {path}\n" for utt, (_, path) in sorted(made.items())),
        "utt2spk": "".join(f"{utt} {spk}\n" for utt, (spk, _) in sorted(made.items())),
        "spk2utt": "".join(f"{spk} {' '.join(utts)}\n" for spk, utts in sorted(of_spk.items())),
    }
    left = []
    gone = ids.utts.keys() - spks.keys()
    dumb = ids.spks.keys() - set(spks.values())
    for file in sorted(data.iterdir()):
        if file.name in MADE_ANEW or file.is_dir():
            continue
        known = _KNOWN.fullmatch(file.name) is not None
        lines = None
        if not _OF_OLD_SOUND.fullmatch(file.name) and (known or ids.seed is None):
            lines = _lines(file, gone, dumb if file.name.startswith("spk2") else frozenset(), ids)
        if lines is None:
            left.append(file.name)
        else:
            found[file.name] = "".join(lines)
    return found, left


def _lines(file: Path, gone: Set[str], dumb: Set[str], ids: Ids) -> list[str] | None:
    """Lines of a table without those of utterances that are `gone` and speakers that are `dumb`; None of no text."""
    try:
        if ids.seed is None and not gone:
            return [read_text(file)]
        rows = [(utt, rest) for _, utt, rest in read_table(file)]
    except InputError:
        return None
    trials = file.name.startswith("trials")
    made = []
    for first, rest in rows:
        others = split(rest)
        if first in gone or first in dumb or (trials and others and others[0] in gone):
            continue
        if ids.seed is not None:
            if trials and others:
                rest = " ".join([ids.side(others[0]), *others[1:]])
            first = ids.spks.get(first, first) if file.name.startswith("spk2") else ids.side(first)
        made.append(f"{first} {rest}".rstrip() + "\n")
    return sorted(made) if ids.seed is not None and not trials else made
