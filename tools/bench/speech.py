"""Recordings for the benches: real ones from a data directory, or noise with the loudness contour of speech."""

import argparse
from pathlib import Path

import numpy as np


def told(description: str | None, count: int) -> tuple[list[np.ndarray], int]:
    """Waveforms and a number of repetitions, as the command line says; `count` recordings if it does not."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help="data directory; synthetic sounds without it")
    add("--utterances", type=int, default=count, metavar="N", help=f"how many (default: {count})")
    add("--repeat", type=int, default=5, metavar="N", help="best of N (default: 5)")
    args = parser.parse_args()
    waves = recordings(args.data, args.utterances)
    seconds = sum(map(len, waves)) / 16000
    print(f"{len(waves)} recordings, {seconds:.0f} s, one core, best of {args.repeat}, interleaved\n")
    return waves, args.repeat


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
