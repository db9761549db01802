"""Every metric of a trained model, and of what it is measured against: one row of the table each.

A row is a dict (JSON): `static`, `dynamic` and `flattened` hold verification figures for each condition ("clean",
"channel"), raw and centred (the training set's mean vector subtracted); `attacker` those of the ladder's strongest
attacker on the dynamic sequences, trained on that condition, and `attackers` all that `attacking.figures` says of the
ladder; `static_lda`, where asked for, that of static vectors after a supervised LDA; `probes` what is left of voice
and words in either code; `validation` the terms of the loss on the validation speakers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from speechdis.evaluation import attacking
from speechdis.evaluation.attacking import Attack
from speechdis.evaluation.embeddings import Embeddings, embed
from speechdis.evaluation.generation_scores import generated
from speechdis.evaluation.outside import swaps as outside
from speechdis.evaluation.results import Rates, Results, strongest
from speechdis.evaluation.speech import Speech
from speechdis.evaluation.swap_scores import Listeners, judge_swaps, pairs_of
from speechdis.evaluation.word_probes import timed_phones, transcribed, words_left
from speechdis.judges.judges import Judges
from speechdis.judges.ladder import Ladder, climb
from speechdis.judges.sequences import Sequences, lacks
from speechdis.metrics import baselines, probes
from speechdis.metrics.equal_error import eer_of
from speechdis.metrics.every_pair import verify_all
from speechdis.metrics.lda import lda
from speechdis.metrics.normal_scores import Kind
from speechdis.metrics.trials import cosine_scores, segment_pairs, some_segments
from speechdis.metrics.verification import Verification
from speechdis.synthesis import vocoders
from speechdis.synthesis.manner import Manner
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.rows import on_device

LABELS = {None: "", "whole": "normal scores", "by-sound": "normal scores by sound"}
ACTIVE = 0.01  # a dimension is active where its posterior mean varies by more than this over the test frames
JUDGE = 800  # steps in which the judge of swapped voices is trained


@dataclass(frozen=True)
class Budget:
    """How long what is trained is trained: optimiser steps of each attacking network at most, 0 for no networks, and
    of the phone-sequence probe; and dimensions of the supervised LDA on static vectors, 0 for none; pairs swapped, 0
    for none, their vocoder, whether outside judges hear them or those trained here, and in how many processes; and
    whether codes are attacked and probed as normal scores."""

    attacker: int = 4000
    phones: int = 1200
    resamples: int = 1000
    seed: int = 0
    lda: int = 0
    swaps: int = 0
    vocoder: str = vocoders.DEFAULT
    outside: bool = True
    jobs: int = 1
    normal_scores: Kind | None = None

    @property
    def judge(self) -> int:
        """Steps of the judge of swapped voices."""
        return min(self.attacker or JUDGE, JUDGE)


def model_row(checkpoint: Checkpoint, speech: Speech, budget: Budget, device: torch.device) -> Results:
    """All figures of a static/dynamic model."""
    train = embed(checkpoint, speech.train.store, device)
    test = {name: embed(checkpoint, split.store, device) for name, split in speech.test.items()}
    clean = test["clean"]
    row: dict[str, Any] = {}
    for code in ("static", "dynamic", "flattened"):
        vectors = {name: getattr(codes, code) for name, codes in test.items()}  # dataclass fields
        row[code] = _verified(vectors, getattr(train, code).mean(0), speech, budget)
    if budget.lda:
        projected = lda(train.static, speech.train.store.spks, budget.lda)
        row["static_lda"] = _verified(
            {name: projected(codes.static) for name, codes in test.items()}, None, speech, budget
        )
        row["lda_dimensions"] = budget.lda
    row["segments"] = {
        name: _segment_eer(codes, codes.segments, speech.test[name].store.spks)
        for name, codes in test.items()
    }
    row["dynamic_segments"] = {
        name: _segment_eer(codes, codes.dynamic_segments, speech.test[name].store.spks)
        for name, codes in test.items()
    }
    sequences = {"train": train.frames} | {name: codes.frames for name, codes in test.items()}
    sequences |= {
        name: embed(checkpoint, split.store, device).frames
        for name, split in speech.everything.items()
        if name not in sequences
    }
    if budget.normal_scores:
        sequences = {
            name: Sequences.of(frames, speech.everything[name].store)
            .normal_scores(budget.normal_scores)
            .frames
            for name, frames in sequences.items()
        }
    row |= _attacked(sequences, speech, budget, device, "attacker on z")
    row["probes"] = {
        "speaker_static": asdict(probes.speaker_probe(clean.static, speech.clean.store.spks)),
        "speaker_dynamic": asdict(probes.speaker_probe(clean.dynamic, speech.clean.store.spks)),
        **words_left(
            sequences["train"], sequences["clean"], speech, budget.phones, budget.seed, device, "dynamic"
        ),
        **timed_phones(train.static_frames, clean.static_frames, speech, "static"),
    }
    if "phones_static" in row["probes"]:
        found = [
            probes.Accuracy(**row["probes"][f"{what}_{code}"])
            for what in ("speaker", "phones")
            for code in ("static", "dynamic")
        ]
        row["probes"]["leakage_gap"] = probes.leakage_gap(*found)
    row["reconstruction"] = {
        "squared_error": clean.squared_error,
        "active_static": _active(clean.static_frames),
        "active_dynamic": _active(clean.frames),
    }
    if budget.swaps and budget.outside:
        pairs = pairs_of(speech.clean.utterances, budget.swaps, budget.seed)
        row["outside"] = outside.judge_swaps(
            {checkpoint.name: checkpoint},
            speech.clean.utterances,
            pairs,
            [Manner(budget.vocoder, detail) for detail in (1.0, 0.0)],
            budget.jobs,
            budget.resamples,
        )
    elif budget.swaps:
        row["swaps"] = _swapped(checkpoint, speech, budget, device)
    return Results(
        checkpoint.name,
        checkpoint.step,
        **row,
        validation=checkpoint.validation,
        parameters=sum(p.numel() for p in checkpoint.model.parameters()),
        label=", ".join(filter(None, (checkpoint.model.label, LABELS[budget.normal_scores]))) or None,
    )


def _swapped(checkpoint: Checkpoint, speech: Speech, budget: Budget, device: torch.device) -> dict[str, Any]:
    """Swap scores, scores of generation, and how good the judges of both are."""
    train, test = speech.train, speech.clean
    pairs = pairs_of(test.utterances, budget.swaps, budget.seed)
    judges = Judges.train(
        transcribed(train),
        train.store.spks,
        budget.judge,
        budget.phones,
        seed=budget.seed,
        device=device,
    )
    listeners = Listeners.of(
        judges, test.utterances, [np.asarray(test.store[k]) for k in range(len(test.store))]
    )
    found = judge_swaps(checkpoint, listeners, pairs, budget.vocoder)
    chosen = [words for _, words in pairs]
    kept = generated(checkpoint, listeners, test.store, chosen, budget.seed)
    return {**found, "generation": {factor: asdict(scores) for factor, scores in kept.items()}}


def reference_rows(speech: Speech, budget: Budget, device: torch.device) -> list[Results]:
    """Floors and ceilings: chance, utterance statistics, and networks trained with labels on the features."""
    stores = {name: split.store for name, split in speech.test.items()}
    everyone = {"train": speech.train.store, **stores}
    rows: list[Results] = []
    chance = {name: baselines.random_vectors(len(store)) for name, store in stores.items()}
    rows.append(Results("random vectors", static=_verified(chance, None, speech, budget)))
    frames = {name: on_device(store.spectra, torch.device("cpu")).numpy() for name, store in everyone.items()}
    statistics = {"features, mean + std": None, "20 MFCC, mean + std": baselines.mfcc}
    if speech.train.store.settings["type"] != "fbank":  # cepstra are of mel spectra
        del statistics["20 MFCC, mean + std"]
    for title, change in statistics.items():
        vectors = {
            name: baselines.utterance_statistics(
                frames[name] if change is None else change(frames[name]), store.first, store.counts
            )
            for name, store in everyone.items()
        }
        training = vectors.pop("train")
        raw = _verified(vectors, None, speech, budget)
        standard = {name: baselines.standardised(v, training) for name, v in vectors.items()}
        centred = _verified(standard, None, speech, budget)
        static = {name: {"raw": raw[name]["raw"], "centred": centred[name]["raw"]} for name in raw}
        rows.append(Results(f"{title} (centred: z-normalised)", static=static))
    sequences = {
        name: frames[name] if name in frames else np.asarray(split.store.spectra)
        for name, split in speech.everything.items()
    }
    supervised = _attacked(sequences, speech, budget, device, "attacker")
    rows.append(
        Results(
            "features, frame by frame (supervised: the same attackers, phone probe)",
            **supervised,
            probes=words_left(
                frames["train"], frames["clean"], speech, budget.phones, budget.seed, device, "dynamic"
            ),
        )
    )
    return rows


def _verified(
    vectors: Mapping[str, np.ndarray], centre: np.ndarray | None, speech: Speech, budget: Budget
) -> Rates:
    """Verification figures of test vectors (U, D) for each condition, raw and centred."""
    figures: dict[str, dict[str, Verification]] = {}
    for name, values in vectors.items():
        spks = speech.test[name].store.spks
        shifts = {"raw": np.zeros(values.shape[1])} | ({} if centre is None else {"centred": centre})
        figures[name] = {
            kind: verify_all(values - shift, spks, budget.resamples, budget.seed)
            for kind, shift in shifts.items()
        }
    return figures


def _segment_eer(codes: Embeddings, vectors: np.ndarray, spks: Sequence[str]) -> float:
    """EER of vectors (M, D) of up to ten segments of each utterance, each against those of other utterances."""
    kept = some_segments(codes.utterance)
    pairs = segment_pairs(codes.utterance[kept], spks)
    scores = cosine_scores(vectors[kept], pairs.i, pairs.j)
    return eer_of(scores, pairs.target)


def _attacked(
    sequences: Mapping[str, np.ndarray], speech: Speech, budget: Budget, device: torch.device, label: str
) -> dict[str, Any]:
    """What a ladder of attackers finds in sequences (N, D) of all that is read, informed of each condition.

    `attacker`: the strongest's verification figures, and `attackers`: `attacking.figures`; nothing where `lacks` says.
    """
    found: dict[str, Any] = {}
    ladder: Ladder | None = None
    splits = speech.everything
    for name, (train, held, test) in speech.attacked.items():
        if lacks(splits[train].store.spks):
            continue
        of = {part: Sequences.of(sequences[part], splits[part].store) for part in (train, held, test) if part}
        title = f"{label}, {name}"
        on = Attack.of(of[train], of.get(held), of[test], budget.seed, label=title)
        ladder = climb(  # networks begin from those of the condition before
            on.known, on.unknown, budget.attacker, budget.seed, device, on.step, begin=ladder, label=title
        )
        found[name] = attacking.figures(on, ladder, budget.resamples, budget.seed)
    if not found:
        return {}
    rates = {name: attacking.verification(strongest(of)) for name, of in found.items()}
    return {"attacker": {name: {"raw": rate} for name, rate in rates.items()}, "attackers": found}


def _active(frames: np.ndarray) -> int:
    """Active units: dimensions whose posterior mean has a variance over ACTIVE (Burda et al. 2016)."""
    return int((frames.var(0) > ACTIVE).sum())
