"""The swap matrix: every voice with every word, to see (figure 13 of the C-DSVAE paper) and to hear."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechdis.data.audio import read_utterance, write_audio
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.evaluation.speech import Split
from speechdis.features import FeatureSettings, extract
from speechdis.report.figures import Figure, spectrogram
from speechdis.synthesis.content import content_of
from speechdis.synthesis.conversion import convert
from speechdis.synthesis.spectra import swapped_frames
from speechdis.synthesis.voices import voice_of
from speechdis.training.checkpoint import Checkpoint

SECONDS = 3.0  # utterances nearest to this length are taken


@dataclass(frozen=True)
class Sound:
    """A recording or a swap: `audio` is a file beside the page, `who` the voice, `text` the words, `label` both."""

    audio: str
    image: Figure
    who: str
    text: str
    label: str


@dataclass(frozen=True)
class Matrix:
    """Swaps of K recordings by one model.

    Attributes:
        recordings: K originals.
        cells: K rows of K swaps; cells[i][j] has the voice of recording i and the words of recording j.
        caption: what the cells show, in words.
    """

    recordings: list[Sound]
    cells: list[list[Sound]]
    caption: str


def choose(split: Split, count: int) -> list[Utterance]:
    """One utterance each of `count` speakers far apart in the list, as many of either gender as may be.

    Each is the one nearest to three seconds among those whose text no other has.

    Raises:
        InputError: fewer than two speakers.
    """
    hop = FeatureSettings.of(split.store.settings).hop
    seconds = {u.utt: n * hop for u, n in zip(split.utterances, split.store.counts.tolist(), strict=True)}
    speakers = _spread({u.spk: u.gender for u in split.utterances}, count)
    if len(speakers) < 2:
        raise InputError(f"{split.store.path}: one speaker; swapping voices needs two")
    chosen: list[Utterance] = []
    for spk in speakers:
        own = sorted(
            (u for u in split.utterances if u.spk == spk), key=lambda u: abs(seconds[u.utt] - SECONDS)
        )
        taken = {u.text for u in chosen}
        chosen.append(next((u for u in own if u.text not in taken), own[0]))
    return chosen


def matrix(out: Path, key: str, name: str, checkpoint: Checkpoint, utterances: Sequence[Utterance]) -> Matrix:
    """Swap every pair and write sounds (FLAC) and spectrograms.

    Args:
        key: of the files' names.
        name: of the experiment.
    """
    rate = checkpoint.settings.rate
    waves = [read_utterance(u, rate)[0] for u in utterances]
    frames = [extract(wave, checkpoint.features) for wave in waves]
    low, high = np.quantile(np.concatenate(frames), [0.02, 0.998])

    def sound(
        file: str, wave: np.ndarray, shown: np.ndarray, voice: Utterance, words: Utterance, label: str
    ) -> Sound:
        if not (out / "audio" / f"{file}.flac").exists():  # recordings serve all models of one rate
            (out / "audio").mkdir(parents=True, exist_ok=True)
            write_audio(out / "audio" / f"{file}.flac", wave, rate)
        image = spectrogram(out, f"{key}-{file}", shown, low, high, f"Spectrogram: {label}.")
        return Sound(f"audio/{file}.flac", image, voice.spk, words.text or words.utt, label)

    recordings = [
        sound(
            f"recording-{i + 1}-{rate}", waves[i], frames[i], u, u, f"recording of {u.spk}: {u.text or u.utt}"
        )
        for i, u in enumerate(utterances)
    ]
    decoded = [[swapped_frames(checkpoint, voice, words) for words in frames] for voice in frames]
    contents = [content_of(checkpoint, wave) for wave in waves]
    voices = [voice_of(checkpoint, wave) for wave in waves]
    cells = [
        [
            sound(
                f"{key}-voice-{i + 1}-words-{j + 1}",
                convert(checkpoint, contents[j], voices[i]),
                decoded[i][j],
                a,
                b,
                f"{name}, voice of {a.spk}, words of {b.spk}: {b.text or b.utt}",
            )
            for j, b in enumerate(utterances)
        ]
        for i, a in enumerate(utterances)
    ]
    return Matrix(recordings, cells, _caption(frames, decoded))


def _spread(genders: dict[str, str], count: int) -> list[str]:
    """Up to `count` speakers, evenly over the sorted list, genders in turn where both are known."""
    groups = [sorted(s for s, g in genders.items() if g == gender) for gender in ("f", "m", "")]
    groups = [group for group in groups if group]
    share = [len(range(k, count, len(groups))) for k in range(len(groups))]
    drawn = [
        [group[round(k * (len(group) - 1) / max(n - 1, 1))] for k in range(min(n, len(group)))]
        for group, n in zip(groups, share, strict=True)
    ]
    return [group[k] for k in range(max(len(group) for group in drawn)) for group in drawn if k < len(group)]


def _caption(recordings: Sequence[np.ndarray], decoded: Sequence[Sequence[np.ndarray]]) -> str:
    """How far cells off the diagonal follow the words of their column and the voice of their row."""
    follows, nearer, pairs = [], 0, 0
    for i, voice in enumerate(recordings):
        for j, words in enumerate(recordings):
            if i == j:
                continue
            made = decoded[i][j]
            follows.append(np.corrcoef(made.ravel(), words[: len(made)].ravel())[0, 1])
            away = [np.square(made.mean(0) - x.mean(0)).sum() for x in (voice, words)]
            nearer += away[0] < away[1]
            pairs += 1
    return (
        f"Off the diagonal a spectrogram correlates with the recording of its words by {np.mean(follows):.2f} on "
        f"average, and its mean spectrum is nearer to the recording of its voice in {nearer} of {pairs}."
    )
