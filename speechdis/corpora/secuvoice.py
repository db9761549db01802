r"""SecuVoice (Martin-Donas et al., IberSPEECH 2016): Spanish digits, alone and in sequences, by two smartphones.

The corpus is not published and its paper lists no files, so the recordings (WAV, FLAC or SPHERE) are described
by one of
- a manifest, ROOT/manifest.tsv or --manifest FILE: tab-separated columns `path speaker device digits take`,
  named so in its first line; paths are relative to ROOT and digits are numerals:
      path                      speaker  device  digits  take
      audio/s001/wide/0457_1.wav  s001   wide    0457    1
- a regular expression, --pattern RE, with named groups `speaker`, `device`, `digits` and `take`, that matches
  the whole of each path relative to ROOT. For the file above:
      --pattern 'audio/(?P<speaker>[^/]+)/(?P<device>[^/]+)/(?P<digits>\d+)_(?P<take>\d+)\.wav'

Of each speaker the recordings of one device are kept, the one of the higher dynamic range, as in PVAE (Hsu and
Glass 2018, section 4.1): the 95th less the 5th percentile of the energy of 25 ms frames in dB, averaged over the
speaker's recordings on the device. Splits share no speaker and are drawn by seed.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from speechdis.corpora.digits import SPANISH
from speechdis.corpora.layout import looks_like
from speechdis.corpora.splits import Report, fail, hold_out
from speechdis.data.text import read_text, require_id
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    import numpy as np

FIELDS = ("path", "speaker", "device", "digits", "take")
MANIFEST = "manifest.tsv"
_AUDIO = (".wav", ".flac", ".sph")
_FRAME, _STEP = 0.025, 0.010  # s
_FLOOR = 1e-10  # energy of a frame, below that of 16-bit rounding
_LOG = logging.getLogger(__name__)


class Recording(NamedTuple):
    """One file: `place` is its line of the manifest or its path, for messages; the rest as in the manifest."""

    place: str
    path: Path
    speaker: str
    device: str
    digits: str
    take: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare secuvoice`."""
    parser.add_argument(
        "--manifest", type=Path, metavar="FILE", help="says who says what (default: ROOT/manifest.tsv)"
    )
    parser.add_argument("--pattern", metavar="RE", help="describes the files in place of a manifest")
    for split, share in (("dev", "ten"), ("test", "five")):
        text = f"speakers held for it (default: one in {share})"
        parser.add_argument(f"--{split}-speakers", type=int, metavar="N", help=text)
    parser.add_argument("--seed", type=int, default=0, help="chooses them")
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count(),
        metavar="N",
        help="workers that measure (default: all cores)",
    )


def prepare(
    root: str | Path,
    manifest: str | Path | None = None,
    pattern: str | None = None,
    dev_speakers: int | None = None,
    test_speakers: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    report: Report = fail,
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`, whose `text` is the digits in Spanish words.

    Args:
        root: the folder that paths are relative to.
        manifest: see above; used unless there is a `pattern`.
        pattern: see above.
        dev_speakers: how many; None: one in ten, at least one.
        test_speakers: how many; None: one in five, at least one.
        seed: chooses them.
        jobs: workers that measure dynamic ranges.
        report: called with the InputError of each bad recording, which is then left out.

    Raises:
        InputError: no manifest, or a bad one; a pattern that lacks a group or matches nothing; too few speakers.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; {_WHERE}")
    listed = _matched(root, pattern) if pattern is not None else _listed(root, manifest)
    kept = _one_device(_checked(listed, report), jobs, report)
    spks = {r.speaker for r in kept}
    count = max(1, round(len(spks) / 5)) if test_speakers is None else test_speakers
    test = hold_out(spks, count, seed)
    count = max(1, round(len(spks) / 10)) if dev_speakers is None else dev_speakers
    dev = hold_out(spks - test, count, seed)
    splits: dict[str, list[Utterance]] = {"train": [], "dev": [], "test": []}
    for r in kept:
        utt = utterance_id(r.speaker, r.device, r.digits, r.take)
        text = " ".join(SPANISH[int(digit)] for digit in r.digits)
        split = "test" if r.speaker in test else "dev" if r.speaker in dev else "train"
        splits[split].append(Utterance(utt, r.speaker, r.path, text=text))
    return splits


def utterance_id(speaker: str, device: str, digits: str, take: str) -> str:
    """`s001-wide-0457-1`."""
    return f"{speaker}-{device}-{digits}-{take}"


def dynamic_range(wave: np.ndarray, rate: int) -> float:
    """95th less 5th percentile of the energies of 25 ms frames, 10 ms apart, in dB; (K,) samples at `rate` Hz."""
    import numpy as np

    size, step = round(_FRAME * rate), round(_STEP * rate)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, (0, max(0, size - len(wave)))), size)[
        ::step
    ]
    energies = 10 * np.log10(np.mean(frames.astype(np.float64) ** 2, axis=1) + _FLOOR)
    low, high = np.percentile(energies, (5, 95))
    return float(high - low)


_WHERE = (
    "SecuVoice is not published: describe its files by ROOT/manifest.tsv or --pattern, or use "
    "'speechdis generate secuvoice' or 'egs/secuvoice/run.sh --generated'"
)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression with all the groups; raises InputError if it is none or lacks one."""
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(f"--pattern {pattern!r} is no regular expression: {error}") from None
    missing = [f"(?P<{name}>...)" for name in FIELDS[1:] if name not in compiled.groupindex]
    if missing:
        raise InputError(f"--pattern {pattern!r} lacks the named group(s) {', '.join(missing)}")
    return compiled


def _matched(root: Path, pattern: str) -> Iterator[Recording]:
    compiled = compile_pattern(pattern)
    files = sorted(file for file in root.rglob("*") if file.suffix.lower() in _AUDIO)
    if not files:
        raise InputError(f"{root}: no recordings ({', '.join(_AUDIO)}){looks_like(root)}; {_WHERE}")
    matches = {file: compiled.fullmatch(file.relative_to(root).as_posix()) for file in files}
    others = [file for file, match in matches.items() if match is None]
    if len(others) == len(files):
        example = files[0].relative_to(root).as_posix()
        raise InputError(
            f"{root}: --pattern matches none of {len(files)} recordings, the first being '{example}'"
        )
    if others:
        _LOG.warning(
            "%d of %d recordings do not match --pattern, such as %s", len(others), len(files), others[0]
        )
    for file, match in matches.items():
        if match is not None:
            yield Recording(str(file), file, *(match[name] or "" for name in FIELDS[1:]))


def _listed(root: Path, manifest: str | Path | None) -> Iterator[Recording]:
    file = root / MANIFEST if manifest is None else Path(manifest)
    if not file.is_file():
        raise InputError(f"{file}: no such manifest{looks_like(root, 'SecuVoice with a manifest')}; {_WHERE}")
    lines = [(k, line) for k, line in enumerate(read_text(file, "replace").split("\n"), 1) if line.strip()]
    first, header = lines[0] if lines else (1, "")
    columns = [name.strip().lower() for name in header.split("\t")]
    missing = [name for name in FIELDS if name not in columns]
    if missing:
        raise InputError(f"{file}:{first}: the first line names the columns, and lacks {', '.join(missing)}")
    for number, line in lines[1:]:
        fields = line.split("\t")
        if len(fields) != len(columns):
            raise InputError(f"{file}:{number}: {len(fields)} fields, but {len(columns)} columns are named")
        row = dict(zip(columns, fields, strict=True))
        yield Recording(f"{file}:{number}", root / row["path"], *(row[name] for name in FIELDS[1:]))


def _checked(recordings: Iterator[Recording], report: Report) -> Iterator[Recording]:
    """Those whose fields can be used; the rest is reported."""
    seen: dict[str, str] = {}
    for r in recordings:
        fault = None
        for name in ("speaker", "device", "take"):
            try:
                require_id(getattr(r, name), name)
            except InputError as error:
                fault = str(error)
        if not re.fullmatch("[0-9]+", r.digits):
            fault = f"digits {r.digits!r} are not numerals, as 0457"
        utt = utterance_id(*r[2:])
        if fault is None and utt in seen:
            fault = f"speaker, device, digits and take are those of {seen[utt]}"
        if fault is None:
            seen[utt] = r.place
            yield r
        else:
            report(InputError(f"{r.place}: {fault}"))


def _one_device(recordings: Iterator[Recording], jobs: int, report: Report) -> list[Recording]:
    """Of each speaker the recordings of the device with the higher dynamic range (of equals, the first by name)."""
    from speechdis.data.jobs import map_utterances

    measured: dict[str, dict[str, list[tuple[Recording, float]]]] = {}
    listed = list(recordings)
    for r, found in zip(listed, map_utterances(_measure, listed, jobs, threads=True), strict=True):
        if isinstance(found, InputError):
            report(found)
        else:
            measured.setdefault(r.speaker, {}).setdefault(r.device, []).append((r, found))
    kept: list[Recording] = []
    chosen: Counter[str] = Counter()
    for _, devices in sorted(measured.items()):
        means = {name: fmean(value for _, value in found) for name, found in devices.items()}
        best = min(means, key=lambda name: (-means[name], name))
        chosen[best] += 1
        kept += [r for r, _ in devices[best]]
    for device, count in sorted(chosen.items()):
        _LOG.info("device %s: the higher dynamic range for %d of %d speakers", device, count, len(measured))
    return kept


def _measure(recording: Recording) -> float | InputError:
    from speechdis.data.audio import read_audio

    try:
        return dynamic_range(*read_audio(recording.path))
    except InputError as error:
        return error
