"""TIMIT (LDC93S1) in its published layout, or a generated tree of the same layout, on the Kaldi s5 split.

Train: the 462 speakers under TRAIN. Dev and core test: the 50 and 24 speakers of `conf/timit/*.list` under
TEST. The two SA sentences are the same for everybody and are left out unless asked for. Phones: the
transcribers' 61, folded (by default) to the 39 of Lee and Hon (1989, "Speaker-independent phone recognition
using hidden Markov models"): with times in `phones`, without in `text_phone`.
"""

import argparse
import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from speechdis.corpora.layout import find, looks_like, recordings
from speechdis.corpora.splits import Report, fail
from speechdis.data.directory import LONGEST
from speechdis.data.text import read_text, require_id, split
from speechdis.data.utterance import Interval, Utterance
from speechdis.errors import InputError

CONF = Path(__file__).parent / "conf" / "timit"
DEV_SPEAKERS = CONF / "dev_spk.list"
TEST_SPEAKERS = CONF / "test_spk.list"
RATE = 16000  # Hz; the label files count samples
_SENTENCE = re.compile(r"s[aix]\d+")
_NOT_A_WORD = re.compile(r"[^\w'\- ]|--")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare timit`."""
    parser.add_argument(
        "--sa", action="store_true", help="keep SA1 and SA2 (default: drop, as FHVAE and s5 do)"
    )
    parser.add_argument(
        "--dev-speakers",
        type=Path,
        metavar="FILE",
        default=DEV_SPEAKERS,
        help="their names (default: the 50 of Kaldi s5)",
    )
    parser.add_argument(
        "--test-speakers",
        type=Path,
        metavar="FILE",
        default=TEST_SPEAKERS,
        help="their names (default: the core test's 24)",
    )
    parser.add_argument(
        "--phones",
        type=int,
        choices=[61, 48, 39],
        default=39,
        help="phone set: as transcribed, for training recognisers, or for scoring",
    )


def prepare(
    root: str | Path,
    sa: bool = False,
    dev_speakers: str | Path = DEV_SPEAKERS,
    test_speakers: str | Path = TEST_SPEAKERS,
    phones: int = 39,
    report: Report = fail,
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`; ids are `fcjf0_sx127`.

    Args:
        root: the folder that holds TRAIN and TEST, or one (to three) above it, as in `TIMIT/TIMIT`.
        sa: keep the SA sentences.
        dev_speakers: file of speaker ids, one a line, to look for under TEST.
        test_speakers: the same for the test set.
        phones: size of the phone set, 61, 48 or 39; `q` is left out of the smaller two.
        report: called with the InputError of each bad utterance, which is then left out.

    Raises:
        InputError: `root` is no TIMIT tree; a listed speaker file is missing.
    """
    parts = _parts(Path(root))
    lists = {"dev": read_speakers(dev_speakers), "test": read_speakers(test_speakers)}
    splits: dict[str, list[Utterance]] = {"train": [], "dev": [], "test": []}
    for part, folder in parts.items():
        for speaker in sorted(folder.glob("*/*/")):
            spk = speaker.name.lower()
            wanted = [part] if part == "train" else [name for name, spks in lists.items() if spk in spks]
            if wanted:
                utterances = list(_utterances(speaker, sa, phones, report))
                for split in wanted:
                    splits[split] += utterances
    if not any(splits.values()):
        raise InputError(
            f"{root}: no recording of a listed speaker in TRAIN or TEST{looks_like(root, 'TIMIT')}; {_WHERE}"
        )
    return splits


def fold(phones: Iterable[str], size: int = 39) -> list[str]:
    """Map phones of the 61-set onto the 48 used for training or the 39 used for scoring, which have no `q`; or,
    with size 61, onto themselves.

    Raises:
        InputError: a label that is not one of the 61.
    """
    table = _map()
    try:
        return [table[phone][size] for phone in phones if phone != "q" or size == 61]
    except KeyError as error:
        raise InputError(f"{error.args[0]!r} is not one of TIMIT's 61 phones") from None


def read_speakers(path: str | Path) -> set[str]:
    """Speaker ids of a list file, in lower case."""
    return set(read_text(path).lower().split())


@functools.cache
def _map() -> dict[str, dict[int, str]]:
    rows = (line.split() for line in (CONF / "phones.60-48-39.map").read_text().splitlines())
    return {row[0]: dict(zip((61, 48, 39), row, strict=False)) for row in rows}


def _parts(root: Path) -> dict[str, Path]:
    """The TRAIN and TEST folders, in either case."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; {_WHERE}")

    def match(held: dict[str, Path]) -> dict[str, Path] | None:
        parts: dict[str, Path] = {part: held[part] for part in ("train", "test") if part in held}
        regions = all(any(folder.glob("[Dd][Rr][1-8]")) for folder in parts.values())
        return parts if len(parts) == 2 and regions else None

    parts = find(root, match, "TIMIT")
    if parts is None:
        whose = looks_like(root, "TIMIT")
        raise InputError(f"{root}: no folder with both TRAIN/DR1 and TEST/DR1, as TIMIT has{whose}; {_WHERE}")
    return parts


_WHERE = (
    "TIMIT is LDC93S1, licensed by the Linguistic Data Consortium; without it, "
    "'speechdis generate timit' or 'egs/timit/run.sh --generated' makes a tree of the same layout"
)


def _utterances(speaker: Path, sa: bool, phones: int, report: Report) -> Iterator[Utterance]:
    files = {file.name.lower(): file for file in sorted(speaker.iterdir())}
    for sentence, wav in recordings(speaker).items():
        if not _SENTENCE.fullmatch(sentence) or (sentence.startswith("sa") and not sa):
            continue
        try:
            yield _utterance(speaker.name.lower(), sentence, wav, files, phones)
        except InputError as error:
            report(error)


def _utterance(spk: str, sentence: str, wav: Path, files: dict[str, Path], size: int) -> Utterance:
    labels = {kind: files.get(f"{sentence}.{kind}") for kind in ("phn", "wrd", "txt")}
    phones = _intervals(labels["phn"])
    try:
        kept = [phone for phone in phones if phone.label != "q" or size == 61]
        names = fold((phone.label for phone in kept), size)
        phones = tuple(Interval(p.start, p.end, name) for p, name in zip(kept, names, strict=True))
    except InputError as error:
        raise InputError(f"{labels['phn']}: {error}") from None
    return Utterance(
        utt=f"{spk}_{sentence}",
        spk=spk,
        path=wav,
        gender=spk[0] if spk[0] in "fm" else "",
        text=_text(labels["txt"]),
        text_phone=" ".join(phone.label for phone in phones),
        phones=phones,
        words=_intervals(labels["wrd"]),
    )


def _intervals(file: Path | None) -> tuple[Interval, ...]:
    """Lines `first-sample last-sample label`; nothing where the file is not there."""
    intervals = []
    for number, line in enumerate(read_text(file, "replace").strip().split("\n") if file else (), 1):
        fields = split(line)
        try:
            start, end, label = int(fields[0]), int(fields[1]), fields[2]
        except (ValueError, IndexError):
            raise InputError(
                f"{file}:{number}: expected 'start end label' in samples, got '{line}'"
            ) from None
        if not 0 <= start <= end <= LONGEST * RATE:
            raise InputError(f"{file}:{number}: starts at {fields[0]} and ends at {fields[1]}")
        intervals.append(Interval(start / RATE, end / RATE, require_id(label, f"{file}:{number}")))
    return tuple(intervals)


def _text(file: Path | None) -> str:
    """Words of `first last Sentence.`, in lower case and without punctuation."""
    line = read_text(file, "replace") if file else ""
    return " ".join(_NOT_A_WORD.sub(" ", " ".join(line.split()[2:])).lower().split())
