"""Say a data directory anew in voices that are nobody's.

OUT is a data directory of the same utterances: words, lists and trials stay, recordings are new. Tables made of the old
sound (features, speaker vectors, pitch) are left out, and named.

Each utterance gets a voice of its own, or each speaker (--per speaker), which follows from --seed and its id. Whoever
knows the seed can draw the voices again: for speech that you give away, take a long number that nobody knows. No file
says who got which voice, unless --write-mapping asks for it. Enrolment and trials get other voices, as VoicePrivacy has
it, since a directory's name is its --role. A run that was killed is simply run again.

What listeners no longer hear, attackers may find: measure it by 'speechdis privacy'.

Examples:
    speechdis anonymise --data data/test --out data/test-anon --seed 82736409182
    speechdis anonymise --data data/test --out data/test-anon --voice pool --pool data/train --per speaker
"""

import argparse
import logging
import time
from typing import Any

from speechdis.cli import (
    checkpoint_option,
    device_option,
    frames,
    jobs_option,
    none_or_more,
    path_option,
    vocoder_option,
)
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from speechdis.synthesis.slow import NOBODYS

    add = parser.add_argument
    path_option(parser, "--data", "data directory", required=True)
    path_option(parser, "--out", "the new one", required=True)
    checkpoint_option(parser, shipped=True)
    add(
        "--voice",
        default="prior",
        choices=["prior", "mix", "pool"],
        help="drawn from the model's prior; mixed of four speakers of --pool; or of one of them (default: prior)",
    )
    path_option(parser, "--pool", "data directory of speakers who lend their voices")
    add(
        "--per",
        default="utterance",
        choices=["utterance", "speaker"],
        help="who gets a voice of their own (default: utterance)",
    )
    add(
        "--seed", type=none_or_more, default=0, metavar="N", help="of the voices, and of new ids (default: 0)"
    )
    add(
        "--role",
        metavar="NAME",
        help="directories of one role and seed give a speaker the same voice (default: the directory's name)",
    )
    add(
        "--rename", action="store_true", help="give utterances and speakers new ids, which follow from --seed"
    )
    path_option(
        parser,
        "--write-mapping",
        "write old ids, new ids and voices to FILE: whoever has it knows all",
        "FILE",
    )
    add(
        "--slow",
        type=frames,
        default=NOBODYS,
        metavar="FRAMES",
        help="keep of the change of voice only what is slower; more frames leave more of the words, and of the voice "
        "(default: %(default)g; 0: all of it)",
    )
    vocoder_option(parser)
    jobs_option(parser, "processes", default=1)
    add(
        "--strict",
        action="store_true",
        help="fail on an utterance that cannot be used instead of leaving it out",
    )
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Say everything anew, and count."""
    from speechdis.pipeline.anonymise import Options, anonymise
    from speechdis.training.distributed import processes

    if (args.voice == "prior") != (args.pool is None):
        raise InputError("--voice mix and --voice pool take their speakers from --pool; the prior needs none")
    role = args.data.resolve().name if args.role is None else args.role
    options = Options(args.voice, args.per, str(args.seed), role, args.rename, args.vocoder, args.slow)
    begin = time.perf_counter()
    with processes(args.device) as device:
        done = anonymise(
            args.data,
            args.out,
            args.checkpoint,
            options,
            args.pool,
            args.write_mapping,
            str(device),
            args.jobs,
            args.strict,
        )
    log = logging.getLogger(__name__).info
    if done.left_out:
        log("left out, as made of the old sound or of unknown use: %s", ", ".join(done.left_out))
    counts = f"{done.made:,} utterances anonymised, {done.kept:,} before, {len(done.failures):,} skipped"
    log("%s -> %s; %.1f s of speech in %.1f s", counts, args.out, done.seconds, time.perf_counter() - begin)
    return {
        "made": done.made,
        "kept": done.kept,
        "skipped": len(done.failures),
        "seconds": done.seconds,
        "left_out": done.left_out,
        "failures": [{"utterance": utt, "reason": fault} for utt, fault in done.failures],
    }
