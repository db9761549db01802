"""What is attacked: codes of a model, features, another system's codes, and what no honest code of the words can hide.

The last are sequences without a voice in the usual sense. Whoever writes down what was said leaves the choice of words;
whoever keeps the timing leaves the pauses; whoever keeps the melody leaves the contours of energy and pitch.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from speechdis.data.archive import read_matrix, read_scp
from speechdis.data.audio import read_utterance
from speechdis.data.directory import read_directory
from speechdis.errors import InputError
from speechdis.evaluation.speech import Split
from speechdis.features.store import MARKER
from speechdis.judges.sequences import Sequences
from speechdis.metrics.probes import log_energy
from speechdis.synthesis.pitch import contour

PAUSE = 6.9  # nats of energy, 30 dB, under an utterance's loudest frame: a pause
UNITS = 200  # kinds of discrete units that get a dimension each; more get random vectors of as many


@dataclass(frozen=True)
class Floor:
    """Something that cannot be hidden: its name, the sequences of a split, and a codebook's step in them."""

    name: str
    of: Callable[[Split], list[np.ndarray]]
    step: int


def sequences(items: Iterable[np.ndarray], speakers: Iterable[str]) -> Sequences:
    """Sequences of utterances, each (T, D)."""
    rows = list(items)
    counts = np.array([len(row) for row in rows])
    frames = np.concatenate(rows).astype(np.float32)
    return Sequences(frames, np.cumsum(counts) - counts, counts, np.asarray(list(speakers)))


def text(split: Split) -> list[np.ndarray]:
    """Phones of the text, in order, without times: a phone is a dimension of 64, and one of 64 others, (P, 128)."""
    return [np.stack([_phone(name) for name in u.text_phone.split() or [""]]) for u in split.utterances]


def _phone(name: str) -> np.ndarray:
    """Two digests of its name, which tell any two phones apart."""
    code = crc32(name.encode())
    return np.concatenate([np.eye(64)[code % 64], np.eye(64)[code // 64 % 64]])


def timing(split: Split) -> list[np.ndarray]:
    """Stretches of speech and pauses in turn: which of both, and the log of how many frames, (R, 2)."""
    return [_stretches(energy > energy.max() - PAUSE) for energy in _energies(split)]


def melody(split: Split) -> list[np.ndarray]:
    """Contours of log energy and log F0 without their means, and what is voiced, (T, 3)."""
    return [row - [row[:, 0].mean(), 0, 0] for row in _prosody(split, level=False)]


def pitch(split: Split) -> list[np.ndarray]:
    """Log energy, log F0 in octaves (0 where unvoiced) and what is voiced, (T, 3): the level, too."""
    return list(_prosody(split, level=True))


TEXT = Floor("text alone: phones without times", text, 1)
TIMING = Floor("timing alone: lengths of speech and pauses", timing, 1)
MELODY = Floor("contours of energy and pitch, no levels", melody, 4)
PITCH = Floor("energy and pitch with their levels", pitch, 4)
FLOORS: Mapping[str, Floor] = {"text": TEXT, "timing": TIMING, "melody": MELODY, "pitch": PITCH}


def read_codes(folder: Path, data: Path) -> Sequences:
    """Another system's codes: `feats.scp` of matrices, or UTT.npy of (T, D) or of discrete units (T,), in `folder`.

    Raises:
        InputError: none there; an utterance that is not in `data`; an array of another shape, or not finite.
    """
    spks = {u.utt: u.spk for u in read_directory(data)}
    if (folder / "feats.scp").is_file():
        found = {utt: read_matrix(entry) for utt, entry in read_scp(folder / "feats.scp").items()}
    else:
        found = {path.stem: _array(path) for path in sorted(folder.glob("*.npy"))}
    if not found:
        more = "; it is a frame store: give it by --features" if (folder / MARKER).exists() else ""
        raise InputError(f"{folder}: no feats.scp, and no UTT.npy{more}")
    if unknown := sorted(set(found) - set(spks)):
        raise InputError(f"{folder}: '{unknown[0]}' is no utterance of {data}")
    kinds = {(x.shape[1:], x.dtype.kind in "iu" and x.ndim == 1) for x in found.values()}
    if len(kinds) > 1:
        raise InputError(f"{folder}: codes of different dimensions; all utterances need the same")
    if kinds == {((), True)}:
        found = {utt: _unit_vectors(x) for utt, x in found.items()}
    for utt, x in found.items():
        if x.ndim != 2 or not len(x) or not np.isfinite(x).all():
            raise InputError(f"{folder}: '{utt}' is empty, not finite, or not (T, D): {x.shape}")
    return sequences(found.values(), (spks[utt] for utt in found))


def _array(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError):
        raise InputError(
            f"{path}: no array that NumPy reads without pickle; write it by numpy.save"
        ) from None


def _unit_vectors(units: np.ndarray) -> np.ndarray:
    """Discrete units (T,) as vectors (T, UNITS): a dimension each, or a random direction of those beyond."""
    kinds, at = np.unique(units, return_inverse=True)
    if kinds[0] < 0:
        raise InputError(f"discrete units are numbered from 0; got {kinds[0]}")
    rows = [
        np.eye(UNITS)[k] if k < UNITS else np.random.default_rng(int(k)).standard_normal(UNITS) / UNITS**0.5
        for k in kinds.tolist()
    ]
    return np.stack(rows)[at]


def _energies(split: Split) -> list[np.ndarray]:
    store = split.store
    if store.settings.get("type") == "waveform":
        raise InputError(f"{store.path}: frames of samples; give a store of fbank or spectra")
    return [log_energy(np.asarray(store[k], np.float64)) for k in range(len(store))]


def _stretches(speech: np.ndarray) -> np.ndarray:
    begins = np.flatnonzero(np.concatenate([[True], speech[1:] != speech[:-1]]))
    return np.stack([speech[begins], np.log(np.diff(np.append(begins, len(speech))))], axis=1)


def _prosody(split: Split, level: bool) -> Iterable[np.ndarray]:
    hop = float((split.store.settings.get("config") or {}).get("hop", 0.01))
    for utterance, energy in zip(split.utterances, _energies(split), strict=True):
        wave, rate = read_utterance(utterance)
        f0 = contour(wave, rate, hop)[0]
        f0 = np.pad(f0, (0, max(0, len(energy) - len(f0))))[: len(energy)]
        voiced = f0 > 0
        octaves = np.where(voiced, np.log2(np.where(voiced, f0, 1) / 100), 0)
        if not level and voiced.any():
            octaves = np.where(voiced, octaves - octaves[voiced].mean(), 0)
        yield np.stack([energy, octaves, voiced], axis=1)
