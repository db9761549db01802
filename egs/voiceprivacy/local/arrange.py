"""Arrange data directories train, dev and test of any corpus as those of the VoicePrivacy challenge.

    python egs/voiceprivacy/local/arrange.py DATA ROOT [--train N]

ROOT/data gets train-clean-360 and, for dev and test, libri_SPLIT_enrolls, _trials_f, _trials_m and _trials_mixed: the
first half of each speaker's utterances is enrolled, and the others are trials with every speaker enrolled (of the same
sex, but for the mixed ones). As in the challenge, wav.scp counts paths from ROOT. --train takes the first N utterances
of each training speaker.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from speechdis.data.directory import read_directory, write_directory
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError


def halves(utterances: Sequence[Utterance]) -> tuple[list[Utterance], list[Utterance]]:
    """The first half of each speaker's utterances, by their ids, and the others."""
    people: dict[str, list[Utterance]] = {}
    for u in utterances:
        people.setdefault(u.spk, []).append(u)
    enrolled = [u for own in people.values() for u in own[: len(own) // 2]]
    return enrolled, [u for own in people.values() for u in own[len(own) // 2 :]]


def write(root: Path, name: str, utterances: Sequence[Utterance]) -> Path:
    """A data directory whose paths count from `root`."""
    folder = root / "data" / name
    write_directory(folder, utterances)
    lines = (folder / "wav.scp").read_text("utf-8").splitlines()
    rows = [line.split(" ", 1) for line in lines]
    text = "".join(f"{utt} {os.path.relpath(path, root)}\n" for utt, path in rows)
    (folder / "wav.scp").write_text(text, "utf-8")
    return folder


def arrange(data: Path, root: Path, train: int) -> None:
    """Write the whole tree."""
    root = root.resolve()
    people: dict[str, int] = {}
    chosen = []
    for u in read_directory(data / "train"):
        people[u.spk] = people.get(u.spk, 0) + 1
        if not train or people[u.spk] <= train:
            chosen.append(u)
    write(root, "train-clean-360", chosen)
    for split in ("dev", "test"):
        enrolled, others = halves(read_directory(data / split))
        folder = write(root, f"libri_{split}_enrolls", enrolled)
        (folder / "enrolls").write_text("".join(f"{u.utt}\n" for u in enrolled), "utf-8")
        spks = {u.spk: u.gender for u in enrolled}
        for name, genders in (("f", "f"), ("m", "m"), ("mixed", "fm")):
            own = [u for u in others if u.gender and u.gender in genders]
            if not own:
                raise InputError(f"{data / split}: no utterance of a speaker whose gender is {genders[0]}")
            folder = write(root, f"libri_{split}_trials_{name}", own)
            trials = [
                f"{spk} {u.utt} {'target' if spk == u.spk else 'nontarget'}\n"
                for spk, gender in sorted(spks.items())
                for u in own
                if gender in genders
            ]
            (folder / "trials").write_text("".join(trials), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("root", type=Path)
    parser.add_argument("--train", type=int, default=0)
    args = parser.parse_args()
    try:
        arrange(args.data, args.root, args.train)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
