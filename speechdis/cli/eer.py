"""Equal error rate, costs and low false accepts of scored trials.

Trials are lines 'enroll test target|nontarget', scores lines 'enroll test score' (higher = more alike), in any order.
The forms of VoxCeleb, wespeaker, SpeechBrain, NIST and ASVspoof are recognised too, as are columns named by a header,
.gz, .npy and .npz; --columns names those that are not. One file may hold both: --scores alone. With --labels line k
labels score k. With --embeddings the score is the cosine of two vectors: of all pairs where there are no --trials,
but --utt2spk. These may be 10^9: they are counted, not kept.

With --plda the score of two vectors is PLDA's log likelihood ratio, learnt from vectors of other speakers. With
--cohort scores are normalised by those that both sides have with the nearest of a cohort (AS-norm).

The interval (95 in 100) comes from 1,000 draws of the speakers with replacement. Speakers are those of --utt2spk;
without it, utterances joined by target trials (directly or through others) are one speaker. There is no interval
without ids, or where labels contradict the speakers.

A second line has what the EER hides: misses at 1 % and 0.1 % false accepts, Cllr (of scores read as natural log
likelihood ratios), the Cllr of their best calibration, and the linkability D_sys.

Examples:
    speechdis eer --trials trials --scores scores
    speechdis eer --embeddings static.scp --utt2spk utt2spk --cohort train/static.scp
    speechdis eer --scores scores.csv --columns enroll,test,label,score --plot det.pdf
"""

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from speechdis.cli import count, path_option

if TYPE_CHECKING:
    import numpy as np

    from speechdis.metrics.files.embeddings import Embeddings
    from speechdis.metrics.low_rates import Tally
    from speechdis.metrics.trials import Trials
    from speechdis.metrics.verification import Verification


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    path_option(parser, "--trials", "lines 'enroll test target|nontarget', or see above", "FILE")
    path_option(parser, "--scores", "lines 'enroll test score', or see above", "FILE")
    path_option(parser, "--labels", "in place of --trials: line k labels score k", "FILE")
    path_option(parser, "--embeddings", "in place of --scores: one vector an utterance", "SCP")
    path_option(parser, "--center", "subtract the mean of these (the training set's) embeddings first", "SCP")
    path_option(parser, "--utt2spk", "lines 'utt spk' (default: see above)", "FILE")
    add(
        "--columns",
        action="append",
        type=_columns,
        default=[],
        metavar="ROLES",
        help="what the columns of a file are, as 'label,enroll,test': enroll, test, score, label, or _ for any other; "
        "with a score of --scores, without of --trials or --labels (repeatable)",
    )
    path_option(parser, "--plda", "vectors of other speakers, for PLDA in place of the cosine", "SCP")
    path_option(parser, "--plda-utt2spk", "their speakers", "FILE")
    path_option(parser, "--cohort", "vectors of other speakers, for adaptive s-norm (AS-norm)", "SCP")
    add(
        "--top",
        type=count,
        default=300,
        metavar="N",
        help="the cohort vectors nearest to an utterance that its scores are compared with (default: 300)",
    )
    add("--device", choices=["cpu", "cuda"], help="where all pairs are scored, by torch; without it by NumPy")
    path_option(parser, "--plot", "draw the detection error trade-off curve: .png, .svg or .pdf", "FILE")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Score, measure and print."""
    from speechdis.metrics import low_rates
    from speechdis.metrics.files.trials import read_utt2spk

    _check(args)
    table = read_utt2spk(args.utt2spk) if args.utt2spk else None
    if table is not None and args.embeddings and not args.trials:
        found, reason, utterances, all_scores = _all_pairs(args, table)
    elif _is_large(args):
        found, reason, utterances, all_scores = _streamed(args, table)
    else:
        found, reason, utterances, all_scores = _listed(args, table)
    if args.plot:
        from speechdis.plots.det import plot_det

        plot_det(args.plot, *all_scores.det())
    low = low_rates.figures(all_scores.tally())
    result = {
        "eer_percent": 100 * found.eer,
        "interval_percent": found.interval and [100 * end for end in found.interval],
        "no_interval": reason or None,
        "min_dcf_01": found.min_dcf_01,
        "min_dcf_05": found.min_dcf_05,
        "miss_at_1_percent": 100 * low.miss_at_1,
        "miss_at_01_percent": 100 * low.miss_at_01,
        "cllr": low.cllr,
        "min_cllr": low.min_cllr,
        "linkability": low.linkability,
        "threshold": found.threshold,
        "target": found.target,
        "nontarget": found.nontarget,
        "speakers": found.speakers,
        "utterances": utterances or None,
    }
    if reason:
        logging.getLogger(__name__).info("no interval: %s", reason)
    logging.getLogger(__name__).info(_line(result))
    logging.getLogger(__name__).info(_LOW.format_map(result))
    return result


class _Scores(Protocol):
    def det(self) -> "tuple[np.ndarray, np.ndarray]": ...
    def tally(self) -> "Tally": ...


Measured = tuple["Verification", str, int, _Scores]


def _listed(args: argparse.Namespace, table: dict[str, str] | None) -> Measured:
    """Figures of the trials of a file; why there is no interval; utterances; all scores."""
    from speechdis.errors import InputError
    from speechdis.metrics.low_rates import Tally
    from speechdis.metrics.trials import NoSpeakers, in_order, speakers
    from speechdis.metrics.verification import verify

    trials, scores = _scored(args)
    codes, reason = None, "no utterance ids"
    if trials.utts:
        trials, scores = in_order(trials, scores)
        try:
            codes, reason = speakers(trials, table), ""
        except NoSpeakers as error:
            reason = str(error)
        except InputError as error:
            raise InputError(f"{args.utt2spk}: {error}") from None
    elif table is not None:
        raise InputError(f"{args.utt2spk}: of no use here, as neither scores nor labels have utterance ids")
    i, j, target = trials.pairs
    sides = (None, None) if codes is None else (codes[i], codes[j])
    return (
        verify(scores, target, *sides),
        reason,
        len(trials.utts),
        Tally.of(scores[target], scores[~target]),
    )


def _is_large(args: argparse.Namespace) -> bool:
    """Whether one file holds all trials, and more than a list should."""
    from speechdis.metrics.files import streams

    if args.labels or (args.trials and args.scores) or not (args.trials or args.scores):
        return False
    return (args.trials or args.scores).stat().st_size > streams.LARGE


def _streamed(args: argparse.Namespace, table: dict[str, str] | None) -> Measured:
    """The same of a file that is read as a stream."""
    from speechdis.metrics.files import streams

    scored, others = _told(args)
    told = others if args.trials else [*scored, *others]
    embeddings = _embeddings(args) if args.trials else None
    return streams.measure(args.trials or args.scores, told[0] if told else None, table, embeddings)


def _all_pairs(args: argparse.Namespace, table: dict[str, str]) -> Measured:
    """The same of all pairs of the embeddings."""
    from speechdis.errors import InputError
    from speechdis.metrics.every_pair import EveryPair
    from speechdis.metrics.trials import speakers_of

    device = "cpu"
    if args.device:
        from speechdis.training.distributed import place

        device = place(args.device)
    utts, scoring = _embeddings(args).read()
    try:
        pairs = EveryPair(scoring, speakers_of(utts, table), device=device)
        return pairs.verify(), "", len(utts), pairs
    except InputError as error:
        raise InputError(f"{args.embeddings}: {error}") from None


def _columns(text: str) -> tuple[str, ...]:
    """The type of --columns: 'label,enroll,test'."""
    from speechdis.metrics.files.forms import ROLES

    roles = tuple(text.replace("_", "-").replace(" ", "").split(","))
    twice = [role for role in ROLES if roles.count(role) > 1]
    if twice or not {"score", "label"} & set(roles) or not set(roles) <= {*ROLES, "-"}:
        raise argparse.ArgumentTypeError(
            f"names {', '.join(ROLES)} once, and _, with score or label; not '{text}'"
        )
    if "enroll" in roles and "test" not in roles:
        raise argparse.ArgumentTypeError("'enroll' goes with 'test'; of single utterances, name 'test' alone")
    return roles


def _told(args: argparse.Namespace) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """What --columns says of files of scores, and of the others."""
    scored = [roles for roles in args.columns if "score" in roles]
    return scored, [roles for roles in args.columns if "score" not in roles]


def _check(args: argparse.Namespace) -> None:
    """Whether the files go together, are there, and the plot can be written: before anything is read."""
    from speechdis.data.text import require_file
    from speechdis.errors import InputError
    from speechdis.plots.files import figure_format

    given = {name for name in ("trials", "scores", "labels", "embeddings") if getattr(args, name)}
    if given not in _TOGETHER and not (given == {"embeddings"} and args.utt2spk):
        raise InputError(
            "give --trials and --scores, --trials and --embeddings, --scores and --labels, --scores alone of a file "
            "with labels, or --embeddings and --utt2spk"
        )
    scored, others = _told(args)
    for told, file in ((scored, args.scores or args.trials), (others, args.trials or args.labels)):
        if len(told) > bool(file):
            raise InputError(
                f"--columns {','.join(told[-1])}: there is no file for it; see --columns in --help"
            )
    more = [name for name in ("center", "plda", "plda_utt2spk", "cohort") if getattr(args, name)]
    if more and "embeddings" not in given:
        raise InputError(f"--{more[0].replace('_', '-')} goes with --embeddings")
    if (args.plda is None) != (args.plda_utt2spk is None):
        raise InputError("--plda and --plda-utt2spk go together")
    if args.plot:
        figure_format(args.plot)
        if args.plot.is_dir():
            raise InputError(f"{args.plot}: a folder; name a file")
    for name in (*sorted(given, reverse=True), *more, *(["utt2spk"] if args.utt2spk else [])):
        require_file(getattr(args, name))


_TOGETHER = ({"trials", "scores"}, {"trials", "embeddings"}, {"scores", "labels"}, {"scores"})


def _scored(args: argparse.Namespace) -> "tuple[Trials, np.ndarray]":
    """Trials and their scores, from whichever files were given."""
    import numpy as np

    from speechdis.errors import InputError
    from speechdis.metrics.files.trials import read_labelled, read_scored, read_scores, read_trials

    scored, others = _told(args)
    if args.scores in (None, args.trials):  # one file of both
        others = others or scored
    of_scores, of_labels = scored[0] if scored else None, others[0] if others else None
    if args.trials is None:
        if args.labels is None:
            trials, scores = read_scored(args.scores, of_scores)
        else:
            trials, scores = read_labelled(args.scores, args.labels, of_scores, of_labels)
        _both_kinds(args.labels or args.scores, trials)
        return trials, scores
    trials = read_trials(args.trials, of_labels)
    _both_kinds(args.trials, trials)
    if args.scores is not None:
        return trials, read_scores(args.scores, trials, of_scores)
    if np.array_equal(trials.pairs.i, trials.pairs.j):
        raise InputError(f"{args.trials}: a trial there is one utterance; --embeddings needs two to compare")
    _, scoring = _embeddings(args).read(trials.utts)
    return trials, scoring.pairs(trials.pairs.i, trials.pairs.j)


def _embeddings(args: argparse.Namespace) -> "Embeddings":
    from speechdis.metrics.files.embeddings import Embeddings

    return Embeddings(args.embeddings, args.center, args.plda, args.plda_utt2spk, args.cohort, args.top)


def _both_kinds(path: Path, trials: "Trials") -> None:
    """Raise InputError where an error rate cannot be: before a score is read or computed."""
    from speechdis.errors import InputError

    target = int(trials.pairs.target.sum())
    if target in (0, len(trials.pairs.target)):
        kind = "non-target" if target else "target"
        raise InputError(f"{path}: there is no {kind} trial; an error rate needs both kinds")


_LOW = (
    "misses {miss_at_1_percent:.1f} % at 1 % false accepts, {miss_at_01_percent:.1f} % at 0.1 %; Cllr {cllr:.3f}, at "
    "best {min_cllr:.3f} bits; linkability D_sys {linkability:.3f}"
)


def _line(result: dict[str, Any]) -> str:
    interval = "no interval"
    if result["interval_percent"]:
        interval = "95 %: {:.2f} to {:.2f}".format(*result["interval_percent"])
    people = "; {speakers:,} speakers" if result["speakers"] else ""
    people += ", {utterances:,} utterances" if result["utterances"] else ""
    return (
        "EER {eer_percent:.2f} % ({interval}), minDCF(0.01) {min_dcf_01:.4f}, minDCF(0.05) {min_dcf_05:.4f}, "
        f"threshold {{threshold:.6g}}; {{target:,}} target and {{nontarget:,}} non-target trials{people}"
    ).format_map({**result, "interval": interval})
