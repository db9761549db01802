"""A trained vocoder (`models/vocos.py`) in the place of one that is named: `--vocoder EXPERIMENT`.

It hears frames alone, as Griffin-Lim does: pitch is what they show, so the words keep theirs as far as the frames do,
and are not moved to the voice's level.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from speechdis.errors import InputError
from speechdis.models.base import VocoderModel
from speechdis.synthesis.words import Words
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint


class Neural:
    """What a module of `synthesis.vocoders` has, of a checkpoint.

    Args:
        trained: the checkpoint.
        where: what it is called in errors.

    Raises:
        InputError: it is of no vocoder.
    """

    def __init__(self, trained: Checkpoint, where: str) -> None:
        if not isinstance(trained.model, VocoderModel):
            raise InputError(
                f"{where}: a '{trained.name}' is no vocoder; 'speechdis train --config vocos' makes one"
            )
        self.trained, self.where, self.model = trained, where, trained.model

    def at_pitch(self, words: Words, settings: Mapping[str, Any], shift: float) -> np.ndarray:
        """The words' recording (n,) as it is: pitch will be that of the frames."""
        return words.wave

    @torch.no_grad()
    def render(self, frames: np.ndarray, words: Words, settings: Mapping[str, Any]) -> np.ndarray:
        """Waveform (n,) as long as the words' recording, of which it takes nothing else.

        Raises:
            InputError: frames are made in another way than those that it has learnt to speak.
        """
        known = self.trained.features
        for key in ("type", "config"):
            if settings.get(key) != known[key]:
                raise InputError(
                    f"{self.where}: speaks frames whose {key} is {known[key]!r}, not {settings.get(key)!r}; "
                    "train a vocoder on features made as the model's"
                )
        x = (np.asarray(frames, np.float32) - self.trained.mean) / self.trained.std
        wave = self.model.speak(torch.from_numpy(x)[None])[0].numpy()
        return np.pad(wave, (0, max(0, len(words.wave) - len(wave))))[: len(words.wave)]


@lru_cache(maxsize=2)
def read(file: Path, changed: int) -> Neural:
    """The vocoder in a checkpoint file, last `changed` (ns). Raises InputError where there is none."""
    return Neural(checkpoint.load(file), str(file))
