"""LibriTTS (openslr.org/60) and LibriTTS-R (141): LibriSpeech's books cut at sentences, 24 kHz, CC BY 4.0.

`SUBSET/SPEAKER/CHAPTER/SPEAKER_CHAPTER_NNNNNN_NNNNNN.wav`; the text is the normalised one, of
`SPEAKER_CHAPTER.trans.tsv` or of `.normalized.txt` beside the recording. Ids have '-' for '_', so that they sort as
their speakers do. Its speakers are those of LibriSpeech, and have the same numbers.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from speechdis.corpora import librispeech
from speechdis.corpora.librispeech import choose, find_subsets, read_subsets
from speechdis.corpora.splits import Report, complete, fail
from speechdis.corpora.tree import report_missing, stems, transcripts, walk
from speechdis.data.text import read_text
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

_NAME = re.compile(r"(\d+)_\d+_\d+_\d+")
_SUFFIXES = (".wav", ".flac")
_TEXT = ".normalized.txt"
_DAMAGED = {"1092_134562_000013_000004"}  # of LibriTTS-R as released in 2023; its header is whole

arguments = librispeech.arguments


def prepare(
    root: str | Path,
    train: Collection[str] | None = None,
    dev: Collection[str] | None = None,
    test: Collection[str] | None = None,
    seed: int = 0,
    report: Report = fail,
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`; ids are `84-121550-000007-000000`.

    Args:
        root: the folder that holds the subsets, or one (to three) above it.
        train: subsets; None for every `train-*` that is there.
        dev: subsets; None for `dev-clean`, or what there is of `dev-*`.
        test: subsets; None for `test-clean`, or what there is of `test-*`.
        seed: draws speakers for a part that has no subset.
        report: called for each recording of a transcript that is missing, each file of another name, and the one that
            is known to be damaged.

    Raises:
        InputError: `root` is no such tree; a subset is not there; too few speakers.
    """
    subsets = find_subsets(Path(root), "LibriTTS, openslr.org/60")
    chosen = choose(subsets, {"train": train, "dev": dev, "test": test})
    named = "84_121550_000007_000000.wav; LibriSpeech's have '-'"
    parts = read_subsets(Path(root), subsets, chosen, _utterances, named, report)
    return complete(parts, seed)


def _utterances(subset: Path, sexes: dict[str, str], report: Report) -> Iterator[Utterance]:
    for folder, names in walk(subset, report):
        found, beside = stems(names, _SUFFIXES), stems(names, (_TEXT,))
        texts: dict[str, str] = {}
        for name in names:
            if name.endswith(".trans.tsv"):  # id, as printed, normalised
                listed = transcripts(folder / name, report)
                report_missing(folder / name, listed, found, report)
                texts |= {utt: text.rpartition("\t")[2] for utt, text in listed.items()}
        for stem, name in sorted(found.items()):
            match = _NAME.fullmatch(stem)
            if match is None:
                report(InputError(f"{folder / name}: not named SPEAKER_CHAPTER_NUMBER_NUMBER"))
            elif stem in _DAMAGED:
                report(InputError(f"{folder / name}: known to be damaged in the release"))
            else:
                if stem not in texts and stem in beside:
                    texts[stem] = " ".join(read_text(folder / beside[stem]).split())
                utt, spk, text = stem.replace("_", "-"), match[1], texts.get(stem, "")
                yield Utterance(utt, spk, folder / name, gender=sexes.get(spk, ""), text=text)
