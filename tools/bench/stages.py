"""Every stage of a recipe on one core: seconds of speech a CPU second, or steps of what is trained.

Recordings are synthetic, the model is the Revoice that comes with the package. Attackers and the probe are those of
`speechdis evaluate`, on its z.

    python tools/bench/stages.py
"""

from collections.abc import Callable

from timing import measure, table  # first: it holds numpy and torch to one core

# isort: split
import numpy as np
import speech
from torch import Generator

import speechdis
from speechdis.augment.channel import channel_features
from speechdis.features import extract
from speechdis.judges.phone_recogniser import PhoneRecogniser, Transcribed
from speechdis.judges.speaker_network import SpeakerNetwork
from speechdis.training import memory

RATE, COUNT, SECONDS = 16000, 24, 4
PHONES = [["a", "b", "c"] * 10] * COUNT


def main() -> None:
    memory.keep_freed()  # as every command does
    model = speechdis.load("revoice")
    waves = speech.recordings(None, COUNT)
    five = [np.tile(wave, 2)[: 5 * RATE] for wave in waves[:2]]
    frames = [extract(wave, model.features) for wave in waves]
    counts = np.array([len(x) for x in frames])
    first, rows = counts.cumsum() - counts, np.concatenate(frames)
    speakers = np.array([f"s{k % 6}" for k in range(COUNT)])
    z = np.concatenate([model.embed(wave, rate=RATE).dynamic for wave in waves])
    whole, generator = len(rows) / 100, Generator().manual_seed(0)

    def trained(steps: int) -> Callable[[], object]:
        return lambda: SpeakerNetwork.train(z, first, counts, speakers, steps)

    def probed(steps: int) -> Callable[[], object]:
        return lambda: PhoneRecogniser.train(Transcribed(z, first, counts, PHONES), steps)

    import torch

    batch = torch.from_numpy(rows[: 32 * 128].reshape(32, 128, -1).copy())
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
    }
    found = measure({name: call for name, (_, call) in stages.items()}, repeat=3)
    steps = measure(
        {
            "attacker": trained(12),
            "attacker begun": trained(2),
            "phone probe": probed(12),
            "phone probe begun": probed(2),
        },
        3,
    )
    told: list[dict[str, object]] = [
        {"stage": name, "CPU ms": 1000 * value, "x real time": stages[name][0] / value}
        for name, value in found.items()
    ]
    for name in ("attacker", "phone probe"):
        each = 100 * (steps[name] - steps[f"{name} begun"])
        told.append({"stage": f"a step of the {name}", "CPU ms": each, "x real time": ""})
    table(told)


if __name__ == "__main__":
    main()
