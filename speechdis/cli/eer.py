"""Equal error rate, its interval over speakers and minimum detection costs of scored trials.

Trials are lines 'enroll test target|nontarget', scores lines 'enroll test score' (higher = more alike), in
any order; with --labels both files may also have just 'score' and 'target|nontarget', line by line. With
--embeddings the score is the cosine of two vectors.

The interval (95 in 100) comes from 1,000 draws of the speakers with replacement. Speakers are those of
--utt2spk; without it, utterances joined by target trials (directly or through others) are one speaker. Without
ids there is no interval.

Example:
    speechdis eer --trials trials --scores scores
"""

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from speechdis.evaluation.trials import Trials


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--trials", type=Path, metavar="FILE", help="lines 'enroll test target|nontarget'")
    parser.add_argument("--scores", type=Path, metavar="FILE", help="lines 'enroll test score'")
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="in place of --trials: line k labels score k"
    )
    parser.add_argument(
        "--embeddings", type=Path, metavar="SCP", help="in place of --scores: one vector an utterance"
    )
    parser.add_argument(
        "--center",
        type=Path,
        metavar="SCP",
        help="subtract the mean of these (the training set's) embeddings first",
    )
    parser.add_argument("--utt2spk", type=Path, metavar="FILE", help="lines 'utt spk' (default: see above)")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the detection error trade-off curve")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Score, measure and print."""
    from speechdis.errors import InputError
    from speechdis.evaluation.trial_files import read_utt2spk
    from speechdis.evaluation.trials import speakers
    from speechdis.evaluation.verification import verify

    trials, scores = _scored(args)
    pairs = trials.pairs
    table = read_utt2spk(args.utt2spk) if args.utt2spk else None
    if table is not None and not trials.utts:
        raise InputError(f"{args.utt2spk}: of no use here, as neither scores nor labels have utterance ids")
    try:
        codes = speakers(trials, table) if trials.utts else None
        sides = (None, None) if codes is None else (codes[pairs.i], codes[pairs.j])
        found = verify(scores, pairs.target, *sides)
    except InputError as error:
        raise InputError(f"{args.trials or args.labels}: {error}") from None
    if args.plot:
        _plot(scores, pairs.target, args.plot)
    result = {
        "eer_percent": 100 * found.eer,
        "interval_percent": found.interval and [100 * end for end in found.interval],
        "min_dcf_01": found.min_dcf_01,
        "min_dcf_05": found.min_dcf_05,
        "threshold": found.threshold,
        "target": found.target,
        "nontarget": found.nontarget,
        "speakers": found.speakers,
        "utterances": len(trials.utts) or None,
    }
    logging.getLogger(__name__).info(_line(result))
    return result


def _line(result: dict[str, Any]) -> str:
    interval, people = "no interval without utterance ids", ""
    if result["interval_percent"]:
        interval = "95 %: {:.2f} to {:.2f}".format(*result["interval_percent"])
        people = "; {speakers:,} speakers, {utterances:,} utterances".format(**result)
    return (
        "EER {eer_percent:.2f} % ({interval}), minDCF(0.01) {min_dcf_01:.4f}, minDCF(0.05) {min_dcf_05:.4f}, "
        "threshold {threshold:.6g}; {target:,} target and {nontarget:,} non-target trials{people}"
    ).format_map({**result, "interval": interval, "people": people})


def _scored(args: argparse.Namespace) -> "tuple[Trials, np.ndarray]":
    """Trials and their scores, from whichever of the three pairs of files was given."""
    from speechdis.errors import InputError
    from speechdis.evaluation.trial_files import read_labelled, read_scores, read_trials

    given = {name for name in ("trials", "scores", "labels", "embeddings") if getattr(args, name)}
    if args.center and "embeddings" not in given:
        raise InputError("--center goes with --embeddings")
    if given == {"scores", "labels"}:
        return read_labelled(args.scores, args.labels)
    if given not in ({"trials", "scores"}, {"trials", "embeddings"}):
        raise InputError("give --trials and --scores, --trials and --embeddings, or --scores and --labels")
    trials = read_trials(args.trials)
    return trials, read_scores(args.scores, trials) if args.scores else _cosines(args, trials)


def _cosines(args: argparse.Namespace, trials: "Trials") -> "np.ndarray":
    import numpy as np

    from speechdis.data.archive import read_scp
    from speechdis.errors import InputError
    from speechdis.evaluation.trials import cosine_scores

    entries = read_scp(args.embeddings)
    for utt in trials.utts:
        if utt not in entries:
            raise InputError(f"{args.embeddings}: no vector for utterance '{utt}' of {args.trials}")
    vectors = _vectors(args.embeddings, {utt: entries[utt] for utt in trials.utts})
    if args.center:
        centre = _vectors(args.center, read_scp(args.center)).mean(axis=0)
        if len(centre) != vectors.shape[1]:
            raise InputError(f"{args.center}: vectors of {len(centre)} numbers, not {vectors.shape[1]}")
        vectors = vectors - centre
    return cosine_scores(np.asarray(vectors), trials.pairs.i, trials.pairs.j)


def _vectors(scp: Path, entries: dict[str, str]) -> "np.ndarray":
    """(U, D) float64, of entries of an index."""
    import numpy as np

    from speechdis.data.archive import read_vector
    from speechdis.errors import InputError

    if not entries:
        raise InputError(f"{scp}: empty; expected a line an utterance")
    vectors = [read_vector(entry) for entry in entries.values()]
    for utt, vector in zip(entries, vectors, strict=True):
        if len(vector) != len(vectors[0]):
            raise InputError(
                f"{scp}: vector of '{utt}' has {len(vector)} numbers, the first has {len(vectors[0])}"
            )
        if not np.isfinite(vector).all():
            raise InputError(f"{scp}: vector of '{utt}' holds NaN or infinity")
    return np.stack(vectors).astype(np.float64)


def _plot(scores: "np.ndarray", target: "np.ndarray", path: Path) -> None:
    """Miss against false alarm, on normal-deviate axes."""
    from matplotlib.figure import Figure
    from sklearn.metrics import DetCurveDisplay

    from speechdis.data.figure import write_figure
    from speechdis.evaluation.verification import det

    miss, fa = det(scores[target], scores[~target])
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    DetCurveDisplay(fpr=fa, fnr=miss).plot(ax=axes)
    axes.set(xlabel="false alarms (non-targets accepted)", ylabel="misses (targets refused)", aspect="equal")
    axes.grid(alpha=0.3)
    write_figure(path, figure, dpi=150)
