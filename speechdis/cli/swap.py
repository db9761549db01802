"""Say the words of one recording in the voice of another.

One pair (--voice, --content, --out FILE), or many (--manifest, --out FOLDER): each is done once, a run that was killed
is simply run again, and a pair that cannot be used is reported and left out. Recordings may be of any length, format
and sample rate; a swap is as long as the words, about as loud as its voice, at the rate the model was trained on.

With --data, takes the first utterances of the directory's first and last speakers as content and voice.

Example:
    speechdis swap --checkpoint exp/revoice --voice a.wav --content b.wav --out c.wav
"""

import argparse
import logging
from pathlib import Path
from typing import Any

from speechdis.cli import checkpoint_option, count, device_option, vocoder_option
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from speechdis.synthesis import vocoders

    add = parser.add_argument
    checkpoint_option(parser)
    add("--voice", type=Path, metavar="WAV", help="recording whose voice is taken")
    add("--content", type=Path, metavar="WAV", help="recording whose words are kept")
    add("--data", type=Path, metavar="DIR", help="take two utterances of this data directory instead")
    add(
        "--manifest",
        type=Path,
        metavar="TSV",
        help="lines voice<TAB>content[<TAB>name], paths relative to its folder; name: of the output, by "
        "default VOICE_CONTENT.wav",
    )
    add(
        "--out",
        required=True,
        type=Path,
        metavar="PATH",
        help="waveform (wav, flac); a folder for --manifest",
    )
    vocoder_option(parser, f"how spectra become sound: {vocoders.GUIDE}")
    add(
        "--plain",
        action="store_true",
        help="say the model's spectra as they are; by default the words' own are said, changed by a share of "
        "what the voice changes in the model's",
    )
    add("--jobs", type=count, default=1, metavar="N", help="processes for --manifest")
    add("--strict", action="store_true", help="fail on a pair that cannot be used instead of leaving it out")
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Swap one pair, or all of a manifest."""
    if args.manifest is not None:
        if args.voice or args.content or args.data:
            raise InputError("--manifest names voices and contents: leave out --voice, --content and --data")
        return _many(args)
    return _one(args)


def _one(args: argparse.Namespace) -> dict[str, Any]:
    from speechdis.data.audio import write_audio
    from speechdis.data.directory import read_directory
    from speechdis.data.utterance import Utterance
    from speechdis.synthesis import codes
    from speechdis.synthesis.files import read_content, read_voice
    from speechdis.synthesis.swap import lend
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes

    if args.data is not None:
        utterances = read_directory(args.data)
        a, b = next(u for u in utterances if u.spk == utterances[-1].spk), utterances[0]
        if a.spk == b.spk:
            raise InputError(f"{args.data}: one speaker only; there is no other voice")
    elif args.voice and args.content:
        a, b = (Utterance(p.stem, p.stem, p) for p in (args.voice, args.content))
    else:
        raise InputError("give both --voice and --content, or --data, or --manifest")
    with processes(args.device) as device:
        trained = checkpoint.load(args.checkpoint, device)
        codes.check(trained)
        rate = trained.features["config"]["rate"]
        voice = read_voice(trained, a.path, a.start, a.end)
        wave = lend(
            trained, read_content(trained, b.path, b.start, b.end), voice, args.vocoder, not args.plain
        )
    write_audio(args.out, wave, rate)
    logging.getLogger(__name__).info("the words of %s in the voice of %s -> %s", b.utt, a.utt, args.out)
    return {"voice": a.utt, "content": b.utt, "seconds": len(wave) / rate, "rate": rate}


def _many(args: argparse.Namespace) -> dict[str, Any]:
    from speechdis.synthesis.manifest import read_pairs, swap_pairs
    from speechdis.training.distributed import processes

    pairs = read_pairs(args.manifest, args.out)
    with processes(args.device) as device:
        count = swap_pairs(
            pairs,
            args.out,
            args.checkpoint,
            args.vocoder,
            not args.plain,
            str(device),
            args.jobs,
            args.strict,
        )
    logging.getLogger(__name__).info(
        "%s swaps, %s made before, %s skipped -> %s", *(f"{n:,}" for n in count), args.out
    )
    return count._asdict()
