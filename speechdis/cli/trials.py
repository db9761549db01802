"""Write the speaker verification trials of a data directory.

Every protocol takes all unordered pairs of different utterances of DATA, which is the test set; target = same
speaker. Pairs of one session, by DATA/utt2session, share a channel that tells them: --across-sessions leaves them
out. A named protocol also says, in the last line, where the numbers of trials are not that protocol's.

Example:
    speechdis trials --data data/timit/test --out trials
"""

import argparse
import logging
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any

from speechdis.cli import path_option

# Trials and target trials (timit-core: 24 speakers x 8; timit-all: x 10; so762: 60 x 10).
EXPECTED = {
    "all-pairs": None,
    "timit-core": (18_336, 672),
    "timit-all": (28_680, 1_080),
    "so762": (179_700, 2_700),
}

MOST = 1_000_000_000  # trials of a list, some 50 GB


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    path_option(parser, "--data", "data directory of the test set", required=True)
    path_option(parser, "--features", "frame store of DATA: what it skipped makes no trials")
    path_option(parser, "--out", "lines 'enroll test target|nontarget'", "FILE", required=True)
    add("--across-sessions", action="store_true", help="no pair of one session, such as a video")
    add("--protocol", default="all-pairs", choices=list(EXPECTED), help="whose counts to expect")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Write the trials and say how many there are."""
    from speechdis.data.directory import read_directory
    from speechdis.data.outputs import check_file
    from speechdis.errors import InputError
    from speechdis.features import speech_alone
    from speechdis.features.store import Store
    from speechdis.metrics.files.trials import write_all_pairs

    check_file(args.out)
    utterances = read_directory(args.data)
    if args.features is not None:
        store = Store.read(args.features)
        speech_alone(store.settings, f"{args.features}: frames")
        usable = set(store.utts)
        utterances = [u for u in utterances if u.utt in usable]
    spks = [u.spk for u in utterances]
    people = Counter(spks).values()
    sessions = None
    target, count = _pairs(spks), len(spks) * (len(spks) - 1) // 2
    if args.across_sessions:
        if unknown := next((u.utt for u in utterances if not u.session), None):
            raise InputError(
                f"{args.data / 'utt2session'}: no session of '{unknown}'; --across-sessions needs all"
            )
        sessions = [u.session for u in utterances]
        target -= _pairs(zip(spks, sessions, strict=True))
        count -= _pairs(sessions)
    if target in (0, count):
        raise InputError(
            f"{args.data}: {len(utterances)} utterances of {len(people)} speakers make no "
            f"{'non-target' if target else 'target'} trial; needs two speakers, and two utterances of one"
            + (", of two sessions" if sessions else "")
        )
    if count > MOST:
        raise InputError(
            f"{args.data}: {len(spks):,} utterances make {count:,} trials, more than a list may hold ({MOST:,}); keep "
            "fewer utterances in its wav.scp and utt2spk"
        )
    write_all_pairs(args.out, [u.utt for u in utterances], spks, sessions)
    expected = EXPECTED[args.protocol]
    note = ""
    if expected is not None and expected != (count, target):
        note = f" (NOT {args.protocol}, which has {expected[0]:,} and {expected[1]:,}: another test set)"
    logging.getLogger(__name__).info(
        "%s trials, %s of them target%s, %d speakers, %d utterances -> %s",
        f"{count:,}",
        f"{target:,}",
        note,
        len(set(spks)),
        len(utterances),
        args.out,
    )
    return {
        "protocol": args.protocol,
        "as_published": expected is None or not note,
        "trials": count,
        "target": target,
        "speakers": len(set(spks)),
        "utterances": len(utterances),
    }


def _pairs(labels: Iterable[Hashable]) -> int:
    """Pairs of different things with the same label."""
    return sum(each * (each - 1) // 2 for each in Counter(labels).values())
