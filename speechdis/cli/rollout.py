"""Hear a sequence model: what it expects, and speech of its own.

Of vrnn and avrnn.
OUT gets teacher-forced.wav (every frame expected from the recording's true past and from z of the posterior),
continued.wav (the first --prompt seconds, and what the model goes on with), and free-0.wav, free-1.wav, ... (from
nothing, every frame drawn and fed back). Spectra become sound by Griffin-Lim; waveforms are sound. Expect babble.

Example:
    speechdis rollout --checkpoint exp/vrnn --recording a.wav --out babble
"""

import argparse
import logging
from typing import Any

from speechdis.cli import checkpoint_option, device_option, drawing_options, path_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    checkpoint_option(parser)
    path_option(parser, "--recording", "what is expected and gone on from", "WAV")
    path_option(parser, "--data", "take the first utterance of this data directory instead")
    drawing_options(parser)
    add("--count", type=int, default=3, metavar="N", help="how many from nothing")
    add("--prompt", type=float, default=1.0, metavar="S", help="of the recording, before it goes on")
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Write what it sounds like."""
    import numpy as np
    import torch

    from speechdis.data.atomic import replacing_folder
    from speechdis.data.audio import write_audio
    from speechdis.data.record import Kind
    from speechdis.features import extract
    from speechdis.synthesis import rollout
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes

    if not (args.seconds > 0 and args.prompt > 0 and args.count >= 0):
        raise InputError("--seconds and --prompt must be more than 0, --count 0 or more")
    kind = Kind(
        "folder of rollouts",
        ("teacher-forced.wav", "continued.wav"),
        r"(teacher-forced|continued|free-\d+)\.wav",
    )
    with replacing_folder(args.out, kind) as out, processes(args.device) as device:
        trained = checkpoint.load(args.checkpoint, device)
        rollout.check(trained)
        settings = trained.features
        rate, hop = trained.settings.rate, trained.settings.hop
        utt, wave = _recording(args, rate)
        frames = extract(wave, settings)
        new, told = (max(1, round(seconds / hop)) for seconds in (args.seconds, args.prompt))
        generator = torch.Generator(device).manual_seed(args.seed)
        prompt = frames[:told]
        made = {"teacher-forced": rollout.teacher_forced(trained, frames)}
        (further,) = rollout.free_running(trained, new, 1, generator, prompt)
        made["continued"] = np.concatenate([prompt, further])
        if args.count:
            drawn = rollout.free_running(trained, new, args.count, generator)
            made |= {f"free-{k}": x for k, x in enumerate(drawn)}
        for name, x in made.items():
            write_audio(out / f"{name}.wav", rollout.sound(x, settings), rate)
    logging.getLogger(__name__).info(
        "%s as expected and gone on from, and %d new -> %s", utt, args.count, args.out
    )
    return {"recording": utt, "files": [f"{name}.wav" for name in made], "rate": rate}


def _recording(args: argparse.Namespace, rate: int) -> "tuple[str, Any]":
    from speechdis.data.audio import read_utterance
    from speechdis.data.directory import read_directory
    from speechdis.data.utterance import Utterance

    if (args.recording is None) == (args.data is None):
        raise InputError("give either --recording or --data")
    u = (
        read_directory(args.data)[0]
        if args.data
        else Utterance(args.recording.stem, args.recording.stem, args.recording)
    )
    return u.utt, read_utterance(u, rate)[0]
