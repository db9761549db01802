"""Draw voices x words: spectrograms decoded from every pair, as figure 13 of the C-DSVAE paper.

    python tools/swap_grid.py --checkpoint EXP/best --data DATA/test --utts u1 u2 u3 --out grid.png

The first row and column are the recordings; cell (i, j) has the voice of row i and the words of column j.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from speechdis.data.audio import read_audio
from speechdis.data.directory import read_directory
from speechdis.features import extract
from speechdis.synthesis.swap import swapped_frames
from speechdis.training import checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", required=True, type=Path)
    parser.add_argument("--data", required=True, type=Path, help="data directory of the utterances")
    parser.add_argument("--utts", required=True, nargs="+", help="utterance ids")
    parser.add_argument("--seconds", type=float, default=1.5, help="how much of each is drawn")
    parser.add_argument("--out", required=True, type=Path, help="PNG")
    args = parser.parse_args()

    trained = checkpoint.load(args.checkpoint)
    config = trained.features["config"]
    utterances = {u.utt: u for u in read_directory(args.data)}
    recordings = []
    for name in args.utts:
        u = utterances[name]
        recordings.append(extract(read_audio(u.path, config["rate"], u.start, u.end)[0], trained.features))
    count, shown = len(recordings), round(args.seconds / config["hop"])
    figure, axes = plt.subplots(count + 1, count + 1, figsize=(2.2 * (count + 1), 1.5 * (count + 1)))
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    axes[0, 0].set_axis_off()
    axes[0, 0].text(0.5, 0.5, "words →\nvoice ↓", ha="center", va="center")
    for i, recording in enumerate(recordings):
        for ax in (axes[0, i + 1], axes[i + 1, 0]):
            ax.imshow(recording[:shown].T, origin="lower", aspect="auto", cmap="magma")
            ax.set_title(args.utts[i], fontsize=7)
        for j, words in enumerate(recordings):
            decoded = swapped_frames(trained, recording, words[:shown])
            axes[i + 1, j + 1].imshow(decoded.T, origin="lower", aspect="auto", cmap="magma")
    figure.tight_layout(pad=0.4)
    figure.savefig(args.out, dpi=72)


if __name__ == "__main__":
    main()
