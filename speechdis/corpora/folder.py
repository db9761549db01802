"""Your own recordings: a folder a speaker, speakers in the file names, or a table.

Every kind of file that is read as sound counts, at any depth. A text of one line beside a recording, `a.txt` or
`a.lab`, is its text. No two splits share a speaker, unless there are two speakers only, or a table says so.
"""

import argparse
import hashlib
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

from speechdis.corpora.layout import looks_like
from speechdis.corpora.naming import speaker_ids, utterance_id
from speechdis.corpora.speaker_table import PARTS, read_rows
from speechdis.corpora.splits import Report, fail, hold_out, opens
from speechdis.data.text import read_text
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

SHARED_SPEAKERS = True
"""A table may put a speaker in several splits, and of two speakers one is in train and dev."""
_LOG = logging.getLogger(__name__)
_SOUND = re.compile(
    r"\.(3gp|aac|ac3|aif[cf]?|aiff|amr|au|avi|caf|flac|m4[abv]|mka|mkv|mov|mp[234]|mpg|nist|og[agv]|opus"
    r"|rf64|snd|sph|w64|wave?|webm|wma|wv)",
    re.IGNORECASE,
)
_MICROPHONE = re.compile(r"(.+)[_-]mic(\d)", re.IGNORECASE | re.DOTALL)
_TEXTS = (".txt", ".lab")
_LARGEST_TEXT = 1 << 16  # bytes: one line that a person says
_SHOWN = 8  # names or suffixes in a line


class _Found(NamedTuple):
    """A recording: its file, the path that its id is made of, the speaker's name, words, and split if it is given."""

    file: Path
    path: PurePath
    speaker: str
    text: str = ""
    split: str = ""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare folder`."""
    add = parser.add_argument
    add(
        "--speaker-from",
        metavar="PATTERN",
        help="the speaker in file names without suffix, such as '{speaker}_{rest}' (default: a folder a speaker)",
    )
    add("--table", type=Path, metavar="FILE", help="TSV or CSV with path, speaker, and maybe text, split")
    add("--seed", type=int, default=0, help="draws the speakers of dev and test")


def prepare(
    root: str | Path,
    speaker_from: str | None = None,
    table: str | Path | None = None,
    seed: int = 0,
    report: Report = fail,
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`, of every recording that opens.

    Args:
        root: the folder of the recordings.
        speaker_from: a pattern of file names without suffix; `{speaker}` is the speaker, other names match anything.
        table: a file that lists the recordings; see `speaker_table`.
        seed: draws.
        report: called for each recording that is left out.

    Raises:
        InputError: no recording, none that fits the pattern, a table that cannot be read, or too few speakers.
    """
    root = Path(root)
    if not root.is_dir():
        found = "a file, where a folder of recordings is expected" if root.exists() else "no such folder"
        raise InputError(f"{root}: {found}")
    if table and speaker_from:
        raise InputError("--table and --speaker-from both say who speaks; pass one of them")
    if table:
        rows = read_rows(Path(table), root, report)
        listed = [_Found(row.file, PurePath(row.written), row.speaker, row.text, row.split) for row in rows]
    else:
        if speaker_from is not None:
            _pattern(speaker_from)  # wrong in itself: said before the files are looked at
        files, texts = _recordings(root, report)
        files = _one_microphone(root, files)
        spoken = (
            _by_name(root, files, speaker_from, report) if speaker_from else _by_folder(root, files, report)
        )
        listed = [one._replace(text=texts.get(one.file, "")) for one in spoken]
    spks = speaker_ids(one.speaker for one in listed)
    taken: set[str] = set()
    kept = []
    for one in listed:
        spk = spks[one.speaker]
        utt = utterance_id(spk, one.path, taken)
        utterance = Utterance(utt, spk, one.file, text=" ".join(one.text.split()))
        if opens(utterance, report):
            kept.append((one.split, utterance))
    if not kept:
        raise InputError(f"{table or root}: none of its {len(listed)} recordings can be read")
    return _as_given(kept, str(table)) if kept[0][0] else _drawn([u for _, u in kept], root, seed)


def _files(root: Path, report: Report) -> Iterator[Path]:
    """Every file below `root` in the order of the paths; links to folders are followed, once each."""

    def closed(error: OSError) -> None:
        report(InputError(f"{error.filename}: cannot be read ({error.strerror})"))

    seen = set()
    for folder, below, names in os.walk(root, followlinks=True, onerror=closed):
        real = os.path.realpath(folder)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        below.sort()
        yield from (Path(folder, name) for name in sorted(names))


def _recordings(root: Path, report: Report) -> tuple[list[Path], dict[Path, str]]:
    """The recordings, absolute, and the texts beside them; a line of the log counts the other files."""
    files = list(_files(root.absolute(), report))
    base = root.absolute()
    shown = [f for f in files if not any(part[0] == "." for part in f.relative_to(base).parts)]
    sound = [file for file in shown if _SOUND.fullmatch(file.suffix)]
    there = set(shown)
    texts, used = {}, set()
    for file in sound:
        for beside in (file.with_suffix(suffix) for suffix in _TEXTS):
            if beside in there and (text := _one_line(beside)):
                texts[file] = text
                used.add(beside)
                break
    others = Counter(file.suffix.lower() or "no suffix" for file in there.difference(sound, used))
    most = sorted(others.items(), key=lambda one: (-one[1], one[0]))[:_SHOWN]
    kinds = ", ".join(f"{count} {kind}" for kind, count in most)
    counts = f"{len(files) - len(shown)} hidden, {others.total()} others" + (f" ({kinds})" if kinds else "")
    if not sound:
        raise InputError(f"{root}: no recording in it (files: {counts}){looks_like(root)}")
    _LOG.info("%s: %d recordings, %d with a text; left out: %s", root, len(sound), len(texts), counts)
    return sound, texts


def _one_microphone(root: Path, files: list[Path]) -> list[Path]:
    """The files without what another microphone heard of the same, as in VCTK: `p225_001_mic1`, `p225_001_mic2`."""
    first: dict[tuple[Path, str], str] = {}
    parts = {file: match for file in files if (match := _MICROPHONE.fullmatch(file.stem))}
    for file, match in parts.items():
        key = file.parent, match[1]
        first[key] = min(match[2], first.get(key, match[2]))
    more = {file for file, match in parts.items() if match[2] != first[file.parent, match[1]]}
    if more:
        message = "%s: %d recordings are another microphone's of the same speech, such as %s: left out"
        _LOG.warning(message, root, len(more), min(more).name)
    return [file for file in files if file not in more]


def _one_line(file: Path) -> str:
    """The one line of a text file; "" where it has more, or is no text."""
    try:
        lines = read_text(file).split("\n") if file.stat().st_size <= _LARGEST_TEXT else []
    except (InputError, OSError):
        return ""
    lines = [line for line in lines if line.strip()]
    return lines[0] if len(lines) == 1 and lines[0].strip().isprintable() else ""


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of names as a regular expression; each name in braces takes as little as it can."""
    parts = re.split(r"\{(\w+)\}", text)
    if parts[1::2].count("speaker") != 1 or any(set("{}/") & set(part) for part in parts[::2]):
        raise InputError(
            f"--speaker-from '{text}': write {{speaker}} once, for a name without folders, such as "
            "'{speaker}_{rest}'"
        )
    names = ("(?P<speaker>.+?)" if name == "speaker" else ".+?" for name in parts[1::2])
    fixed = [re.escape(part) for part in parts[::2]]
    return re.compile(fixed[0] + "".join(n + f for n, f in zip(names, fixed[1:], strict=True)), re.DOTALL)


def _by_name(root: Path, files: list[Path], speaker_from: str, report: Report) -> list[_Found]:
    pattern = _pattern(speaker_from)
    matches = [(file, pattern.fullmatch(file.stem)) for file in files]
    if not any(match for _, match in matches):
        raise InputError(
            f"{root}: no file name matches --speaker-from '{speaker_from}'; a name here is '{files[0].stem}'"
        )
    found = []
    for file, match in matches:
        if match:
            found.append(_Found(file, file.relative_to(root.absolute()), match["speaker"]))
        else:
            report(InputError(f"{file}: its name does not match --speaker-from"))
    return found


def _by_folder(root: Path, files: list[Path], report: Report) -> list[_Found]:
    """Speakers are the first folders that differ: those below what all recordings in folders have in common."""
    base = root.absolute()
    inside = {file.parent for file in files} - {base}
    if not inside:
        raise InputError(
            f"{root}: its {len(files)} recordings lie in no speaker's folder; make a folder for each speaker, or "
            f"pass --speaker-from, such as '{{speaker}}_{{rest}}' (a name here is '{files[0].stem}'), or --table"
        )
    common = Path(os.path.commonpath(inside)) if len(inside) > 1 else inside.pop().parent
    found = []
    for file in files:
        parts = file.relative_to(common).parts if file.is_relative_to(common) else ()
        if len(parts) > 1:
            found.append(_Found(file, PurePath(*parts[1:]), parts[0]))
        else:
            report(InputError(f"{file}: in no speaker's folder; the speakers are the folders of {common}"))
    names = sorted({one.speaker for one in found})
    more = f", ... ({len(names)})" if len(names) > _SHOWN else ""
    _LOG.info("speakers are the folders of %s: %s%s", common, ", ".join(names[:_SHOWN]), more)
    return found


def _as_given(kept: list[tuple[str, Utterance]], table: str) -> dict[str, list[Utterance]]:
    splits = {part: [u for given, u in kept if given == part] for part in PARTS}
    for part, utterances in splits.items():
        if not utterances:
            raise InputError(
                f"{table}: no recording with split '{part}' that can be read; all three are needed"
            )
    heard = {u.spk for u in splits["train"]}
    if shared := heard & {u.spk for part in ("dev", "test") for u in splits[part]}:
        _LOG.warning(
            "%s: %d speaker(s) of train also in dev or test, as '%s'", table, len(shared), min(shared)
        )
    return splits


def _drawn(utterances: list[Utterance], root: Path, seed: int) -> dict[str, list[Utterance]]:
    """A tenth of the speakers in dev and in test: one and two at least, where there are four."""
    of: dict[str, list[Utterance]] = {}
    for utterance in utterances:
        of.setdefault(utterance.spk, []).append(utterance)
    if len(of) < 3:
        return _few(of, root, seed)
    if len(of) == 3:
        _LOG.warning(
            "3 speakers, one a split: test has no two voices to tell apart; 4 or more are needed for that"
        )
    test = hold_out(of, max(min(2, len(of) - 2), round(len(of) / 10)), seed)
    dev = hold_out(of.keys() - test, max(1, round(len(of) / 10)), seed)
    splits: dict[str, list[Utterance]] = {part: [] for part in PARTS}
    for utterance in utterances:
        part = "test" if utterance.spk in test else "dev" if utterance.spk in dev else "train"
        splits[part].append(utterance)
    return splits


def _few(of: dict[str, list[Utterance]], root: Path, seed: int) -> dict[str, list[Utterance]]:
    """Of two speakers, the one with fewer recordings is the test; of the other's, a tenth is dev."""
    if len(of) == 1:
        name = next(iter(of.values()))[0].path.stem
        raise InputError(
            f"{root}: one speaker only, '{min(of)}'; two are needed, and four or more to measure voices. Speakers "
            f"in file names are found by --speaker-from (a name here is '{name}')"
        )
    test, train = sorted(of, key=lambda spk: (len(of[spk]), spk))
    if len(of[train]) < 2:
        raise InputError(
            f"{root}: two speakers with one recording each; one of them needs two recordings or more"
        )
    _LOG.warning("2 speakers: '%s' is the test, and dev is a tenth of '%s', who is in train too", test, train)
    drawn = sorted(of[train], key=lambda u: hashlib.sha256(f"{seed} {u.utt}".encode()).digest())
    dev = {u.utt for u in drawn[: max(1, round(len(drawn) / 10))]}
    return {
        "train": [u for u in of[train] if u.utt not in dev],
        "dev": [u for u in of[train] if u.utt in dev],
        "test": of[test],
    }
