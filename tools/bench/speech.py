"""Recordings for the benches: real ones from a data directory, or noise with the loudness contour of speech."""

from pathlib import Path

import numpy as np


def recordings(data: Path | None, count: int, rate: int = 16000) -> list[np.ndarray]:
    """`count` waveforms, evenly spread over the data directory `data`; synthetic ones of 4 s without it."""
    if data is None:
        return [_synthetic(seed, 4 * rate) for seed in range(count)]
    from speechdis.data.audio import read_audio
    from speechdis.data.directory import read_directory

    utterances = read_directory(data)
    chosen = utterances[:: max(1, len(utterances) // count)][:count]
    return [read_audio(u.path, rate, u.start, u.end)[0] for u in chosen]


def _synthetic(seed: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    pitch = 120 + 60 * rng.random() + 20 * np.sin(np.arange(n) / 9000)
    pulses = np.diff(np.floor(np.cumsum(np.append(0, pitch)) / 16000))
    ring = 0.98 ** np.arange(300) * np.cos(np.arange(300) * (0.2 + 0.2 * rng.random()))
    voiced = np.convolve(pulses, ring)[:n] + 0.05 * rng.standard_normal(n)
    return (0.1 * voiced * np.sin(np.arange(n) / 3000) ** 2).astype(np.float32)
