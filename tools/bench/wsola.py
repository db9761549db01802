"""Time-stretching against the other libraries that do it: seconds of speech per CPU second, one core.

    python tools/bench/wsola.py [--data DATA_DIRECTORY]

Beside the speed: the error of the result's length, and the log mel distance to the source read along the
stretched time axis, which punishes lateness; twins of a recording have to stay frame by frame with it.
"""

from collections.abc import Callable

from timing import available, measure, table  # isort: skip (first: it holds numpy and torch to one thread)

import numpy as np
from speech import told

RATE = 16000
SPEEDS = (0.8, 1.25)
Stretch = Callable[[np.ndarray, float], np.ndarray]


def ours() -> Stretch:
    from speechdis.augment.wsola import wsola

    return lambda wave, speed: wsola(wave, speed, RATE)


def ours_voice() -> Stretch:
    from speechdis.augment.voice import convert

    return lambda wave, speed: convert(wave, RATE, 1 / speed)


def audiotsm(**options: int) -> Stretch:
    from audiotsm import wsola
    from audiotsm.io.array import ArrayReader, ArrayWriter

    def stretch(wave: np.ndarray, speed: float) -> np.ndarray:
        writer = ArrayWriter(1)
        wsola(1, speed=speed, **options).run(ArrayReader(wave[None]), writer)
        return writer.data[0]

    return stretch


def librosa() -> Stretch:
    from librosa.effects import time_stretch

    return lambda wave, speed: time_stretch(wave, rate=speed)


def pytsmod() -> Stretch:
    from pytsmod import wsola

    return lambda wave, speed: wsola(wave, 1 / speed)


def signalsmith() -> Stretch:
    import python_stretch

    def stretch(wave: np.ndarray, speed: float) -> np.ndarray:
        stretcher = python_stretch.Signalsmith.Stretch()
        stretcher.preset(1, RATE)
        stretcher.setTimeFactor(speed)
        return np.asarray(stretcher.process(wave[None]))[0]

    return stretch


STRETCHES = {
    "speechdis WSOLA": ours,
    "audiotsm WSOLA": audiotsm,
    "audiotsm WSOLA 40/20/10 ms": lambda: audiotsm(frame_length=640, synthesis_hop=320, tolerance=160),
    "pytsmod WSOLA (GPL)": pytsmod,
    "librosa phase vocoder": librosa,
    "signalsmith (spectral)": signalsmith,
    "speechdis voice conversion (with soxr)": ours_voice,
}


def log_mel_distance(wave: np.ndarray, stretched: np.ndarray, speed: float) -> float:
    """dB between the result's frames and the source's at the time each stands for, over audible frames."""
    from speechdis.features import fbank

    config = fbank.Config(hop=0.001)
    source, result = fbank.extract(wave, config), fbank.extract(stretched, config)[::10]
    centre = (10 * np.arange(len(result)) + 12.5) * speed - 12.5  # ms
    matched = source[np.rint(centre).astype(int).clip(0, len(source) - 1)]
    audible = matched.mean(1) > source.mean() - 2
    return float(np.sqrt(((result - matched) ** 2).mean(1))[audible].mean() * 10 / np.log(10))


def quality(stretch: Stretch, waves: list[np.ndarray]) -> dict[str, object]:
    """Mean length error in per cent and mean distance in dB, over both speeds."""
    errors, distances = [], []
    for speed in SPEEDS:
        for wave in waves[:12]:
            out = stretch(wave, speed)
            errors.append(100 * (len(out) * speed / len(wave) - 1))
            distances.append(log_mel_distance(wave, np.asarray(out, np.float32), speed))
    return {"length": f"{np.mean(errors):+.2f} %", "distance": f"{np.mean(distances):.2f} dB"}


def main() -> None:
    """Measure, and print the table."""
    waves, repeat = told(__doc__, 12)
    seconds = sum(map(len, waves)) / RATE
    made = available(STRETCHES)
    jobs = {
        (name, speed): lambda f=f, s=speed: [f(wave, s) for wave in waves]
        for name, f in made.items()
        if f is not None
        for speed in SPEEDS
    }
    best = measure(jobs, repeat)
    nothing = float("nan")
    rows = []
    for name, f in made.items():
        row: dict[str, object] = {"method": name}
        for speed in SPEEDS:
            row[f"x real time at {speed}"] = seconds / best[name, speed] if f else nothing
        total = sum(best[name, speed] for speed in SPEEDS) if f else nothing
        row["ours is faster by"] = total / sum(best["speechdis WSOLA", speed] for speed in SPEEDS)
        keeps_time = f is not None and name != "speechdis voice conversion (with soxr)"
        rows.append(row | (quality(f, waves) if keeps_time else {"length": "", "distance": ""}))
    table(rows)


if __name__ == "__main__":
    main()
