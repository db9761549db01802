"""Print how far the cuts of `speechdis segment` are from exact times, as `speechdis generate` writes them.

    python tools/cut_accuracy.py --cuts data/tidigits-cut --truth tidigits/words

CUTS is a data directory of single words U-01, U-02, ... or holds several; TRUTH has lines `utt start end word`, in
seconds. A boundary is the start or the end of a word.
"""

import argparse
from pathlib import Path

import numpy as np

from speechdis.data.directory import find_directories, read_directory
from speechdis.data.utterance import Interval

_PAPER = {"TIDIGITS": 0.37, "SecuVoice": 0.76}  # s, mean digit of the PVAE paper, section 4.1


def read_truth(file: Path) -> dict[str, list[Interval]]:
    """Words of each utterance, in order."""
    words: dict[str, list[Interval]] = {}
    for line in file.read_text("utf-8").splitlines():
        utt, start, end, label = line.split()
        words.setdefault(utt, []).append(Interval(float(start), float(end), label))
    return {utt: sorted(found) for utt, found in words.items()}


def row(name: str, cuts: Path, truth: dict[str, list[Interval]]) -> str:
    """One line of the table."""
    errors, lengths, wrong, strings = [], [], 0, set()
    utterances = read_directory(cuts)
    for u in utterances:
        utt, _, number = u.utt.rpartition("-")
        word = truth[utt][int(number) - 1]
        strings.add(utt)
        wrong += word.label != u.text
        errors += [abs(u.start - word.start), abs((u.end or 0) - word.end)]
        lengths.append(((u.end or 0) - u.start, word.end - word.start))
    missing = sum(len(truth[utt]) for utt in strings) - len(utterances)
    e, (length, exact) = np.array(errors), np.mean(lengths, axis=0)
    return (
        f"| {name} | {len(utterances)} | {missing} | {wrong} | {1e3 * np.median(e):.1f} | "
        f"{1e3 * np.quantile(e, 0.95):.1f} | {100 * np.mean(e <= 0.02):.1f} | {100 * np.mean(e <= 0.05):.2f} | "
        f"{length:.3f} | {exact:.3f} |"
    )


def main() -> None:
    """Print a table, a line a directory."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cuts", required=True, type=Path, help="output of 'speechdis segment'")
    parser.add_argument("--truth", required=True, type=Path, help="file of lines 'utt start end word'")
    args = parser.parse_args()
    truth = read_truth(args.truth)
    print(
        "| part | digits | missing | other word | median ms | 95 % ms | <= 20 ms % | <= 50 ms % | mean s | exact s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, cuts in find_directories(args.cuts).items():
        print(row(name or args.cuts.name, cuts, truth))
    print("The PVAE paper's mean digit: " + ", ".join(f"{k} {v} s" for k, v in _PAPER.items()))


if __name__ == "__main__":
    main()
