"""Say a recording again from its codes, to hear what a model keeps.

A swap without a change of voice; the output is as long as the recording, at the model's sample rate.

Example:
    speechdis reconstruct --checkpoint exp/revoice --content a.wav --out again.wav
"""

import argparse
import logging
from typing import Any

from speechdis.cli import checkpoint_option, device_option, path_option, vocoder_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    checkpoint_option(parser, shipped=True)
    path_option(parser, "--content", "the recording", "WAV", required=True)
    path_option(parser, "--out", "waveform (wav, flac, ogg), or a folder", "WAV", required=True)
    vocoder_option(parser)
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Reconstruct one recording."""
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
