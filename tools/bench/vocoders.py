"""Vocoders compared on real speech: how near to the frames they come, at what speed, and what judges hear.

    python tools/bench/vocoders.py --checkpoint EXP/best --data DATA --features FEATURES [--split dev] [--pairs 60]

DATA and FEATURES hold train (for the judges) and the split, as of `speechdis evaluate`. "copy": a recording's own
frames; "swap" and "plain": swaps with and without the detail that the reconstruction lacks. Distances: of what is
heard to the frames asked for; F0: to the recording's, moved to the voice's level. Seconds of speech per CPU second.
"""

import argparse
import math
import time
from pathlib import Path
from typing import Any

from timing import table  # isort: skip (first: it holds numpy and torch to one thread)

import numpy as np

from speechdis.data.audio import read_audio
from speechdis.evaluation.speech import Split
from speechdis.evaluation.swap_scores import Listeners, judge_swaps, pairs_of
from speechdis.evaluation.word_probes import transcribed
from speechdis.features import bins_of, extract
from speechdis.judges.judges import Judges
from speechdis.metrics import acoustics
from speechdis.synthesis import blocks, codes, pitch, vocoders
from speechdis.synthesis.content import at_pitch, content_of
from speechdis.synthesis.spectra import converted_frames
from speechdis.synthesis.voices import voice_of
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint


def distances(
    trained: Checkpoint, listeners: Listeners, pairs: list[tuple[int, int]], vocoder: str
) -> dict[str, float]:
    """Means over pairs of spectral distance, cepstral distortion and pitch error, of copies and of swaps; and speed."""
    settings, module = trained.features, vocoders.load(vocoder)
    rate, bins = settings["config"]["rate"], bins_of(settings)
    found: dict[str, list[float]] = {}
    spent = seconds = 0.0
    for pair in pairs:
        one, other = (read_audio(listeners.utterances[k].path, rate)[0] for k in pair)
        voice, content = voice_of(trained, one), content_of(trained, other)
        rise = voice.log_f0 - content.words.log_f0
        rise = 0.0 if math.isnan(rise) else rise
        f0 = pitch.contour(other, rate)[0]
        for what, level, shift in (("copy", math.nan, 0.0), ("swap", voice.log_f0, rise)):
            start = time.process_time()
            said, frames = at_pitch(trained, content, level, vocoder), content.words.frames
            if what == "swap":
                static = codes.transfer_static(trained, said.codes.static, voice.static)
                frames = converted_frames(trained, said, static, voice.residual)
            wave = blocks.render(module, frames, said.words, settings)
            spent, seconds = spent + time.process_time() - start, seconds + len(wave) / rate
            heard = extract(wave, settings)
            moved = acoustics.pitch_distance(pitch.contour(wave, rate)[0], f0, shift)
            for name, value in (
                (f"{what}: LSD, dB", acoustics.log_spectral_distance(heard, frames, bins)),
                (f"{what}: MCD, dB", acoustics.mel_cepstral_distortion(heard, frames, bins)),
                (f"{what}: F0, cents", moved.cents),
                (f"{what}: voicing errors %", 100 * moved.voicing),
            ):
                found.setdefault(name, []).append(value)
    return {"x real time": seconds / spent} | {name: float(np.nanmean(v)) for name, v in found.items()}


def heard(scores: dict[str, Any]) -> dict[str, str]:
    """What judges make of copies and swaps, in %."""
    titles = {"copy-synthesis": "copy", "swap": "swap", "swap, plain": "plain"}
    cells = {}
    for condition, title in titles.items():
        found = scores["conditions"][condition]
        for name in ("voice", "words"):
            cells[f"{title}: {name} %"] = f"{100 * found[name]['share']:.0f}" if name in found else ""
        if "phone_errors" in found:
            cells[f"{title}: phone errors %"] = f"{100 * found['phone_errors']['rate']:.1f}"
    return cells


def main() -> None:
    """Train the judges, measure every vocoder, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", required=True, type=Path, metavar="CKPT")
    parser.add_argument("--data", required=True, type=Path, metavar="DIR")
    parser.add_argument("--features", required=True, type=Path, metavar="DIR")
    parser.add_argument("--split", default="dev", help="default: dev, on which the default was chosen")
    parser.add_argument("--pairs", type=int, default=60, metavar="N", help="default: 60")
    parser.add_argument("--steps", type=int, default=600, metavar="N", help="of both judges (default: 600)")
    args = parser.parse_args()
    trained = checkpoint.load(args.checkpoint)
    train, test = (Split.read(args.features / name, args.data / name) for name in ("train", args.split))
    judges = Judges.train(transcribed(train), train.store.spks, args.steps, args.steps)
    listeners = Listeners.of(
        judges, test.utterances, [np.asarray(test.store[k]) for k in range(len(test.store))]
    )
    pairs = pairs_of(test.utterances, args.pairs)
    rows = []
    for name in vocoders.names():
        scores = judge_swaps(trained, listeners, pairs, name)
        rows.append({"vocoder": name, **distances(trained, listeners, pairs, name), **heard(scores)})
    real = scores["conditions"]["recording"]
    print(f"{len(pairs)} pairs of {scores['speakers']} speakers, {scores['sentences']} sentences")
    print({key: value for key, value in real.items() if key in ("voice", "words", "phone_errors")}, "\n")
    columns = list(rows[0])
    table([{"": column} | {str(row["vocoder"]): row[column] for row in rows} for column in columns[1:]])


if __name__ == "__main__":
    main()
