"""Say a recording's words in voices from one to another.

OUT gets 0.wav (the first voice) to N-1.wav (the second), at the model's sample rate; static vectors, the mean of
log F0 and what the model lacks of a voice go from one to the other in equal steps.

Example:
    speechdis interpolate --checkpoint exp/revoice --voice a.wav --to b.wav --content c.wav --out way
"""

import argparse
import logging
from typing import Any

from speechdis.cli import checkpoint_option, device_option, path_option, vocoder_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    checkpoint_option(parser, shipped=True)
    path_option(parser, "--voice", "recording of the first voice", "WAV", required=True)
    path_option(parser, "--to", "recording of the second voice", "WAV", required=True)
    path_option(parser, "--content", "recording whose words are kept", "WAV", required=True)
    add("--steps", type=int, default=5, metavar="N", help="voices, both ends included")
    path_option(parser, "--out", "where the waveforms go", required=True)
    vocoder_option(parser)
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Write every step."""
    from speechdis.data.atomic import replacing_folder
    from speechdis.data.record import Kind
    from speechdis.synthesis import codes
    from speechdis.synthesis.files import read_content, read_voice, write
    from speechdis.synthesis.generation import between
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes

    if args.steps < 2:
        raise InputError(f"--steps must be 2 or more, not {args.steps}: both ends are steps")
    files = [f"{k}.wav" for k in range(args.steps)]
    kind = Kind("folder of interpolated voices")
    with replacing_folder(args.out, kind) as out, processes(args.device) as device:
        trained = checkpoint.load(args.checkpoint, device)
        codes.check(trained)
        one, other = (read_voice(trained, path) for path in (args.voice, args.to))
        content = read_content(trained, args.content)
        for k, file in enumerate(files):
            wave = between(trained, content, one, other, k / (args.steps - 1), args.vocoder)
            write(out / file, wave, trained.settings.rate)
    logging.getLogger(__name__).info(
        "the words of %s in %d voices from %s to %s -> %s",
        args.content, args.steps, args.voice, args.to, args.out,
    )  # fmt: skip
    return {"steps": args.steps, "files": files}
