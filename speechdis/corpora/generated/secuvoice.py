"""A SecuVoice tree: Spanish digits, alone and in sequences with pauses, heard by two smartphones at once.

The original is not published, so the layout is ours: `audio/SPEAKER/DEVICE/DIGITS_TAKE.wav` (16 kHz), listed in
`manifest.tsv`. The phones differ in band and, by speaker, in noise: `DOC/DEVICES.TSV` has both, and which of
them is quieter varies. `words` has the exact times: lines `utt start end word`, in seconds, with the ids that
`speechdis prepare secuvoice` gives.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from speechdis.corpora import espeak
from speechdis.corpora.digits import SPANISH
from speechdis.corpora.generated import MARKER, write_words
from speechdis.corpora.secuvoice import FIELDS, MANIFEST, utterance_id
from speechdis.corpora.takes import LEVEL, Label, extent
from speechdis.corpora.voices import Speaker, draw_speaker, speaker_table, vary
from speechdis.errors import InputError

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    import numpy as np

SPEAKERS = 12
RATE = 16000  # Hz
BANDS = {"wide": (80.0, 7000.0), "narrow": (250.0, 3600.0)}  # Hz, of the two devices
_QUIET, _NOISY = (-64.0, -56.0), (-46.0, -38.0)  # dB of full scale; speech is at -26
_WIDE_IS_QUIETER = 0.7  # of the speakers
_PACE = 0.55  # of sentences: carefully pronounced
_PAUSE, _MARGIN = (0.25, 0.6), (0.3, 0.6)  # s between digits, and at both ends
_LENGTHS = (4, 9)  # digits of a sequence, from and below


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis generate secuvoice`."""
    parser.add_argument("--sequences", type=int, default=6, metavar="N", help="of 4 to 8 digits")
    parser.add_argument("--takes", type=int, default=2, metavar="N", help="of everything")


@dataclass(frozen=True)
class _Part:
    """One speaker's share of the work."""

    path: Path
    speaker: Speaker
    noise: dict[str, float]  # device to dB of full scale
    digits: tuple[str, ...]
    takes: int
    seed: tuple[int, ...]


def generate(
    path: Path, speakers: int, seed: int, jobs: int = 1, sequences: int = 6, takes: int = 2
) -> Iterator[int]:
    """Write a SecuVoice tree into the folder `path`, speaker by speaker as the iterator is read.

    Args:
        path: an empty or new folder.
        speakers: 3 to 999, women and men by turns, of Spain and Latin America.
        seed: the same seed, the same bytes, whatever `jobs` is.
        jobs: processes.
        sequences: of 4 to 8 digits, besides the ten digits alone.
        takes: of each sequence and digit.

    Yields:
        The number of recordings of each speaker that is done; the manifest and `words` are written after the last.

    Raises:
        InputError: too few or many speakers, too few sequences or takes; espeak-ng is not installed.
    """
    import numpy as np

    from speechdis.data.jobs import map_utterances

    if not 3 <= speakers <= 999 or sequences < 0 or takes < 1:
        raise InputError(f"{speakers} speakers with {takes} takes: 3 to 999 and at least 1 are needed")
    espeak.load()
    cast, noise = _cast(speakers, np.random.default_rng((seed, 0)))
    parts = []
    for n, (spk, speaker) in enumerate(cast.items()):
        digits = _digits(sequences, np.random.default_rng((seed, 1, n)))
        parts.append(_Part(path, speaker, noise[spk], digits, takes, (seed, 2, n)))
    (path / MARKER).parent.mkdir(parents=True, exist_ok=True)
    (path / MARKER).write_text(speaker_table({f"audio/{spk}": speaker for spk, speaker in cast.items()}))
    (path / "DOC/DEVICES.TSV").write_text(_device_table(noise))
    rows, lines = ["\t".join(FIELDS) + "\n"], []
    for own_rows, own_lines in map_utterances(_write, parts, jobs):
        rows += own_rows
        lines += own_lines
        yield len(own_rows)
    (path / MANIFEST).write_text("".join(rows))
    write_words(path, lines)


def _cast(count: int, rng: np.random.Generator) -> tuple[dict[str, Speaker], dict[str, dict[str, float]]]:
    """Speakers, and the noise of each device when they speak, by id."""
    cast, noise = {}, {}
    for number in range(count):
        spk, gender = f"s{number + 1:03}", "fm"[number % 2]
        speaker = draw_speaker(spk, gender, rng, language="roa/es" if rng.random() < 0.5 else "roa/es-419")
        slow = replace(speaker.voice, rate=max(80, round(_PACE * speaker.voice.rate)))
        cast[spk] = replace(speaker, voice=slow)
        levels = [float(rng.uniform(*_QUIET)), float(rng.uniform(*_NOISY))]
        noise[spk] = dict(
            zip(BANDS, levels if rng.random() < _WIDE_IS_QUIETER else levels[::-1], strict=True)
        )
    return cast, noise


def _device_table(noise: dict[str, dict[str, float]]) -> str:
    """Noise in dB of full scale and band in Hz of every device, by speaker."""
    rows = ["speaker\tdevice\tnoise_db\tlow_hz\thigh_hz"]
    for spk, levels in noise.items():
        for device, level in levels.items():
            low, high = BANDS[device]
            rows.append(f"{spk}\t{device}\t{level:.1f}\t{low:.0f}\t{high:.0f}")
    return "\n".join(rows) + "\n"


def _digits(sequences: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Numerals of everything to be said: the ten digits, and sequences of which no two are the same."""
    drawn = dict.fromkeys("0123456789")
    while len(drawn) < 10 + sequences:
        drawn["".join(str(digit) for digit in rng.integers(0, 10, rng.integers(*_LENGTHS)))] = None
    return tuple(drawn)


def _write(part: _Part) -> tuple[list[str], list[str]]:
    """Say and write all recordings of a speaker; rows of the manifest and lines of `words`."""
    import numpy as np

    from speechdis.data.audio import write_audio

    rng = np.random.default_rng(part.seed)
    rows, lines, spk = [], [], part.speaker.spk
    for digits in part.digits:
        for take in map(str, range(1, part.takes + 1)):
            wave, words = _say(digits, part.speaker, rng)
            for device, level in part.noise.items():
                place = f"audio/{spk}/{device}/{digits}_{take}.wav"
                heard = _band(wave, *BANDS[device]) + rng.normal(0, 10 ** (level / 20), len(wave))
                write_audio(part.path / place, heard, RATE)
                rows.append("\t".join((place, spk, device, digits, take)) + "\n")
                utt = utterance_id(spk, device, digits, take)
                lines += [f"{utt} {w.start / RATE:.6f} {w.end / RATE:.6f} {w.label}\n" for w in words]
    return rows, lines


def _say(digits: str, speaker: Speaker, rng: np.random.Generator) -> tuple[np.ndarray, list[Label]]:
    """(K,) samples without noise at `RATE`, and each digit from its first sound to its last."""
    import numpy as np
    import soxr

    pieces: list[np.ndarray] = []
    spans: list[tuple[int, int]] = []  # at espeak's rate
    length = 0
    rate = espeak.load().rate
    for number, digit in enumerate(digits):
        speech = espeak.speak(SPANISH[int(digit)], vary(speaker.voice, rng))
        first, last = extent(speech)
        pause = round(rate * rng.uniform(*(_PAUSE if number else _MARGIN)))
        spans.append((length + pause, length + pause + last - first))
        pieces += [np.zeros(pause), speech.samples[first:last] / 32768]
        length = spans[-1][1]
    pieces.append(np.zeros(round(rate * rng.uniform(*_MARGIN))))
    wave = soxr.resample(np.concatenate(pieces), rate, RATE)
    wave *= LEVEL / np.sqrt(np.mean(np.concatenate(pieces[1::2]) ** 2))
    scale = RATE / rate
    names = (SPANISH[int(digit)] for digit in digits)
    return wave, [
        Label(round(a * scale), round(b * scale), name) for (a, b), name in zip(spans, names, strict=True)
    ]


def _band(wave: np.ndarray, low: float, high: float) -> np.ndarray:
    """The part of (K,) samples between two frequencies in Hz, without delay."""
    from scipy.signal import butter, sosfiltfilt

    return sosfiltfilt(butter(4, [low, high], "bandpass", fs=RATE, output="sos"), wave)
