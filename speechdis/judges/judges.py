"""Judges of voices and of words, trained with labels on real features of the training speakers.

The voice of speech is judged by SpeechBrain's ECAPA-TDNN: whose of the enrolled speakers' mean embeddings is nearest.
Its words are judged by a phone recogniser: which of the sentences in question is likeliest. None of the speakers
judged was heard in training.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from speechdis.judges.phone_recogniser import PhoneRecogniser, Transcribed
from speechdis.judges.speaker_network import SpeakerNetwork

SCALE = 30.0  # of cosines, to logits: that of the margin softmax the network is trained with


@dataclass(frozen=True)
class Enrolled:
    """Real recordings of the speakers in question.

    Attributes:
        vectors: (U, E) embeddings of unit length.
        speaker: (U,) number of the speaker of each.
    """

    vectors: np.ndarray
    speaker: np.ndarray

    def cosines(self, vector: np.ndarray, without: Sequence[int] = ()) -> np.ndarray:
        """Cosine of an embedding (E,) to each speaker's mean, (speakers,), recordings `without` left out; -1 if none is
        left."""
        kept = np.setdiff1d(np.arange(len(self.speaker)), without)
        means = np.zeros((self.speaker.max() + 1, self.vectors.shape[1]))
        np.add.at(means, self.speaker[kept], self.vectors[kept])
        norms = np.linalg.norm(means, axis=1)
        near = means @ vector / np.maximum(norms, 1e-12) / np.linalg.norm(vector)
        return np.where(norms > 0, near, -1.0)


@dataclass(frozen=True)
class Judges:
    """Trained judges; `words` is None where training speech has no transcripts."""

    voice: SpeakerNetwork
    words: PhoneRecogniser | None

    @classmethod
    def train(
        cls,
        speech: Transcribed,
        speakers: Sequence[str],
        voice_steps: int = 800,
        words_steps: int = 1200,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ) -> "Judges":
        """Train both on utterances with phones (or none) and their speakers (U,)."""
        voice = SpeakerNetwork.train(
            speech.frames, speech.first, speech.counts, speakers, voice_steps, seed=seed, device=device,
            label="judge of voices",
        )  # fmt: skip
        if not words_steps or not any(speech.phones):
            return cls(voice, None)
        words = PhoneRecogniser.train(speech, words_steps, seed=seed, device=device, label="judge of words")
        return cls(voice, words)

    def embed(self, frames: np.ndarray) -> np.ndarray:
        """Voice of log frames (T, F): an embedding of unit length (E,)."""
        vector = self.voice.embed(frames, np.array([0]), np.array([len(frames)]))[0]
        return vector / np.linalg.norm(vector)

    def enrol(self, utterances: Sequence[np.ndarray], speakers: Sequence[str]) -> Enrolled:
        """Enrol the speakers (U,) of log frames (T, F) each; they are numbered in the order of their names."""
        numbers = np.unique(np.asarray(speakers), return_inverse=True)[1]
        return Enrolled(np.stack([self.embed(frames) for frames in utterances]), numbers)
