"""Synthetic corpora in published layouts: espeak-ng voices whose words, times and factors are known exactly.

A file of this package writes one layout: `generate(path, speakers, seed, jobs, **options)`, an iterator over the
number of recordings of each speaker that is done; `SPEAKERS`, the default number of them; `arguments(parser)`
for options of its own. Every tree holds `DOC/SPEAKERS.TSV`, the factors of every speaker (`voices.speaker_table`).
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from speechdis.data.record import Kind

Group = TypeVar("Group")
MARKER = "DOC/SPEAKERS.TSV"
KIND = Kind(
    "generated corpus",
    (MARKER,),
    r"DOC/(SPEAKERS|DEVICES)\.TSV|words|manifest\.tsv|(TRAIN|TEST)/DR\d/\w+/S[AIX]\d+\.(WAV|TXT|PHN|WRD)|"
    r"tidigits/\w+/\w+/\w\w/[\dzo]+[ab]\.wav|audio/[^/]+/[^/]+/\d+_\d+\.wav",
)


def names() -> list[str]:
    """Every layout that can be generated."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """The module of layout `name`, one of `names()`."""
    return importlib.import_module(f"{__name__}.{name}")


def write_words(path: Path, lines: Iterable[str]) -> None:
    """`words` of a tree: lines `utt start end word`, in the order of ids and, within one, as they come."""
    (path / "words").write_text("".join(sorted(lines, key=lambda line: line.split()[0])))


def interleave(sizes: Mapping[Group, int]) -> list[Group]:
    """Every group as often as its size, in an order of which any beginning has about the same proportions."""
    places = ((number / size, order) for order, size in enumerate(sizes.values()) for number in range(size))
    groups = list(sizes)
    return [groups[order] for _, order in sorted(places)]
