"""Swaps by the thousand: each done once, in memory that does not grow with their number."""

import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from speechdis.data import made_with
from speechdis.data.audio import duration
from speechdis.data.jobs import attempted, map_utterances
from speechdis.data.record import digest
from speechdis.errors import InputError
from speechdis.synthesis import codes, vocoders
from speechdis.synthesis.files import read_voice, swap_file
from speechdis.synthesis.manifest import Pair
from speechdis.synthesis.manner import USUAL, Manner
from speechdis.synthesis.slow import checked
from speechdis.synthesis.voices import Voice, one_voice
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

MARKER = "swaps.json"
VOICES = 1024  # that a process remembers: some 15 kB each


class Swapped(NamedTuple):
    """What became of a list of pairs.

    Attributes:
        made: now.
        kept: made by an earlier run.
        failures: pairs that cannot be used, each with the reason.
        seconds: of speech made now.
    """

    made: int
    kept: int
    failures: list[tuple[Pair, str]]
    seconds: float


def swap_pairs(
    pairs: Sequence[Pair],
    out: Path,
    trained: Path,
    manner: Manner = USUAL,
    device: str = "cpu",
    jobs: int = 1,
    strict: bool = False,
) -> Swapped:
    """Swap every pair that has no output yet. Outputs appear whole, so a run that was killed is simply run again.

    Args:
        out: their folder; it remembers checkpoint and manner.
        trained: checkpoint.
        manner: see `conversion.synthesise`.
        device: "cpu" or "cuda".
        jobs: processes.
        strict: a pair that cannot be used is an error, before any is swapped where that can be told; otherwise it is
            reported and left out.

    Raises:
        InputError: a model without static and dynamic factors; no such vocoder; `out` is a file, or holds swaps by
            another checkpoint or vocoder; `slow` as `synthesise`; an unusable pair under `strict`, or no other.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: a file; many swaps go into a folder: choose another --out")
    codes.check(_load(str(trained), device))
    vocoders.load(manner.vocoder)
    used = {
        "checkpoint": digest(checkpoint.resolve(trained)),
        "vocoder": vocoders.told(manner.vocoder),
        "detail": manner.detail,
        "slow": checked(manner.slow),
    }
    made_with.compare(out / MARKER, used, "swaps", slow=0.0)
    left = [pair for pair in pairs if not pair.out.exists()]
    good, failures = _opened(left, strict)
    if len(failures) == len(pairs):
        raise InputError(f"{out}: not one usable pair; the last: {failures[-1][1]}")
    made_with.remember(out / MARKER, used)
    work = partial(_swapped, trained=str(trained), manner=manner, device=device)
    seconds, told = 0.0, len(failures)
    for pair, done in _progress(work, good, jobs, len(pairs), len(pairs) - len(good), out):
        if isinstance(done, str):
            failures.append((pair, done))
            _report(pair, done, strict)
        else:
            seconds += done
    if len(failures) == len(pairs):
        raise InputError(f"{out}: not one usable pair; the last: {failures[-1][1]}")
    return Swapped(len(good) - len(failures) + told, len(pairs) - len(left), failures, seconds)


def _opened(pairs: Sequence[Pair], strict: bool) -> tuple[list[Pair], list[tuple[Pair, str]]]:
    """The pairs whose recordings open, and the others with the reason; each recording is opened once."""
    faults: dict[Path, str] = {}
    for path in dict.fromkeys(path for pair in pairs for path in (*pair.voices, pair.content)):
        try:
            duration(path)
        except (InputError, OSError) as error:
            faults[path] = str(error)
    good, failures = [], []
    for pair in pairs:
        fault = next((faults[path] for path in (*pair.voices, pair.content) if path in faults), None)
        if fault is None:
            good.append(pair)
        else:
            failures.append((pair, fault))
            _report(pair, fault, strict)
    return good, failures


def _report(pair: Pair, fault: str, strict: bool) -> None:
    if strict:
        raise InputError(fault)
    logging.getLogger(__name__).warning("skipped %s: %s", pair.out.name, fault)


def _progress(
    work: "partial[float | str]", pairs: Sequence[Pair], jobs: int, total: int, before: int, out: Path
) -> Iterator[tuple[Pair, float | str]]:
    """Each pair with what became of it, under a bar."""
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    done = map_utterances(work, pairs, jobs)
    with logging_redirect_tqdm(), tqdm(total=total, initial=before, unit="swap", desc=out.name) as bar:
        for found in zip(pairs, done, strict=True):
            bar.update()
            yield found


def _swapped(pair: Pair, trained: str, manner: Manner, device: str) -> float | str:
    """Swap and write one pair: seconds of speech, or what is wrong with it."""

    def work() -> float:
        voice = one_voice([_voice(trained, device, path) for path in pair.voices])
        return swap_file(_load(trained, device), voice, pair.content, pair.out, manner)

    return attempted(work, pair.out)


@lru_cache(maxsize=1)
def _load(trained: str, device: str) -> Checkpoint:
    return checkpoint.load(trained, device)


@lru_cache(maxsize=VOICES)
def _voice(trained: str, device: str, path: Path) -> Voice:
    return read_voice(_load(trained, device), path)
