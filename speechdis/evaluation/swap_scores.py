"""Swap scores: is a swap heard as the voice of A, and are the words still those of B?

Pairs of utterances of different unseen speakers are swapped, made sound, and read again as features, which judges hear.
Beside the swaps stand, of the same pairs: B's recording (what the judges make of real speech; as a swap, "no change" is
the floor of the voice), copy-synthesis (the vocoder on B's own features: the ceiling), B made from its codes, and
swaps without the detail that the model's reconstruction lacks ("plain").
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from speechdis.data.audio import read_utterance
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.features import FeatureSettings, extract, spectrum_of
from speechdis.judges.judges import Enrolled, Judges
from speechdis.metrics import acoustics
from speechdis.synthesis import blocks, pitch, vocoders
from speechdis.synthesis.content import content_of
from speechdis.synthesis.conversion import convert, reconstruct, unclipped
from speechdis.synthesis.manner import Manner
from speechdis.synthesis.voices import voice_of
from speechdis.training.checkpoint import Checkpoint

CONDITIONS = ("recording", "no change", "copy-synthesis", "reconstruction", "swap", "swap, plain")
FOREIGN = ("no change", "swap", "swap, plain")  # should be heard as A
MEANS = ("cents", "correlation", "voicing", "distortion")


@dataclass(frozen=True)
class Listeners:
    """Judges, and what they may say of the utterances in question.

    Attributes:
        utterances: U utterances with their phones, if known.
        enrolled: their voices.
        speakers: (U,) number of each one's speaker.
        sentences: every different transcript.
    """

    judges: Judges
    utterances: list[Utterance]
    enrolled: Enrolled
    sentences: list[tuple[str, ...]]

    @classmethod
    def of(cls, judges: Judges, utterances: list[Utterance], frames: list[np.ndarray]) -> "Listeners":
        """Enrol U utterances by their log frames (T, F)."""
        sentences = sorted({tuple(u.text_phone.split()) for u in utterances if u.text_phone})
        enrolled = judges.enrol(frames, [u.spk for u in utterances])
        return cls(judges, utterances, enrolled, sentences if judges.words is not None else [])

    def verdict(
        self, frames: np.ndarray, wanted: int, other: int, words: int, heard: int
    ) -> dict[str, float]:
        """What is heard in log frames (T, F), by name.

        Args:
            wanted, other: utterance whose voice it should have, and one whose voice it should not.
            words: utterance whose words it should have.
            heard: utterance it was made of, which is not enrolled (nor is `wanted`).
        """
        from torchaudio.functional import edit_distance

        speaker = self.enrolled.speaker
        near = self.enrolled.cosines(self.judges.embed(frames), (wanted, heard))
        found = {
            "voice": float(near.argmax() == speaker[wanted]),
            "nearer": float(near[speaker[wanted]] > near[speaker[other]]),
        }
        spoken = tuple(self.utterances[words].text_phone.split())
        if self.judges.words is not None and spoken:
            best = int(self.judges.words.log_likelihoods(frames, self.sentences).argmax())
            found["words"] = float(self.sentences[best] == spoken)
            found["wrong phones"] = edit_distance(self.judges.words.phones_of(frames), spoken)
            found["phones"] = len(spoken)
        return found


def pairs_of(utterances: list[Utterance], count: int, seed: int = 0) -> list[tuple[int, int]]:
    """`count` pairs (voice, words) of utterances of different speakers and texts, drawn with `seed`.

    Raises:
        InputError: fewer than two speakers who have two utterances each.
    """
    spks, counts = np.unique([u.spk for u in utterances], return_counts=True)
    usable = set(spks[counts > 1].tolist())
    several = [k for k, u in enumerate(utterances) if u.spk in usable]
    if len(usable) < 2:
        raise InputError("swaps need two speakers with two utterances each: one to swap, one to know them by")
    rng = np.random.default_rng(seed)
    pairs: list[tuple[int, int]] = []
    for _ in range(1000 * count):
        a, b = (several[k] for k in rng.integers(len(several), size=2))
        if len(pairs) == count:
            break
        one, other = utterances[a], utterances[b]
        if one.spk != other.spk and (not one.text_phone or one.text_phone != other.text_phone):
            pairs.append((a, b))
    return pairs


def judge_swaps(
    checkpoint: Checkpoint,
    listeners: Listeners,
    pairs: list[tuple[int, int]],
    vocoder: str = vocoders.DEFAULT,
) -> dict[str, Any]:
    """Scores of every condition: shares with their counts and 95 % intervals, and means.

    voice: heard as the speaker it should be, among all; of "no change" and swaps that is A, else B.
    nearer: nearer to that speaker than to the other of the pair.
    words: B's sentence is the likeliest of all; phone_errors: of greedy decoding.
    level: mean log F0 nearer A's utterance than B's (swaps, no change). cents, correlation, voicing: F0 against B's,
    moved to the level it should have. distortion: mel-cepstral, dB, against B synthesised from its codes.
    """
    heard: dict[str, list[dict[str, float]]] = {name: [] for name in CONDITIONS}
    for a, b in tqdm(pairs, desc="swaps", unit="swap", leave=False):
        for name, found in _judged(checkpoint, listeners, a, b, vocoder).items():
            heard[name].append(found)
    return {
        "vocoder": vocoder,
        "pairs": len(pairs),
        "speakers": int(listeners.enrolled.speaker.max()) + 1,
        "sentences": len(listeners.sentences),
        "conditions": {name: _summary(found) for name, found in heard.items()},
    }


def _judged(
    checkpoint: Checkpoint, listeners: Listeners, a: int, b: int, vocoder: str
) -> dict[str, dict[str, float]]:
    """Each condition of the pair with the voice of utterance `a` and the words of utterance `b`."""
    settings = checkpoint.features
    rate, bins = FeatureSettings.of(settings).rate, spectrum_of(settings)
    one, other = (read_utterance(u, rate)[0] for u in (listeners.utterances[a], listeners.utterances[b]))
    voice, content = voice_of(checkpoint, one), content_of(checkpoint, other)
    module = vocoders.load(vocoder)
    copy = blocks.render(
        module, content.words.frames, blocks.at_pitch(module, content.words, settings), settings
    )
    waves = {
        "recording": other,
        "copy-synthesis": unclipped(copy),
        "reconstruction": reconstruct(checkpoint, content, vocoder),
        "swap": convert(checkpoint, content, voice, Manner(vocoder)),
        "swap, plain": convert(checkpoint, content, voice, Manner(vocoder, detail=0.0)),
    }
    frames = {name: extract(wave, settings) for name, wave in waves.items()}
    contours = {name: pitch.contour(wave, rate)[0] for name, wave in waves.items()}
    frames["no change"], contours["no change"] = frames["recording"], contours["recording"]
    rise = 0.0 if math.isnan(voice.log_f0 - content.words.log_f0) else voice.log_f0 - content.words.log_f0
    found = {}
    for name in CONDITIONS:
        foreign = name in FOREIGN
        f0 = contours[name]
        moved = acoustics.pitch_distance(f0, contours["recording"], rise if foreign else 0.0)
        found[name] = {
            **listeners.verdict(frames[name], *((a, b) if foreign else (b, a)), words=b, heard=b),
            **moved._asdict(),
            "distortion": acoustics.mel_cepstral_distortion(frames[name], frames["reconstruction"], bins),
        }
        level = pitch.level(f0)
        if foreign and rise and not math.isnan(level):
            near_a = abs(level - voice.log_f0) < abs(level - content.words.log_f0)
            found[name]["level"] = float(near_a)
    return found


def _summary(found: list[dict[str, float]]) -> dict[str, Any]:
    """Shares of 0s and 1s with count and interval, phone errors, and means of what is not NaN."""
    summary: dict[str, Any] = {}
    for name in ("voice", "nearer", "words", "level"):
        values = [one[name] for one in found if name in one]
        if values:
            summary[name] = share(int(sum(values)), len(values))
    phones = sum(one.get("phones", 0) for one in found)
    if phones:
        wrong = sum(one.get("wrong phones", 0) for one in found)
        summary["phone_errors"] = {"rate": wrong / phones, "phones": phones}
    for name in MEANS:
        values = [one[name] for one in found if not math.isnan(one[name])]
        summary[name] = float(np.mean(values)) if values else None
    return summary


def share(hits: int, count: int) -> Mapping[str, Any]:
    """A share with its count and its 95 % interval (Wilson 1927), pairs taken as independent."""
    z, p = 1.959964, hits / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(p * (1 - p) / count + (z / (2 * count)) ** 2) / (1 + z * z / count)
    return {"share": p, "count": count, "interval": [max(0.0, middle - half), min(1.0, middle + half)]}
