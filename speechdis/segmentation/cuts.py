"""Recordings of several words into data directories of single ones, whatever method finds the words."""

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

from speechdis.data.atomic import replacing
from speechdis.data.directory import write_directory
from speechdis.data.jobs import map_utterances
from speechdis.data.utterance import Interval, Utterance
from speechdis.errors import InputError


@dataclass(frozen=True)
class Cuts:
    """The words of one recording, in order; times in s from where the utterance begins.

    Attributes:
        words: one for each word of the transcript.
        confidences: of each, or nothing where the method has none.
    """

    words: tuple[Interval, ...]
    confidences: tuple[float, ...] = ()


Method = Callable[[Utterance], Cuts]
"""Finds the words of an utterance; raises InputError where it cannot. It travels to worker processes."""


@dataclass(frozen=True)
class Cutting:
    """What became of a data directory.

    Attributes:
        recordings: how many were cut.
        skipped: how many could not be, each reported by name.
        digits: words written.
        dropped: words left out for their low confidence.
        seconds: length of the words written, in all.
    """

    recordings: int
    skipped: int
    digits: int
    dropped: int
    seconds: float


def write_cuts(
    path: Path, utterances: Sequence[Utterance], method: Method, least: float, jobs: int, strict: bool
) -> Cutting:
    """Cut all utterances and write the data directory `path`: word 2 of utterance U becomes U-02.

    `segments` has the times, `text` the word, and `confidence` (lines `utt value`) the confidences.

    Args:
        path: a new directory.
        method: finds the words.
        least: words of lower confidence are left out.
        jobs: processes.
        strict: an utterance that cannot be cut is an error; otherwise it is reported and left out.

    Raises:
        InputError: an utterance under `strict`, or not one word is left.
    """
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    pieces: list[Utterance] = []
    confidences: list[str] = []
    skipped = dropped = 0
    found = map_utterances(partial(_found, method=method), utterances, jobs)
    with logging_redirect_tqdm(), closing(cast(Generator, found)):
        rows = zip(utterances, found, strict=True)
        for u, cuts in tqdm(rows, total=len(utterances), unit="utt", desc=path.name):
            if isinstance(cuts, str):
                if strict:
                    raise InputError(f"{u.utt}: {cuts}")
                logging.getLogger(__name__).warning("skipped %s: %s", u.utt, cuts)
                skipped += 1
                continue
            for number, word in enumerate(cuts.words):
                if cuts.confidences and cuts.confidences[number] < least:
                    dropped += 1
                    continue
                pieces.append(_piece(u, number + 1, word))
                if cuts.confidences:
                    confidences.append(f"{pieces[-1].utt} {cuts.confidences[number]:.3f}\n")
    if not pieces:
        raise InputError(f"{path}: no word left of {len(utterances)} utterances, {skipped} of them skipped")
    write_directory(path, pieces)
    if confidences:
        with replacing(path / "confidence") as file:
            file.write_text("".join(sorted(confidences)), "utf-8")
    seconds = sum((p.end or 0) - p.start for p in pieces)
    return Cutting(len(utterances) - skipped, skipped, len(pieces), dropped, seconds)


def _found(utterance: Utterance, method: Method) -> Cuts | str:
    """The cuts, or what is wrong."""
    if not utterance.text:
        return "has no transcript; add it to 'text'"
    try:
        return method(utterance)
    except InputError as error:
        return str(error)


def _piece(u: Utterance, number: int, word: Interval) -> Utterance:
    return replace(
        u,
        utt=f"{u.utt}-{number:02d}",
        start=u.start + word.start,
        end=u.start + word.end,
        text=word.label,
        text_phone="",
        phones=(),
        words=(),
    )
