"""Labels that name chapters in place of speakers, as in the `utt2spk` of Kaldi's LibriSpeech directories."""

import re
from collections.abc import Mapping
from pathlib import Path

from speechdis.data.noted import note

_LABEL = re.compile(r"(\d+)[-_]\d+")  # SPK-CHAPTER, as LibriSpeech, LibriTTS and MLS number them
_REST = re.compile(r"[-_]\d")  # what follows it in an utterance id


def warn_of_chapters(path: Path, spks: Mapping[str, str]) -> None:
    """Say once that the labels of a data directory look like chapters, if they do.

    Args:
        path: of the directory.
        spks: utterance id to speaker label.
    """
    labels: dict[str, set[str]] = {}
    for utt, label in spks.items():
        if (parts := _LABEL.fullmatch(label)) and utt.startswith(label) and _REST.match(utt, len(label)):
            labels.setdefault(parts[1], set()).add(label)
    speaker, several = next(((s, sorted(found)) for s, found in labels.items() if len(found) > 1), ("", []))
    if several:
        note(
            "{}: error rates of speakers would be wrong; write the speaker alone, the part before the chapter, in its "
            "utt2spk (said once)",
            f"{path}: its speaker labels look like chapters, such as {several[0]} and {several[1]} of {speaker}",
        )
