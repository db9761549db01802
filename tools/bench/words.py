"""What survives of the words in z: phones that PocketSphinx hears in decoded frames, beside those in the recording.

    python tools/bench/words.py EXP/last ... --features feats/dev --data data/dev [--count 30]

Of validation speakers, by the judge that may choose (hama reports). Frames are decoded in their own mean voice, and
said by a vocoder that has pitch and voicing from the recording. Beside: nats of z a frame, squared error, static EER.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from timing import table

from speechdis.data.audio import read_utterance
from speechdis.data.directory import read_directory
from speechdis.evaluation.embeddings import embed
from speechdis.features.store import Store
from speechdis.judges.outside.words import edits, phones
from speechdis.metrics.every_pair import verify_all
from speechdis.synthesis import blocks, vocoders
from speechdis.synthesis.spectra import decoded_frames
from speechdis.synthesis.words import Words, words_of
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint


def measured(trained: Checkpoint, store: Store) -> dict[str, str]:
    """What the codes of a store's utterances say: columns of the table."""
    found = embed(trained, store, torch.device("cpu"))
    error = verify_all(found.static, np.array(store.spks), resamples=0)
    nats = trained.validation.get("kl_dynamic", float("nan")) / trained.segment
    return {
        "nats of z a frame": f"{nats:.2f}",
        "squared error": f"{found.squared_error:.3f}",
        "static EER": f"{100 * error.eer:.1f}",
    }


class Ear:
    """Phones wrong in what is said of frames, against those heard in the recordings."""

    def __init__(self, vocoder: str, recordings: list[Words], settings: dict) -> None:
        self.module, self.settings = vocoders.load(vocoder), settings
        self.recordings = [(one, phones(np.asarray(one.wave))) for one in recordings]

    def wrong(self, trained: Checkpoint | None) -> str:
        """In % of frames as a model decodes them, or of the recordings' own."""
        lost = count = 0
        for own, wanted in self.recordings:
            frames = own.frames if trained is None else decoded_frames(trained, own.frames)
            made = blocks.render(self.module, frames, own, self.settings)
            lost, count = lost + edits(phones(np.asarray(made)), wanted), count + len(wanted)
        return f"{100 * lost / count:.1f}"


def main() -> None:
    """Read, decode, hear, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", nargs="+", type=Path)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--vocoder", default="world")
    args = parser.parse_args()
    models = {str(path): checkpoint.load(path) for path in args.checkpoint}
    settings = next(iter(models.values())).features
    utterances, store = read_directory(args.data), Store.read(args.features)
    chosen = np.linspace(0, len(utterances) - 1, min(args.count, len(utterances))).round().astype(int)
    rate = next(iter(models.values())).settings.rate
    read = [words_of(read_utterance(utterances[k], rate)[0], settings) for k in chosen]
    ear = Ear(args.vocoder, read, settings)
    rows = [{"model": "the recordings' frames", "phones wrong %": ear.wrong(None)}]
    for name, trained in models.items():
        rows.append({"model": name, "phones wrong %": ear.wrong(trained), **measured(trained, store)})
    names = list(rows[-1])
    table([{name: row.get(name, "") for name in names} for row in rows])


if __name__ == "__main__":
    main()
