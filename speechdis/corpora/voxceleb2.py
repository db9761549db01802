"""VoxCeleb2 (robots.ox.ac.uk/~vgg/data/voxceleb): interviews of 6,112 speakers from videos, most of them to train on.

The published files are AAC, which PyAV reads (the extra `formats`); WAV or FLAC made of them count as well. The test
speakers are those that `vox2_meta.csv` puts there, else those in a folder `test` or `vox2_test_aac`. Where only the
others are there, as many as in the publication, one in 50, are drawn by seed. Some of the rest become `dev`.
"""

import argparse
import logging
from collections import Counter
from pathlib import Path

from speechdis.corpora import voxceleb
from speechdis.corpora.layout import looks_like
from speechdis.corpora.splits import Report, fail, hold_out
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)
_TEST = ("test", "vox2_test_aac", "vox2_test", "vox2_test_wav")
_ONE_IN = 50  # 118 of 6,112


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare voxceleb2`."""
    voxceleb.arguments(parser)
    more = "at most so many clips of a test speaker, of all videos in turn: all pairs of all 36,237 are 656 million"
    parser.add_argument("--test-clips", type=int, metavar="N", help=more)


def prepare(
    root: str | Path,
    dev_speakers: int | None = None,
    seed: int = 0,
    test_clips: int | None = None,
    report: Report = fail,
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`.

    Args:
        root: the folders of the speakers, id00012 and so on, or up to four folders above them.
        dev_speakers: how many of the training speakers become `dev`; None for one in 30.
        seed: draws.
        test_clips: of a test speaker at most; None for all.
        report: called for each speaker's folder without a recording.

    Raises:
        InputError: no speaker's folder; AAC, and PyAV is missing; too few speakers.
    """
    tree = voxceleb.look(Path(root))
    table = voxceleb.read_speakers(tree.beside.get("vox2_meta.csv"))
    folders = [f for f in tree.speakers if f.name.startswith("id0")]
    of = voxceleb.utterances(folders, table, report)
    if not of:
        raise InputError(
            f"{root}: no idNNNNN/VIDEO/NNNNN.m4a of VoxCeleb2 (up to id09999){looks_like(root, 'VoxCeleb2')}"
        )
    test = {spk for spk, row in table.items() if row.part == "test"} or _in_test(folders, Path(root))
    if not test & of.keys():
        test = hold_out(of, max(1, round(len(of) / _ONE_IN)), seed)
        _LOG.warning("%s: no test speaker of VoxCeleb2 is there: %d of the others are drawn", root, len(test))
    splits = voxceleb.split(of, test, dev_speakers, seed)
    if test_clips is not None:
        kept = [u for spk in sorted(test & of.keys()) for u in _in_turn(of[spk])[:test_clips]]
        _LOG.info("test: %d of %d clips, at most %d a speaker", len(kept), len(splits["test"]), test_clips)
        splits["test"] = kept
    return splits


def _in_turn(utterances: list[Utterance]) -> list[Utterance]:
    """The first ones of all videos, then the second ones, and so on."""
    seen: Counter[str] = Counter()
    turn = {}
    for u in utterances:
        turn[u.utt] = seen[u.session]
        seen[u.session] += 1
    return sorted(utterances, key=lambda u: (turn[u.utt], u.utt))


def _in_test(folders: list[Path], root: Path) -> set[str]:
    return {f.name for f in folders if any(part.lower() in _TEST for part in f.relative_to(root).parts)}
