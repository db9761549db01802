"""Attack anonymised speech of any system, as VoicePrivacy does.

It needs data directories alone, so they may be those of any system. Attackers are the ladder of 'speechdis attack', on
filterbanks; the strongest on held-out training speakers counts. Each scenario is measured whose directories are given:

  original       attackers learn from --train, know --enroll, and hear --trials: the floor
  ignorant       the same, but they hear --trials-anon
  lazy-informed  they know --enroll-anon, too
  semi-informed  and they learn from --train-anon: the scenario by which systems are ranked

A speaker is enrolled by the mean of the utterances that the file 'enrolls' of the directory lists, or all of them. The
file 'trials' of each directory of trials has lines 'speaker utterance target|nontarget'. Without it, every speaker is
compared with every utterance that is not enrolled. Enrolment and trials should be anonymised with other voices.

Words: the phonemes that an outside recogniser hears otherwise than in the original recording. It comes with
pip install 'speechdis[judges]'.

Examples:
    speechdis privacy --train train --train-anon an/train --enroll e --enroll-anon an/e --trials t --trials-anon an/t
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from speechdis.cli import (
    attacker_option,
    attacker_steps,
    beside_option,
    device_option,
    jobs_option,
    none_or_more,
    path_option,
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    for suffix, what in (("", "as recorded"), ("-anon", "anonymised")):
        path_option(parser, f"--train{suffix}", f"training speakers, {what}")
        path_option(parser, f"--enroll{suffix}", f"speakers whom the attacker knows, {what}")
        add(
            f"--trials{suffix}",
            type=Path,
            nargs="+",
            default=[],
            metavar="DIR",
            help=f"utterances whose speaker is sought, {what}; one directory or several",
        )
    attacker_option(parser)
    add(
        "--words",
        type=none_or_more,
        metavar="N",
        help="utterances of the trials whose words are heard; 0 for none (default: all)",
    )
    path_option(parser, "--work", "where frames are kept (default: a temporary folder)")
    beside_option(parser, "results")
    add("--seed", type=int, default=0, help="of the attackers")
    jobs_option(parser, "threads, and processes that hear words", default=1)
    device_option(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Attack, and print the table."""
    from speechdis.pipeline import privacy
    from speechdis.pipeline.privacy import Directories
    from speechdis.training.distributed import processes

    original = Directories(args.train, args.enroll, tuple(args.trials))
    anonymised = Directories(args.train_anon, args.enroll_anon, tuple(args.trials_anon))
    with tempfile.TemporaryDirectory() as temporary, processes(args.device) as device:
        work = args.work or Path(temporary)
        found = privacy.attack(
            original, anonymised, work, attacker_steps(args), args.seed, args.words, args.jobs, str(device)
        )
    privacy.log(found, args.beside)
    return found
