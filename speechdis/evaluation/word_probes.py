"""How much of the words is left in sequences of frames or codes, by probes on training and test utterances."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from speechdis.evaluation.speech import Speech, Split
from speechdis.features import FeatureSettings, bins_of
from speechdis.features.store import Store
from speechdis.judges.phone_recogniser import PhoneRecogniser, Transcribed
from speechdis.metrics import probes

SILENCE = 1e-7  # energy added to that of a frame of samples, so that digital silence has a logarithm


def words_left(
    train: np.ndarray,
    test: np.ndarray,
    speech: Speech,
    steps: int,
    seed: int,
    device: torch.device,
    code: str,
) -> dict[str, Any]:
    """What is left of the words in sequences (N, D): timed phones, phone strings (`steps` of training), energy.

    Figures are named after the `code` that the sequences are.
    """
    found = timed_phones(train, test, speech, code)
    a, b = speech.train, speech.clean
    if steps and all(any(u.text_phone for u in split.utterances) for split in (a, b)):
        probe = PhoneRecogniser.train(
            _transcribed(train, a), steps, seed=seed, device=device, label="phone probe"
        )
        found[f"phone_errors_{code}"] = asdict(probe.errors(_transcribed(test, b)))
    from_energy, to_energy = (_log_energy(split.store) for split in (a, b))
    found[f"energy_{code}"] = probes.energy_probe(train, from_energy, test, to_energy)
    return found


def _log_energy(store: Store) -> np.ndarray:
    """Natural log of every frame's energy, (N,); of samples, of their sum of squares."""
    frames, bins = np.asarray(store.spectra), bins_of(store.settings)
    if bins is None:
        return np.log(np.square(frames).sum(1) + SILENCE)
    return probes.log_energy(frames if bins.exponent == 1 else frames / bins.exponent)


def timed_phones(train: np.ndarray, test: np.ndarray, speech: Speech, code: str) -> dict[str, Any]:
    """Accuracy of a linear probe for the phone of every frame, where the times of phones are known."""
    if not all(any(u.phones for u in split.utterances) for split in (speech.train, speech.clean)):
        return {}
    labels = [_frame_phones(split) for split in (speech.train, speech.clean)]
    return {f"phones_{code}": asdict(probes.phone_probe(train, labels[0], test, labels[1]))}


def _frame_phones(split: Split) -> np.ndarray:
    """The phone at the centre of every frame of a store, (N,) str."""
    cut = FeatureSettings.of(split.store.settings)
    labels = (
        probes.frame_labels(u.phones, count, cut.hop, cut.window)
        for u, count in zip(split.utterances, split.store.counts, strict=True)
    )
    return np.concatenate(list(labels))


def _transcribed(frames: np.ndarray, split: Split) -> Transcribed:
    phones: Sequence[list[str]] = [u.text_phone.split() for u in split.utterances]
    return Transcribed(frames, split.store.first, split.store.counts, phones)


def transcribed(split: Split) -> Transcribed:
    """The features of a split with their phones."""
    return _transcribed(np.asarray(split.store.spectra), split)
