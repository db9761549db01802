"""How much flatter decoded frames are than real ones, and decoded frames made as lively as a voice's own.

A decoder gives the mean of what a frame may be, so its frames vary too little: the global variance of a sequence is
lost (Toda & Tokuda 2007). How much is measured on recordings of the voice, in each term of the cosine transform over
the bins: the standard deviation of real frames over that of decoded ones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from speechdis.synthesis.residual import Residual, Sounds

QUIET, LOUD = (
    0.1,
    0.35,
)  # ranks of loudness: up to the first frames stay as they are; from the second on they count
MOST = 2.5  # a term varies at most so much more


@dataclass(frozen=True)
class Contrast:
    """Of a voice's loud frames, in F cosine terms.

    Attributes:
        decoded, real: (F,) means of decoded frames and of real ones.
        gain: (F,) how much more the real ones vary, from 1 to MOST.
    """

    decoded: np.ndarray
    real: np.ndarray
    gain: np.ndarray

    @classmethod
    def of(cls, residual: Residual) -> "Contrast":
        """That of a voice, or the mean of those that are mixed."""
        each = [_measured(sounds) for sounds in residual.voices]
        weights = np.array(residual.weights)[:, None]
        return cls(*((weights * np.stack(parts)).sum(0) for parts in zip(*each, strict=True)))

    def sharpened(self, decoded: np.ndarray, ranks: np.ndarray) -> np.ndarray:
        """Decoded log frames (T, F) as lively as real ones, where they are loud among the words' by `ranks` (T,)."""
        from scipy.fft import dct, idct

        terms = dct(decoded, norm="ortho")
        lively = idct((terms - self.decoded) * self.gain + self.real, norm="ortho")
        share = ((ranks - QUIET) / (LOUD - QUIET)).clip(0, 1)[:, None]
        return share * lively + (1 - share) * decoded

    def throughout(self, parts: Iterable[np.ndarray], ranks: np.ndarray) -> Iterator[np.ndarray]:
        """`sharpened` of consecutive parts of decoded log frames; `ranks` (T,) of all of them."""
        first = 0
        for decoded in parts:
            yield self.sharpened(decoded, ranks[first : first + len(decoded)])
            first += len(decoded)


def _measured(sounds: Sounds) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means of decoded and real loud frames, and the gain, in cosine terms: (F,) each."""
    from scipy.fft import dct

    loud = sounds.ranks > LOUD
    chosen = loud if loud.any() else np.ones(len(sounds), bool)
    decoded = dct(sounds.decoded[chosen].astype(np.float64), norm="ortho")
    real = decoded + dct(np.nan_to_num(sounds.lacking[chosen].astype(np.float64)), norm="ortho")
    flat, lively = decoded.std(0), real.std(0)
    gain = np.where(flat > 0, lively / np.where(flat > 0, flat, 1), 1)
    return decoded.mean(0), real.mean(0), gain.clip(1, MOST)
