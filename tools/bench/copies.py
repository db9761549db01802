"""Copy-synthesis by each vocoder, heard by judges that were not trained here.

    python tools/bench/copies.py --vocoder griffin-lim world EXP --data data/speechocean762/dev [--count 20]

Recordings of a data directory, spread evenly, are said again from their own frames ("frames") and from those that a
model decodes of them in their own mean voice ("decoded"). What is told: phonemes wrong against those heard in the
recording, DNSMOS, cosine with the recording's voice, distance of log mel spectra, and how fast it was.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from timing import table

from speechdis.data.audio import read_utterance
from speechdis.data.directory import read_directory
from speechdis.errors import InputError
from speechdis.judges.outside import quality, require, voice, words
from speechdis.nn.spectral import distances
from speechdis.synthesis import blocks, vocoders
from speechdis.synthesis.spectra import decoded_frames
from speechdis.synthesis.words import words_of
from speechdis.training import checkpoint


class Told:
    """What is heard of one way to say recordings, summed up."""

    def __init__(self) -> None:
        self.edits, self.phonemes, self.seconds, self.taken = 0, 0, 0.0, 0.0
        self.rows: list[tuple[float, float, float, float]] = []

    def hear(self, made: np.ndarray, real: np.ndarray, rate: int, taken: float) -> None:
        """A copy `made` of a recording `real` in `taken` s."""
        wanted = words.phonemes(real)
        self.edits += words.edits(words.phonemes(made), wanted)
        self.phonemes += len(wanted)
        self.seconds, self.taken = self.seconds + len(real) / rate, self.taken + taken
        found = quality.dnsmos(made)
        near = _likeness(made, real)
        apart = distances(*(torch.from_numpy(wave)[None] for wave in (made, real)), rate)[0].item()
        self.rows.append((found.overall, found.p808, near, apart))

    def row(self) -> dict[str, str]:
        """The columns of the table."""
        overall, p808, near, apart = np.mean(self.rows, 0)
        return {
            "phonemes wrong %": f"{100 * self.edits / self.phonemes:.1f}",
            "DNSMOS overall / P.808": f"{overall:.2f} / {p808:.2f}",
            "cosine": f"{near:.2f}",
            "log mel distance, nats": f"{apart:.2f}",
            "s of speech a s": f"{self.seconds / self.taken:.0f}" if self.taken else "",
        }


def _likeness(made: np.ndarray, real: np.ndarray) -> float:
    """Cosine of two voices; 0 where no speech is heard in what was made."""
    try:
        return voice.cosine(voice.embed(made), voice.embed(real))
    except InputError:
        return 0.0


def main() -> None:
    """Say, hear, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vocoder", nargs="+", default=["griffin-lim", "world"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, default=Path("revoice"), help="decodes the frames")
    parser.add_argument("--count", type=int, default=20)
    args = parser.parse_args()
    require()
    trained = checkpoint.load(args.checkpoint)
    settings, rate = trained.features, trained.settings.rate
    utterances = read_directory(args.data)
    chosen = np.linspace(0, len(utterances) - 1, min(args.count, len(utterances))).round().astype(int)
    told: dict[tuple[str, str], Told] = {("recording", ""): Told()}
    for k in chosen:
        real = read_utterance(utterances[k], rate)[0]
        told["recording", ""].hear(real, real, rate, 0.0)
        own = words_of(real, settings)
        decoded = decoded_frames(trained, own.frames)
        for name in args.vocoder:
            module = vocoders.load(name)
            for what, frames in (("frames", own.frames), ("decoded", decoded)):
                begun = time.process_time()
                made = blocks.render(module, frames, blocks.at_pitch(module, own, settings), settings)
                taken = time.process_time() - begun
                told.setdefault((name, what), Told()).hear(made, real, rate, taken)
    table([{"said by": name, "of": what} | one.row() for (name, what), one in told.items()])


if __name__ == "__main__":
    main()
