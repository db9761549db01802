"""Draw a voice or words from a model's prior.

The other factor comes from a recording.
--content WAV: its words in N new voices (at its own pitch, which no code holds).
--voice WAV: N times new words in its voice, by Griffin-Lim, --seconds long. Such words are babble: a prior of segments
of 200 ms knows no sentences.
OUT gets 0.wav, 1.wav, ... at the model's sample rate.

Example:
    speechdis sample --checkpoint exp/revoice --content a.wav --out voices
"""

import argparse
import logging
from functools import partial
from typing import Any

from speechdis.cli import (
    checkpoint_option,
    count,
    device_option,
    drawing_options,
    path_option,
    vocoder_option,
)
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    checkpoint_option(parser, shipped=True)
    path_option(parser, "--content", "recording whose words are kept: voices are drawn", "WAV")
    path_option(parser, "--voice", "recording whose voice is kept: words are drawn", "WAV")
    drawing_options(parser)
    add("--count", type=count, default=3, metavar="N", help="how many")
    vocoder_option(parser, "of new voices; see 'speechdis swap --help'")
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Draw, and write what it sounds like."""
    import torch

    from speechdis.data.atomic import replacing_folder
    from speechdis.data.record import Kind
    from speechdis.synthesis import codes
    from speechdis.synthesis.files import read_content, read_voice, write
    from speechdis.synthesis.generation import with_new_voice, with_new_words
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes

    if (args.voice is None) == (args.content is None):
        raise InputError("give either --content, to draw voices, or --voice, to draw words")
    if not args.seconds >= 0.1:
        raise InputError("--seconds must be 0.1 or more")
    files = [f"{k}.wav" for k in range(args.count)]
    kind = Kind("folder of drawn samples")
    with replacing_folder(args.out, kind) as out, processes(args.device) as device:
        trained = checkpoint.load(args.checkpoint, device)
        codes.check(trained)
        generator = torch.Generator(device).manual_seed(args.seed)
        if args.content:
            content = read_content(trained, args.content)
            draw = partial(with_new_voice, trained, content, generator, args.vocoder)
        else:
            draw = partial(with_new_words, trained, read_voice(trained, args.voice), args.seconds, generator)
        for file in files:
            write(out / file, draw(), trained.settings.rate)
    what = "the words of %s in %d new voices" if args.content else "the voice of %s with %d new words"
    logging.getLogger(__name__).info(f"{what} -> %s", args.content or args.voice, args.count, args.out)
    return {"drawn": "voice" if args.content else "words", "files": files}
