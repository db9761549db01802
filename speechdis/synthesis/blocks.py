"""Long recordings rendered block by block, cut where they are quietest: memory does not grow with their length."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from speechdis.features import FeatureSettings
from speechdis.synthesis.rows import Array, collected, pieces
from speechdis.synthesis.vocoders import Vocoder
from speechdis.synthesis.words import Words, words_of

LONGEST, SEARCH = 30.0, 10.0  # s: of a block, and of its end, in which it is cut
SHOWN = 5  # blocks: more than two minutes
CONTEXT, FADE = 0.25, 0.01  # s: rendered beyond a cut; each side of a cut that is cross-faded


def at_pitch(vocoder: Vocoder, words: Words, settings: Mapping[str, Any], shift: float = 0.0) -> Words:
    """The words as `vocoder.at_pitch` says them, but of no more than half a minute at a time."""

    def make(part: Words, first: int) -> np.ndarray:
        return vocoder.at_pitch(part, settings, shift)

    wave = collected(_joined(make, words.frames, words, settings, "pitch"), words.wave)
    return words_of(wave, settings)


def render(vocoder: Vocoder, frames: Array, words: Words, settings: Mapping[str, Any]) -> Array:
    """What `vocoder.render` gives, (n,) float32, but of no more than half a minute at a time.

    Args:
        frames: log frames (T, F) to be heard.
        words: the recording that says them, n samples and T frames; what is on disk of it is on disk of this, too.
        settings: of the frames.
    """

    def make(part: Words, first: int) -> np.ndarray:
        return vocoder.render(frames[first : first + len(part.frames)], part, settings)

    return collected(_joined(make, frames, words, settings, "sound"), words.wave)


def _joined(
    make: Callable[[Words, int], np.ndarray],
    frames: Array,
    words: Words,
    settings: Mapping[str, Any],
    what: str,
) -> Iterator[np.ndarray]:
    """What is made of parts of `words`, each as long as its part and with its first frame's number, cross-faded: (n,).

    They are cut where log frames (T, F) are quiet. It comes in consecutive parts, under a bar named `what`.
    """
    cut, rate = FeatureSettings.of(settings), words.rate
    window, hop = cut.samples
    context = round(rate * CONTEXT)
    edges = [0, *cuts(frames, cut.hop), len(frames)]
    count = len(words.wave)
    middles = [0, *(edge * hop + window // 2 for edge in edges[1:-1]), count]
    starts = [max(0, edge - context // hop) * hop for edge in edges[:-1]]
    pending = np.zeros(0, np.float32)
    for k in shown(range(len(starts)), what, "block"):
        first, last = starts[k] // hop, min(len(frames), edges[k + 1] + context // hop)
        start, stop = starts[k], count if last == len(frames) else (last - 1) * hop + window
        made = make(Words(words.wave[start:stop], words.frames[first:last], rate), first)
        pending = np.concatenate([pending, np.zeros(stop - start - len(pending), np.float32)])
        pending += made * _weight(start, stop, middles[k], middles[k + 1], count, round(rate * FADE))
        done = (starts[k + 1] if k + 1 < len(starts) else count) - start
        yield pending[:done]
        pending = pending[done:]


def cuts(frames: Array, hop: float) -> list[int]:
    """Frames at which log frames (T, F), `hop` s apart, are cut: the quietest one near the end of each block."""
    longest, search = round(LONGEST / hop), round(SEARCH / hop)
    loudness = np.convolve(
        np.concatenate([piece.mean(1) for piece in pieces(frames)]), np.ones(9) / 9, "same"
    )
    found = [0]
    while len(frames) - found[-1] > longest:
        first = found[-1] + longest - search
        found.append(first + int(loudness[first : first + search].argmin()))
    return found[1:]


def shown(steps: Sequence[int], what: str, unit: str) -> Iterable[int]:
    """`steps`, under a bar if they are many."""
    from tqdm import tqdm

    return steps if len(steps) < SHOWN else tqdm(steps, desc=what, unit=unit, leave=False)


def _weight(start: int, stop: int, left: int, right: int, count: int, fade: int) -> np.ndarray:
    """Of samples start to stop: 1 from `left` to `right`, linear to 0 around both but at the recording's ends."""
    at = np.arange(start, stop)
    rise = np.ones(len(at)) if left == 0 else (0.5 + (at - left) / (2 * fade)).clip(0, 1)
    fall = np.ones(len(at)) if right == count else (0.5 + (right - at) / (2 * fade)).clip(0, 1)
    return rise + fall - 1
