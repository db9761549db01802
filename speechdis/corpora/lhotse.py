"""Manifests of lhotse (lhotse.readthedocs.io), of any corpus: `recordings_PART.jsonl.gz`, `supervisions_PART.jsonl.gz`.

Names may have a prefix, as lhotse's recipes write them, and the files need not be gzipped. The part says the split:
`train-clean-100` is of train, `dev` and `valid` are dev, `test` and `eval` are test, and other parts beside these are
left out. A split that no part is of is drawn by speaker.
"""

import argparse
import logging
import re
from pathlib import Path

from speechdis.corpora.layout import looks_like
from speechdis.corpora.splits import Report, complete, fail
from speechdis.data.manifests import read_manifests
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"((?:.+[_-])?)recordings((?:[_-].+)?)\.jsonl(?:\.gz)?")
_PART = re.compile(r"(?:^|[-_.])(train|dev|valid|validation|val|test|eval)(?![a-z])", re.IGNORECASE)
_SPLITS = {"train": "train", "test": "test", "eval": "test"}  # all others: dev


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare lhotse`."""
    parser.add_argument(
        "--seed", type=int, default=0, help="draws the speakers of splits that no manifest is of"
    )


def prepare(root: str | Path, seed: int = 0, report: Report = fail) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`, a supervision each.

    Args:
        root: the folder of the manifests.
        seed: draws speakers.
        report: called for each supervision that is left out.

    Raises:
        InputError: no manifest, or one without its other half; see `read_manifests`; too few speakers.
    """
    pairs = _pairs(Path(root))
    split_of = {part: _split(part) for part in pairs}
    if not any(split_of.values()):
        split_of = dict.fromkeys(pairs, "train")
    parts: dict[str, list[Utterance]] = {}
    for part, (recordings, supervisions) in pairs.items():
        if name := split_of[part]:
            parts.setdefault(name, []).extend(read_manifests(recordings, supervisions, report))
        else:
            _LOG.warning("%s: neither train, dev nor test: left out", recordings)
    if not any(parts.values()):
        raise InputError(f"{root}: no supervision in its manifests that can be used")
    return complete(parts, seed)


def _pairs(root: Path) -> dict[str, tuple[Path, Path]]:
    """Part to its manifests of recordings and of supervisions."""
    held = {file.name: file for file in sorted(root.iterdir())} if root.is_dir() else {}
    pairs = {}
    for name, file in held.items():
        if match := _NAME.fullmatch(name):
            names = [f"{match[1]}supervisions{match[2]}.jsonl{end}" for end in ("", ".gz")]
            other = next((held[n] for n in names if n in held), None)
            if other is None:
                raise InputError(f"{file}: no {names[1]} beside it, which says who speaks where")
            pairs[match[1] + match[2].lstrip("_-")] = file, other
    if not pairs:
        cuts = "; of cuts, 'lhotse cut decompose' makes some" if any("cuts" in name for name in held) else ""
        raise InputError(
            f"{root}: no recordings_*.jsonl.gz and supervisions_*.jsonl.gz{cuts}{looks_like(root)}"
        )
    return pairs


def _split(part: str) -> str:
    """The split of a part; "" where its name says none."""
    match = _PART.search(part)
    return _SPLITS.get(match[1].lower(), "dev") if match else ""
