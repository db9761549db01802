"""What the decoder leaves out of a voice, sound by sound.

Decoded frames are blurred: they lack something of real ones, and what they lack is partly the voice's own. A residual
keeps frames of a voice's recordings, as they are decoded and what these lack of the real ones. Of a new decoded frame
it says what that would lack in this voice: the mean over kept frames that are decoded alike and about as loud among
their recording's (kernel regression: Nadaraya 1964, Watson 1964).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST = 3000  # frames that are kept of a voice, half a minute
ALIKE = 1.0  # standard deviation of decoded log frames that count as one sound: nats, root mean square over the bins
LEVEL = 0.25  # standard deviation of ranks of loudness that count as one level
PIECE = 1000  # new frames at a time


@dataclass(frozen=True, eq=False)
class Sounds:
    """N frames of a voice.

    Attributes:
        decoded: (N, F) float32 log frames, decoded in the voice.
        lacking: (N, F) float32, real minus decoded ones; NaN where the recording has no sound.
        ranks: (N,) float32, how loud each is among its recording's frames, from 0 to 1.
    """

    decoded: np.ndarray
    lacking: np.ndarray
    ranks: np.ndarray

    def __len__(self) -> int:
        return len(self.ranks)

    @classmethod
    def together(cls, several: "Sequence[Sounds]") -> "Sounds":
        """Frames of several recordings of one voice, thinned out evenly to `MOST`."""
        return cls(
            *(
                np.concatenate(parts)[thinned(sum(map(len, several)))]
                for parts in zip(*map(_fields, several), strict=True)
            )
        )

    def lacked(self, decoded: np.ndarray, ranks: np.ndarray) -> np.ndarray:
        """(T, F) what frames (T, F), decoded in the voice, would lack; NaN in bins of which nothing is known.

        Args:
            decoded: log frames (T, F).
            ranks: (T,) how loud each is among its recording's.
        """
        heard = ~np.isnan(self.lacking)
        known = np.where(heard, self.lacking, 0)
        made = [
            self._mean(decoded[first : first + PIECE], ranks[first : first + PIECE], known, heard)
            for first in range(0, len(decoded), PIECE)
        ]
        return np.concatenate(made)

    def _mean(
        self, decoded: np.ndarray, ranks: np.ndarray, known: np.ndarray, heard: np.ndarray
    ) -> np.ndarray:
        new, kept = (rows.astype(np.float32) for rows in (decoded, self.decoded))
        bins = new.shape[1]
        far = ((new**2).sum(1)[:, None] + (kept**2).sum(1) - 2 * new @ kept.T) / (
            bins * 2 * ALIKE**2
        )  # (T, N)
        far += (ranks[:, None] - self.ranks).astype(np.float32) ** 2 / (2 * LEVEL**2)
        weight = np.exp(far.min(1, keepdims=True) - far)
        if heard.all():
            return weight @ known / weight.sum(1, keepdims=True)
        total = weight @ heard.astype(np.float32)
        return np.where(total > 1e-6, weight @ known / np.maximum(total, 1e-6), np.nan)


@dataclass(frozen=True, eq=False)
class Residual:
    """A mixture of what voices' decoded frames lack: of one voice with weight 1.

    Attributes:
        voices: frames of each.
        weights: of each.
    """

    voices: tuple[Sounds, ...]
    weights: tuple[float, ...] = (1.0,)

    def lacked(self, decoded: np.ndarray, ranks: np.ndarray) -> np.ndarray:
        """As of `Sounds`."""
        if len(self.voices) == 1:
            return self.voices[0].lacked(decoded, ranks)
        each = np.stack([voice.lacked(decoded, ranks) for voice in self.voices])  # (V, T, F)
        return weighted_mean(each, np.array(self.weights)[:, None, None])


def joined(residuals: Sequence[Residual]) -> Residual:
    """That of several recordings of one voice."""
    return Residual((Sounds.together([sounds for one in residuals for sounds in one.voices]),))


def mixed(residuals: Sequence[Residual], weights: Sequence[float]) -> Residual:
    """That of a mixture of voices, by weights that sum to 1."""
    pairs = [
        (sounds, weight * own)
        for residual, weight in zip(residuals, weights, strict=True)
        for sounds, own in zip(residual.voices, residual.weights, strict=True)
        if weight  # an end of an interpolation is the voice itself
    ]
    return Residual(tuple(sounds for sounds, _ in pairs), tuple(weight for _, weight in pairs))


def thinned(count: int) -> np.ndarray:
    """Indices of at most `MOST` of `count` frames, evenly spread."""
    return np.linspace(0, count - 1, min(count, MOST)).round().astype(int)


def weighted_mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted mean over the first axis of what is not NaN; NaN where all are."""
    known = ~np.isnan(values)
    total = (known * weight).sum(0)
    mean = np.where(known, values, 0) * weight
    return np.where(total > 0, mean.sum(0) / np.maximum(total, 1e-9), np.nan)


def _fields(sounds: Sounds) -> tuple[np.ndarray, ...]:
    return sounds.decoded, sounds.lacking, sounds.ranks
