"""Say a recording again from its codes, to hear what a model keeps.

A swap without a change of voice; the output is as long as the recording, at the model's sample rate. With --features
the frames of whole stores are decoded, FEATURES/train and FEATURES/dev, or of one, and written as stores: what a
vocoder learns to speak besides frames of recordings ('speechdis train --config vocos --augmented').

Example:
    speechdis reconstruct --checkpoint exp/revoice --content a.wav --out again.wav
    speechdis reconstruct --checkpoint exp/revoice --features feats --out feats-decoded
"""

import argparse
import logging
from typing import Any

from speechdis.cli import checkpoint_option, device_option, overwrite_option, path_option, vocoder_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    checkpoint_option(parser, shipped=True)
    path_option(parser, "--content", "the recording", "WAV")
    path_option(parser, "--features", "frame store, or the folder of train and dev, instead of a recording")
    path_option(
        parser,
        "--out",
        "waveform (wav, flac, ogg), or a folder; of --features a store",
        "PATH",
        required=True,
    )
    vocoder_option(parser)
    overwrite_option(parser)
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Reconstruct one recording, or the frames of stores."""
    if (args.content is None) == (args.features is None):
        raise InputError("give --content or --features")
    return _recording(args) if args.features is None else _stores(args)


def _stores(args: argparse.Namespace) -> dict[str, Any]:
    from speechdis.pipeline.decoding import decode_stores

    made = decode_stores(args.checkpoint, args.features, args.out, args.device, args.overwrite)
    return {"out": str(args.out), "frames": sum(len(store.frames) for store in made.values())}


def _recording(args: argparse.Namespace) -> dict[str, Any]:
    from speechdis.data.outputs import check_file
    from speechdis.synthesis import codes
    from speechdis.synthesis.conversion import reconstruct
    from speechdis.synthesis.files import read_content, wave_file, write
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes

    out = args.out / f"{args.content.stem}.wav" if args.out.is_dir() else wave_file(args.out)
    check_file(out, [args.content])
    with processes(args.device) as device:
        trained = checkpoint.load(args.checkpoint, device)
        codes.check(trained)
        rate = trained.settings.rate
        content = read_content(trained, args.content)
        wave = reconstruct(trained, content, args.vocoder)
    write(out, wave, rate)
    logging.getLogger(__name__).info("%s from its codes -> %s", args.content, out)
    return {"content": str(args.content), "out": str(out), "seconds": len(wave) / rate, "rate": rate}
