"""Every stage of a recipe on one core: seconds of speech a CPU second, steps of what is trained, a row of a table.

Recordings are synthetic, the model is the Revoice that comes with the package. Steps are those of the recipes, in
either precision. Attackers and the probe are those of `speechdis evaluate`, on its z. The row is what it measures of
these few recordings on a CPU by default, with 100 steps of the phone probe.

    python tools/bench/stages.py
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from timing import measure, table  # first: it holds numpy and torch to one core

# isort: split
import numpy as np
import speech
import torch

import speechdis
from speechdis import models
from speechdis.augment.channel import channel_features
from speechdis.data.utterance import Utterance
from speechdis.evaluation.measure import Budget, model_row
from speechdis.evaluation.speech import Speech, Split
from speechdis.features import extract
from speechdis.features.store import Store
from speechdis.judges.phone_recogniser import PhoneRecogniser, Transcribed
from speechdis.judges.speaker_network import SpeakerNetwork
from speechdis.training import config, memory, recipes
from speechdis.training.batches import Batches
from speechdis.training.precision import bfloat16_on_cpu
from speechdis.training.steps import Steps

RATE, COUNT, SECONDS = 16000, 24, 4
CPU = torch.device("cpu")
PHONES = ["a", "b", "c"] * 10
BUDGET = Budget(attacker=0, phones=100)


def main() -> None:
    memory.keep_freed()  # as every command does
    model = speechdis.load("revoice")
    waves = speech.recordings(None, COUNT)
    five = [np.tile(wave, 2)[: 5 * RATE] for wave in waves[:2]]
    store = Store.of([extract(wave, model.features) for wave in waves], model.features)
    speakers = np.array([f"s{k % 6}" for k in range(COUNT)])
    z = np.concatenate([model.embed(wave, rate=RATE).dynamic for wave in waves])
    whole, generator = len(store.frames) / 100, torch.Generator().manual_seed(0)
    known = (z, store.first, store.counts)

    def attacked(steps: int) -> Callable[[], object]:
        return lambda: SpeakerNetwork.train(*known, speakers, steps)

    def probed(steps: int) -> Callable[[], object]:
        return lambda: PhoneRecogniser.train(Transcribed(*known, [PHONES] * COUNT), steps)

    batch = torch.from_numpy(store.frames[: 32 * 128].reshape(32, 128, -1).copy())
    settings = speechdis.features.bins_of(model.features)
    assert settings is not None
    stages = {
        "features": (whole, lambda: [extract(wave, model.features) for wave in waves]),
        "random channels on a batch": (
            32 * 1.28,
            lambda: channel_features(batch, settings, generator, filter_db=6.0),
        ),
        "embedding": (whole, lambda: [model.embed(wave, rate=RATE) for wave in waves]),
        "a swap of 5 s, warm": (5.0, lambda: model.swap(*five, rate=RATE)),
        "a row of evaluation": (2 * whole, lambda: model_row(model, spoken(store, speakers), BUDGET, CPU)),
    }
    found = measure({name: call for name, (_, call) in stages.items()}, repeat=3)
    told: list[dict[str, object]] = [
        {"stage": name, "CPU ms": 1000 * value, "x real time": stages[name][0] / value}
        for name, value in found.items()
    ]
    steps = {
        f"a step of {name}, {precision}": stepping(name, precision, store)
        for name in ("revoice", "dsvae", "cdsvae")
        for precision in ("float32", *["bfloat16"] * bfloat16_on_cpu())
    }
    judges = {"a step of the attacker": attacked, "a step of the phone probe": probed}
    begun = {name: train(2) for name, train in judges.items()}
    rest = measure(begun, 3)
    took = measure({**steps, **{name: train(12) for name, train in judges.items()}}, 3)
    for name, value in took.items():
        each = value / 5 if name in steps else (value - rest[name]) / 10
        told.append({"stage": name, "CPU ms": 1000 * each, "x real time": ""})
    table(told)


def spoken(store: Store, speakers: np.ndarray) -> Speech:
    """The same recordings as training and as test speakers, each of which says the same phones."""
    known = replace(store, spks=tuple(speakers.tolist()))
    utterances = [
        Utterance(utt, spk, Path(), text_phone=" ".join(PHONES))
        for utt, spk in zip(known.utts, known.spks, strict=True)
    ]
    split = Split(known, utterances)
    return Speech(split, {"clean": split})


def stepping(name: str, precision: str, store: Store) -> Callable[[], object]:
    """Five training steps of a recipe; the twins are the recordings."""
    recipe = config.read(recipes.find(name), [f"training.precision={precision}"])
    twins = replace(store, utts=tuple(f"{utt}#0" for utt in store.utts))
    torch.manual_seed(0)
    model = models.load(name).Model(store.frames.shape[1], recipe.model)
    batches = Batches(store, twins, recipe.training, store.mean, store.std, CPU)
    steps = Steps(model.phases(), recipe.training, CPU)
    take = steps.taking(batches.draw, torch.Generator().manual_seed(0), batches.fixed)
    return lambda: [take() for _ in range(5)]


if __name__ == "__main__":
    main()
