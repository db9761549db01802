"""The one record that every corpus, directory and feature extractor passes on."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

GENDERS = {"m": "m", "male": "m", "f": "f", "female": "f"}  # as tables spell them, in lower case


class Interval(NamedTuple):
    """A label with its time: `start` and `end` in seconds from the start of the utterance."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)  # hundreds of thousands are in memory at once
class Utterance:
    """One utterance: who speaks, where the samples are, and what is known of what is said.

    Attributes:
        utt: utterance id; begins with the speaker id, so that Kaldi's sort order holds.
        spk: speaker id.
        path: the recording.
        start: seconds into the recording where the utterance begins.
        end: seconds into the recording where it ends; None for the end of the recording.
        channel: the one in which it is heard, from 1 on; None for the mean of all.
        gender: "m", "f" or "" where unknown.
        text: words, space-separated; "" where unknown.
        text_phone: phones without times, space-separated; "" where unknown.
        phones: phones with times; empty where unknown.
        words: words with times; empty where unknown.
        session: the occasion, such as a video, in which all is heard through one channel; "" where unknown.
    """

    utt: str
    spk: str
    path: Path
    start: float = 0.0
    end: float | None = None
    gender: str = ""
    text: str = ""
    text_phone: str = ""
    phones: tuple[Interval, ...] = ()
    words: tuple[Interval, ...] = ()
    channel: int | None = None
    session: str = ""
