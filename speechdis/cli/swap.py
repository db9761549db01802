"""Say the words of one recording in the voice of another.

With --data, takes the first utterances of the directory's first and last speakers as content and voice.
"""

import argparse
import logging
from pathlib import Path
from typing import Any

from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--checkpoint", required=True, type=Path, metavar="CKPT", help="experiment, or EXP/best, EXP/last"
    )
    parser.add_argument("--voice", type=Path, metavar="WAV", help="recording whose voice is taken")
    parser.add_argument("--content", type=Path, metavar="WAV", help="recording whose words are kept")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="take two utterances of this data directory instead"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="WAV", help="waveform to write")
    parser.add_argument("--device", default="cpu", choices=["auto", "cpu", "cuda"], help="default: cpu")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Swap one pair."""
    from speechdis.data.audio import read_audio, write_audio
    from speechdis.data.directory import read_directory
    from speechdis.data.utterance import Utterance
    from speechdis.synthesis.swap import swap
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes

    if args.data is not None:
        utterances = read_directory(args.data)
        voice, words = utterances[-1], utterances[0]
    elif args.voice and args.content:
        voice, words = (Utterance(p.stem, p.stem, p) for p in (args.voice, args.content))
    else:
        raise InputError("give both --voice and --content, or --data")
    with processes(args.device) as device:
        trained = checkpoint.load(args.checkpoint, device)
        rate = trained.features["config"]["rate"]
        a, b = (read_audio(u.path, rate, u.start, u.end)[0] for u in (voice, words))
        wave = swap(trained, a, b)
    write_audio(args.out, wave, rate)
    logging.getLogger(__name__).info(
        "the words of %s in the voice of %s -> %s", words.utt, voice.utt, args.out
    )
    return {"voice": voice.utt, "content": words.utt, "seconds": len(wave) / rate, "rate": rate}
