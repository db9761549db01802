"""Frames of a waveform that comes in blocks: those of the whole, while memory holds half a minute of it."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

# Frames that are extracted at a time, and up to twice as many at the end: what stands between samples and frames is
# ten times their size. A product of few rows would be rounded in another way than that of the whole.
PIECE = 3000


def pieces_of(frames: np.ndarray) -> Iterator[np.ndarray]:
    """Frames (T, F) of an utterance in the blocks that `frames_of` gives of it."""
    while len(frames) >= 2 * PIECE + 1:
        yield frames[:PIECE]
        frames = frames[PIECE:]
    yield frames


def frames_of(
    waves: Iterable[np.ndarray], window: int, hop: int, extract: Callable[[np.ndarray], np.ndarray]
) -> Iterator[np.ndarray]:
    """Frames (T, F), at most twice `PIECE` at a time, of blocks (n,) that follow each other.

    Args:
        waves: the blocks, of any lengths.
        window, hop: samples; frame t is of samples t hop to t hop + window.
        extract: gives the frames of a waveform.

    Raises:
        InputError: all blocks together are shorter than one window, as `extract` says it.
    """
    rest, done = np.zeros(0, np.float32), False
    for wave in waves:
        rest = np.concatenate([rest, wave]) if len(rest) else wave
        while len(rest) >= 2 * PIECE * hop + window:
            yield extract(rest[: (PIECE - 1) * hop + window])
            rest, done = rest[PIECE * hop :], True
    if len(rest) >= window or not done:
        yield extract(rest)
