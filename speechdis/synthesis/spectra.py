"""Log frames of the words of one recording in the voice of another: decoded, changed, or in between."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from torch import Tensor

from speechdis.synthesis import blocks, codes
from speechdis.synthesis.codes import Window
from speechdis.synthesis.content import Content, as_content
from speechdis.synthesis.contrast import Contrast
from speechdis.synthesis.manner import Manner
from speechdis.synthesis.residual import Residual, Sounds, thinned
from speechdis.synthesis.rows import pieces
from speechdis.synthesis.slow import checked, reach, slow_part
from speechdis.synthesis.words import Words
from speechdis.training.checkpoint import Checkpoint

REREADS = 2  # of the words in changed frames
SMOOTH = 3.0  # frames, standard deviation over time of what is kept of a change: faster ones are seldom the voice's


def swapped_frames(checkpoint: Checkpoint, voice: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Log frames (T, F) decoded from the static vectors of `voice` and the dynamic vectors of `words`.

    Args:
        voice: log frames (T', F) of the recording whose voice is taken.
        words: log frames (T, F) of the recording whose words are kept.
    """
    own = codes.encode(checkpoint, words)
    static = codes.transfer_static(checkpoint, own.static, codes.encode(checkpoint, voice).static)
    return codes.decode(checkpoint, static, own)


def decoded_frames(checkpoint: Checkpoint, frames: np.ndarray) -> np.ndarray:
    """Log frames (T, F) as the model decodes them, in their own mean voice: those of a plain swap with itself."""
    words = Words(np.zeros(0, np.float32), frames, checkpoint.settings.rate)
    content = as_content(checkpoint, words)
    return np.concatenate(
        list(decoded_parts(checkpoint, content, mean_voice(checkpoint, content), fitted=True))
    )


def converted_frames(
    checkpoint: Checkpoint,
    content: Content,
    static: Tensor,
    residual: Residual | None = None,
    slow: float = 0.0,
) -> np.ndarray:
    """Log frames (T, F) of the words, changed by what static vectors (M, S) of their segments change in decoded ones.

    What the model's reconstruction lacks is kept, but for its mean at each sound, where the voice's `residual` is
    given. The change is from the mean voice of the words: what their static vectors have from segment to segment is
    words. Then the words are read from the changed frames, and what they lost is put back. Of all this the part that is
    slower than `slow` frames is kept. Where the words, or the voice, have no sound at all, nothing is changed.
    """
    return np.concatenate(list(_converted_parts(checkpoint, content, static, residual, slow)))


def _converted_parts(
    checkpoint: Checkpoint, content: Content, static: Tensor, residual: Residual | None, slow: float
) -> Iterator[np.ndarray]:
    """`converted_frames` in consecutive parts, each as if there were no others: read with all that it depends on."""
    from scipy.ndimage import gaussian_filter1d

    mean, ranks, empty = mean_voice(checkpoint, content), ranks_of(content), content.empty
    whole = None if content.codes.dynamic is None else codes.decode(checkpoint, mean, content.codes)
    own = None if residual is None else residual_of(checkpoint, content, whole)
    for part in _shown(codes.windows(checkpoint, content.codes, 1 + REREADS, reach(slow)), "frames"):
        frames = content.words.frames[part.begin : part.end]
        read = codes.window(checkpoint, frames, content.codes, part, empty)
        theirs, near = static[part.segments], ranks[part.begin : part.end]
        wanted = codes.decode(checkpoint, theirs, read)
        decoded = codes.decode(checkpoint, mean[part.segments], read) if whole is None else whole
        change = gaussian_filter1d(wanted - decoded, SMOOTH, axis=0, mode="nearest")
        if residual is not None and own is not None:
            change += np.nan_to_num(residual.lacked(wanted, near) - own.lacked(decoded, near))
        changed = frames + change
        for _ in range(REREADS):
            again = codes.reread(checkpoint, changed, read, empty)
            changed += wanted - codes.decode(checkpoint, theirs, again)
        if slow:
            silent = None if content.silent is None else content.silent[part.begin : part.end]
            changed = frames + slow_part(changed - frames, silent, slow)
        yield changed[part.first - part.begin : part.last - part.begin]


def decoded_parts(
    checkpoint: Checkpoint, content: Content, static: Tensor, fitted: bool = False
) -> Iterator[np.ndarray]:
    """Log frames of the words as the model decodes them with static vectors (M, S), in consecutive parts.

    `fitted`: from dynamic vectors that explain the words' frames better than those that the encoder reads.
    """
    mean, empty = mean_voice(checkpoint, content), content.empty
    for part in _shown(codes.windows(checkpoint, content.codes), "frames"):
        rows = slice(part.begin, part.end)
        frames = content.words.frames[rows]
        read = codes.window(checkpoint, frames, content.codes, part, empty)
        if fitted:
            silent = None if content.silent is None else content.silent[rows] | empty
            read = codes.fitted(checkpoint, frames, read, mean[part.segments], silent)
        made = codes.decode(checkpoint, static[part.segments], read)
        yield made[part.first - part.begin : part.last - part.begin]


def swapped_parts(
    checkpoint: Checkpoint,
    content: Content,
    static: Tensor,
    residual: Residual | None,
    manner: Manner,
) -> Iterator[np.ndarray]:
    """Log frames of the words with so much of their detail, in consecutive parts."""
    detail, slow = manner.detail, checked(manner.slow)
    if detail == 1:  # as most swaps: plain frames are not made
        return _converted_parts(checkpoint, content, static, residual, slow)
    plain = decoded_parts(checkpoint, content, static, fitted=True)
    if residual is not None:
        plain = Contrast.of(residual).throughout(plain, ranks_of(content))
    if detail == 0:
        return plain
    full = _converted_parts(checkpoint, content, static, residual, slow)
    return (flat + detail * (own - flat) for flat, own in zip(plain, full, strict=True))


def mean_voice(checkpoint: Checkpoint, content: Content) -> Tensor:
    """Static vectors (M, S) of the mean voice of the words."""
    own = content.codes.static
    return codes.transfer_static(checkpoint, own, own)


def residual_of(checkpoint: Checkpoint, content: Content, whole: np.ndarray | None = None) -> Residual:
    """What the words' frames decoded in their mean voice lack; of evenly spread ones, if there are many.

    `whole`: all of these decoded frames (T, F), where they are there already.
    """
    chosen = thinned(len(content.words.frames))
    kept, lacking, first = [], [], 0
    voice = mean_voice(checkpoint, content)
    for decoded in decoded_parts(checkpoint, content, voice) if whole is None else [whole]:
        last = first + len(decoded)
        rows = chosen[np.searchsorted(chosen, first) : np.searchsorted(chosen, last)]
        lack = content.words.frames[first:last][rows - first] - decoded[rows - first]
        if content.silent is not None:
            lack[content.silent[rows] | content.empty] = np.nan
        kept.append(decoded[rows - first].astype(np.float32))
        lacking.append(lack.astype(np.float32))
        first = last
    ranks = ranks_of(content)[chosen].astype(np.float32)
    return Residual((Sounds(np.concatenate(kept), np.concatenate(lacking), ranks),))


def ranks_of(content: Content) -> np.ndarray:
    """How loud each of T log frames is among them, from 0 to 1, (T,); the same for equal ones.

    Frames of digital silence, which are as long as somebody left them, are not counted.
    """
    loudness = np.concatenate([piece.mean(1) for piece in pieces(content.words.frames)])
    ordered = loudness if content.silent is None else loudness[~content.silent.all(1)]
    ordered = np.sort(ordered if len(ordered) else loudness)
    ranks = (np.searchsorted(ordered, loudness, "left") + np.searchsorted(ordered, loudness, "right") - 1) / 2
    return ranks.clip(0) / max(1, len(ordered) - 1)


def _shown(parts: Sequence[Window], what: str) -> Iterable[Window]:
    return (parts[k] for k in blocks.shown(range(len(parts)), what, "min"))
