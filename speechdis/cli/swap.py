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
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechdis.cli import (
    checkpoint_option,
    device_option,
    frames,
    jobs_option,
    path_option,
    vocoder_option,
)
from speechdis.errors import InputError

if TYPE_CHECKING:
    from speechdis.synthesis.manner import Manner

_LOG = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from speechdis.synthesis import vocoders

    add = parser.add_argument
    checkpoint_option(parser, shipped=True)
    add(
        "--voice",
        type=Path,
        nargs="+",
        metavar="WAV",
        help="recording whose voice is taken, or several of one speaker",
    )
    path_option(parser, "--content", "recording whose words are kept", "WAV")
    path_option(parser, "--content-frames", "array (T', D) of --content, for a model that reads such", "NPY")
    path_option(parser, "--data", "take two utterances of this data directory instead")
    path_option(
        parser,
        "--manifest",
        "lines voice<TAB>content[<TAB>name], or with a header; voice: a recording, or several of one speaker with | "
        "between; paths are looked for beside it, then here; name: of the output (default: VOICE_CONTENT.wav)",
        "TSV",
    )
    path_option(
        parser,
        "--out",
        "waveform (wav, flac, ogg), or a folder; a folder for --manifest",
        "PATH",
        required=True,
    )
    vocoder_option(parser, f"how spectra become sound: {vocoders.GUIDE}")
    add(
        "--plain",
        action="store_true",
        help="say the model's spectra alone; by default the words' own are said, changed by what the voice "
        "changes in the model's",
    )
    add(
        "--slow",
        type=frames,
        default=0.0,
        metavar="FRAMES",
        help="keep of the change of voice only what is slower, such as 6: more of the words stay, less of the voice "
        "comes (default: 0, all of it)",
    )
    jobs_option(parser, "processes for --manifest", default=1)
    add("--strict", action="store_true", help="fail on a pair that cannot be used instead of leaving it out")
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Swap one pair, or all of a manifest."""
    if args.plain and args.slow:
        raise InputError(
            "--plain says the model's spectra: there is no change of which --slow could keep a part"
        )
    if args.manifest is not None:
        if args.content_frames:
            raise InputError("--content-frames are of one recording: give --voice and --content")
        if args.voice or args.content or args.data:
            raise InputError("--manifest names voices and contents: leave out --voice, --content and --data")
        return _many(args)
    return _one(args)


def _manner(args: argparse.Namespace) -> "Manner":
    from speechdis.synthesis.manner import Manner

    return Manner(args.vocoder, 0.0 if args.plain else 1.0, args.slow)


def _one(args: argparse.Namespace) -> dict[str, Any]:
    from speechdis.data.audio import duration
    from speechdis.data.directory import read_directory
    from speechdis.data.outputs import check_file
    from speechdis.data.utterance import Utterance
    from speechdis.features.content import read_array
    from speechdis.synthesis import codes
    from speechdis.synthesis.files import read_voice, swap_file, wave_file
    from speechdis.synthesis.voices import one_voice
    from speechdis.training import checkpoint
    from speechdis.training.distributed import processes

    if args.data is not None:
        utterances = read_directory(args.data)
        a, b = next(u for u in utterances if u.spk == utterances[-1].spk), utterances[0]
        voices = [a]
        if a.spk == b.spk:
            raise InputError(f"{args.data}: one speaker only; there is no other voice")
    elif args.voice and args.content:
        voices = [Utterance(p.stem, p.stem, p) for p in args.voice]
        a, b = voices[0], Utterance(args.content.stem, args.content.stem, args.content)
    else:
        raise InputError("give both --voice and --content, or --data, or --manifest")
    out = args.out / f"{a.utt}_{b.utt}.wav" if args.out.is_dir() else wave_file(args.out)
    check_file(out, [u.path for u in (*voices, b)])
    for u in (*voices, b):
        duration(u.path)  # before the model is loaded
    with processes(args.device) as device:
        trained = checkpoint.load(args.checkpoint, device)
        codes.check(trained) if args.content_frames else codes.check_recordings(trained)
        array = None if args.content_frames is None else read_array(args.content_frames)
        begin = time.perf_counter()
        voice = one_voice([read_voice(trained, u) for u in voices])
        seconds = swap_file(trained, voice, b, out, _manner(args), array)
    _LOG.info("the words of %s in the voice of %s -> %s; %s", b.utt, a.utt, out, _speed(seconds, begin))
    rate = trained.settings.rate
    return {"voice": a.utt, "content": b.utt, "out": str(out), "seconds": seconds, "rate": rate}


def _many(args: argparse.Namespace) -> dict[str, Any]:
    from speechdis.synthesis.manifest import read_pairs
    from speechdis.synthesis.many import swap_pairs
    from speechdis.training.distributed import processes

    pairs = read_pairs(args.manifest, args.out)
    begin = time.perf_counter()
    with processes(args.device) as device:
        done = swap_pairs(
            pairs, args.out, args.checkpoint, _manner(args), str(device), args.jobs, args.strict
        )
    skipped = len(done.failures)
    counts = f"{done.made:,} swaps, {done.kept:,} made before, {skipped:,} skipped"
    _LOG.info("%s -> %s; %s", counts, args.out, _speed(done.seconds, begin))
    failures = [
        {
            "voice": pair.voice,
            "content": str(pair.content),
            "name": str(pair.out.relative_to(args.out)),
            "reason": fault,
        }
        for pair, fault in done.failures
    ]
    return {
        "made": done.made,
        "kept": done.kept,
        "skipped": skipped,
        "seconds": done.seconds,
        "failures": failures,
    }


def _speed(seconds: float, begin: float) -> str:
    """How much speech was made, and how fast, since `begin` (s, of `time.perf_counter`)."""
    taken = time.perf_counter() - begin
    return f"{seconds:,.1f} s of speech in {taken:,.1f} s, {seconds / taken:.1f} times as fast as it is said"
