"""Swaps by the thousand: a list of pairs read, each done once, in memory that does not grow with their number."""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from speechdis.data.atomic import replacing
from speechdis.data.audio import write_audio
from speechdis.data.jobs import map_utterances
from speechdis.errors import InputError
from speechdis.synthesis import codes, vocoders
from speechdis.synthesis.files import read_content, read_voice
from speechdis.synthesis.swap import Voice, lend
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

MARKER = "swaps.json"
VOICES = 1024  # that a process remembers: some 15 kB each


class Pair(NamedTuple):
    """Whose voice, whose words, and where the swap goes."""

    voice: Path
    content: Path
    out: Path


class Count(NamedTuple):
    """Pairs swapped now, swapped by an earlier run, and left out as unusable."""

    made: int
    kept: int
    skipped: int


def read_pairs(manifest: Path, out: Path) -> list[Pair]:
    """Pairs of a manifest: lines `voice<TAB>content` or `voice<TAB>content<TAB>name`, '#' begins a comment.

    Relative paths are relative to the manifest's folder. `name` is the output's place in the folder `out`, by default
    VOICE_CONTENT.wav of the files' names.

    Raises:
        InputError: with file and line: another number of fields, a name twice or outside the folder; no pairs.
    """
    pairs: list[Pair] = []
    names: dict[str, int] = {}
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{manifest}: cannot be read as text ({error})") from None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) not in (2, 3) or not all(field.strip() for field in fields):
            raise InputError(f"{manifest}:{number}: expected voice<TAB>content or voice<TAB>content<TAB>name")
        voice, content = (manifest.parent / field.strip() for field in fields[:2])
        name = fields[2].strip() if len(fields) == 3 else f"{voice.stem}_{content.stem}.wav"
        if name in names:
            raise InputError(
                f"{manifest}:{number}: '{name}' is made by line {names[name]}; name it in a third column"
            )
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise InputError(f"{manifest}:{number}: '{name}' is not inside --out")
        names[name] = number
        pairs.append(Pair(voice, content, out / name))
    if not pairs:
        raise InputError(f"{manifest}: no pairs")
    return pairs


def swap_pairs(
    pairs: Sequence[Pair],
    out: Path,
    trained: Path,
    vocoder: str,
    detail: bool = True,
    device: str = "cpu",
    jobs: int = 1,
    strict: bool = False,
) -> Count:
    """Swap every pair that has no output yet. Outputs appear whole, so a run that was killed is simply run again.

    Args:
        out: their folder; it remembers checkpoint and vocoder.
        trained: checkpoint.
        vocoder: by name.
        detail: see `swap.say`.
        device: "cpu" or "cuda".
        jobs: processes.
        strict: a pair that cannot be used is an error; otherwise it is reported and left out.

    Raises:
        InputError: a model without static and dynamic factors; no such vocoder; `out` holds swaps by another
            checkpoint or vocoder; an unusable pair under `strict`, or no other.
    """
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    codes.check(_load(str(trained), device))
    vocoders.load(vocoder)
    _remember(out, checkpoint.resolve(trained), vocoder, detail)
    left = [pair for pair in pairs if not pair.out.exists()]
    kept = len(pairs) - len(left)
    work = partial(_swapped, trained=str(trained), vocoder=vocoder, detail=detail, device=device)
    faults: Iterator[str] = map_utterances(work, left, jobs)
    skipped = 0
    with logging_redirect_tqdm(), tqdm(total=len(pairs), initial=kept, unit="swap", desc=out.name) as bar:
        for pair, fault in zip(left, faults, strict=True):
            bar.update()
            if fault and strict:
                raise InputError(fault)
            if fault:
                logging.getLogger(__name__).warning("skipped %s: %s", pair.out.name, fault)
                skipped += 1
    if skipped == len(pairs):
        raise InputError(f"{out}: not one usable pair; the last: {fault}")
    return Count(len(left) - skipped, kept, skipped)


def _swapped(pair: Pair, trained: str, vocoder: str, detail: bool, device: str) -> str:
    """Swap and write one pair; what is wrong with it, or ""."""
    try:
        voice = _voice(trained, device, pair.voice)
        model = _load(trained, device)
        wave = lend(model, read_content(model, pair.content), voice, vocoder, detail)
        write_audio(pair.out, wave, model.features["config"]["rate"])
    except InputError as error:
        return str(error)
    return ""


@lru_cache(maxsize=1)
def _load(trained: str, device: str) -> Checkpoint:
    return checkpoint.load(trained, device)


@lru_cache(maxsize=VOICES)
def _voice(trained: str, device: str, path: Path) -> Voice:
    return read_voice(_load(trained, device), path)


def _remember(out: Path, file: Path, vocoder: str, detail: bool) -> None:
    """Write what swaps in `out` are made with, or compare it with what is written there."""
    made_with = {
        "checkpoint": hashlib.sha256(file.read_bytes()).hexdigest(),
        "vocoder": vocoder,
        "detail": detail,
    }
    note = out / MARKER
    if not note.exists():
        with replacing(note) as partial_note:
            partial_note.write_text(json.dumps(made_with, indent=1) + "\n")
    elif json.loads(note.read_text()) != made_with:
        raise InputError(f"{out}: holds swaps by another checkpoint, vocoder or detail; choose another --out")
