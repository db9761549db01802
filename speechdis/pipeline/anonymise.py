"""A data directory said anew in voices that are nobody's, as a data directory; it goes on after a kill."""

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import torch

from speechdis.data import anonymous, made_with, record
from speechdis.data.anonymous import Ids, secret
from speechdis.data.atomic import replacing, replacing_folder
from speechdis.data.audio import duration
from speechdis.data.directory import read_directory
from speechdis.data.jobs import attempted, map_utterances
from speechdis.data.lock import alone
from speechdis.data.outputs import check_file, check_folder
from speechdis.data.record import Kind, digest
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.synthesis import codes, strangers, vocoders
from speechdis.synthesis.files import swap_file
from speechdis.synthesis.manner import Manner
from speechdis.synthesis.slow import NOBODYS, checked
from speechdis.synthesis.strangers import Strangers
from speechdis.synthesis.voices import Voice
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint

MARKER, WAVES = "anonymised.json", "wav"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """What voices utterances get.

    Attributes:
        voice: "prior", "mix" or "pool".
        per: "utterance" or "speaker": who gets a voice.
        seed: of the draws, and of new ids.
        role: directories of one role and seed give a speaker the same voice.
        rename: utterances and speakers get new ids.
        vocoder: by name.
        slow: of the change of voice only what is slower than so many frames is kept.
    """

    voice: str = "prior"
    per: str = "utterance"
    seed: str = "0"
    role: str = ""
    rename: bool = False
    vocoder: str = vocoders.DEFAULT
    slow: float = NOBODYS


@dataclass(frozen=True)
class Anonymised:
    """What became of the utterances: made now, kept of an earlier run, failed with the reason; s of speech made now;
    names of tables that were left out."""

    made: int
    kept: int
    failures: list[tuple[str, str]]
    seconds: float
    left_out: list[str]


@dataclass(frozen=True)
class _Task:
    utterance: Utterance
    owner: str  # of the voice: an utterance or a speaker, in a role
    out: Path


def anonymise(
    data: Path,
    out: Path,
    trained: Path,
    options: Options,
    pool: Path | None = None,
    mapping: Path | None = None,
    device: str = "cpu",
    jobs: int = 1,
    strict: bool = False,
) -> Anonymised:
    """Write `data` anew as the data directory `out`.

    Recordings appear whole, and the tables at the end; a run that was killed is simply run again.

    Args:
        data, out: data directories.
        trained: checkpoint.
        options: what voices utterances get.
        pool: data directory of speakers who lend their voices; None for the prior.
        mapping: a file that gets old ids beside new ones and whose voice each utterance has; None for none.
        device: "cpu" or "cuda".
        jobs: processes.
        strict: an utterance that cannot be used is an error; otherwise it is reported and left out.

    Raises:
        InputError: a model without static and dynamic factors; `out` holds anything else, or is of other settings;
            an unusable utterance under `strict`, or no other.
    """
    utterances = read_directory(data)
    if not utterances:
        raise InputError(f"{data / 'wav.scp'}: no utterances")
    kind = _kind(data, out)
    _check(out, kind, mapping, data)
    drawn = Strangers.of(options.voice, options.seed, read_directory(pool) if pool else [])
    codes.check(_load(str(trained), device))
    vocoders.load(options.vocoder)
    ids = Ids.of({u.utt: u.spk for u in utterances}, options.seed if options.rename else None)
    with alone(out):
        made_with.compare(out / MARKER, used := _used(trained, options, drawn), "speech", slow=0.0)
        made_with.remember(out / MARKER, used)
        tasks = sorted((_task(u, out, options, ids) for u in utterances), key=lambda task: task.out)
        left = [task for task in tasks if not task.out.exists()]
        seconds, failures = _all(left, len(tasks), out, trained, drawn, options, device, jobs, strict)
        failed = dict(failures)
        good = [task for task in tasks if task.utterance.utt not in failed]
        if not good:
            raise InputError(f"{data}: not one usable utterance; the last: {failures[-1][1]}")
        spks = {task.utterance.utt: task.utterance.spk for task in good}
        waves = {task.utterance.utt: task.out.absolute() for task in good}
        found, left_out = anonymous.tables(data, ids, spks, waves)
        with replacing_folder(out, kind) as partial_out:
            for name, text in found.items():
                (partial_out / name).write_text(text, "utf-8")
    if mapping:
        _map(mapping, good, ids, drawn)
    return Anonymised(len(left) - len(failures), len(tasks) - len(left), failures, seconds, left_out)


def _kind(data: Path, out: Path) -> Kind:
    """A folder of tables that are named as those of `data`, or as an earlier run named them; others stay."""
    before = record.read(out)
    names = {file.name for file in data.iterdir()} | set(anonymous.MADE_ANEW)
    names |= {name for name in (before[1] if before else ()) if "/" not in name and name != MARKER}
    return Kind("anonymised data directory", unrecorded="|".join(map(re.escape, sorted(names))), shared=True)


def _check(out: Path, kind: Kind, mapping: Path | None, data: Path) -> None:
    """Raise InputError where something else is at `out`, or the mapping cannot be written."""
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).exists():
        raise InputError(f"{out}: holds something else than anonymised speech; choose another --out")
    check_folder(out, kind)
    if mapping:
        check_file(mapping, [data / "wav.scp", data / "utt2spk"])


def _task(u: Utterance, out: Path, options: Options, ids: Ids) -> _Task:
    owner = f"{options.role}\n{options.per}\n{u.utt if options.per == 'utterance' else u.spk}"
    return _Task(u, owner, out / WAVES / anonymous.wave_name(ids.utts[u.utt]))


def _used(trained: Path, options: Options, drawn: Strangers) -> dict[str, object]:
    """What speech in the folder is made with; the seed is not told, nor who is in the pool."""
    pool = "\n".join(f"{spk} {u.utt}" for spk, own in drawn.pool for u in own)
    return {
        "checkpoint": digest(checkpoint.resolve(trained)),
        "vocoder": vocoders.told(options.vocoder),
        "voice": options.voice,
        "per": options.per,
        "role": options.role,
        "rename": options.rename,
        "pool": hashlib.sha256(pool.encode()).hexdigest() if drawn.pool else None,
        "seed": secret(options.seed, "seed"),
        "slow": checked(options.slow),
    }


def _all(
    tasks: Sequence[_Task],
    total: int,
    out: Path,
    trained: Path,
    drawn: Strangers,
    options: Options,
    device: str,
    jobs: int,
    strict: bool,
) -> tuple[float, list[tuple[str, str]]]:
    """Seconds of speech made, and the utterances that could not be, under a bar."""
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    work = partial(_made, trained=str(trained), drawn=drawn, options=options, device=device)
    seconds, failures = 0.0, []
    with (
        logging_redirect_tqdm(),
        tqdm(total=total, initial=total - len(tasks), unit="utt", desc=out.name) as bar,
    ):
        for task, done in zip(tasks, map_utterances(work, tasks, jobs), strict=True):
            bar.update()
            if isinstance(done, str):
                if strict:
                    raise InputError(done)
                _LOG.warning("skipped %s: %s", task.utterance.utt, done)
                failures.append((task.utterance.utt, done))
            else:
                seconds += done
    return seconds, failures


def _made(task: _Task, trained: str, drawn: Strangers, options: Options, device: str) -> float | str:
    """Say one utterance anew: seconds of it, or what is wrong with it."""

    def work() -> float:
        duration(task.utterance.path)
        model = _load(trained, device)
        lenders = drawn.lenders(task.owner, task.utterance.spk)
        known = [_lender(trained, device, drawn.pool[k][1]) for k in lenders]
        voice = strangers.draw(model, drawn, task.owner, known)
        return swap_file(model, voice, task.utterance, task.out, Manner(options.vocoder, slow=options.slow))

    with _one_thread():
        return attempted(work, task.out)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums have one order, so that sound has the same bytes in one process and in many."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=1)
def _load(trained: str, device: str) -> Checkpoint:
    return checkpoint.load(trained, device)


@lru_cache(maxsize=1024)
def _lender(trained: str, device: str, recordings: tuple[Utterance, ...]) -> Voice:
    return strangers.pool_voice(_load(trained, device), recordings)


def _map(mapping: Path, tasks: Sequence[_Task], ids: Ids, drawn: Strangers) -> None:
    """Write whose voice each utterance has; the only file that tells. Nobody else may read it."""
    rows = ["utterance\tspeaker\tnew utterance\tnew speaker\tvoices\n"]
    for task in sorted(tasks, key=lambda task: task.utterance.utt):
        u = task.utterance
        names = [drawn.pool[k][0] for k in drawn.lenders(task.owner, u.spk)]
        told = " ".join(names) or f"prior:{drawn.number(task.owner)}"
        rows.append("\t".join([u.utt, u.spk, ids.utts[u.utt], ids.spks[u.spk], told]) + "\n")
    with replacing(mapping) as partial_map:
        partial_map.write_text("".join(rows), "utf-8")
        partial_map.chmod(0o600)
