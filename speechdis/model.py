"""A trained model to use: recordings in, vectors and recordings out.

    model = speechdis.load("exp/revoice")
    codes = model.embed("a.wav")                              # .static (S,), .dynamic (T, Z), .times (T,)
    model.swap(voice="a.wav", content="b.wav").save("c.wav")

The commands `embed`, `swap`, `reconstruct` and `sample` give the same vectors and sounds.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from os import PathLike
from pathlib import Path
from typing import TypeAlias, overload

import numpy as np
import torch

from speechdis.data.outputs import check_file
from speechdis.data.samples import as_wave
from speechdis.errors import InputError
from speechdis.evaluation import embeddings
from speechdis.features import extract_blocks
from speechdis.features.store import Store
from speechdis.metrics.normal_scores import Kind, normal_scores
from speechdis.synthesis import codes, conversion, vocoders
from speechdis.synthesis.content import Content, content_of
from speechdis.synthesis.files import read_wave, wave_file, write
from speechdis.synthesis.generation import nobodys_voice, with_new_voice
from speechdis.synthesis.manner import Manner
from speechdis.synthesis.rows import Array, pieces
from speechdis.synthesis.slow import NOBODYS
from speechdis.synthesis.voices import Voice, one_voice, voice_of
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.distributed import place

Recording: TypeAlias = str | PathLike[str] | np.ndarray | torch.Tensor  # a file, or samples with their rate


@dataclass(frozen=True, eq=False)
class Codes:
    """What a model reads in one recording of T frames: posterior means.

    Attributes:
        static: (S,), the voice: one vector of the whole recording.
        dynamic: (T, Z), the words: a vector a frame.
        times: (T,), s: the middle of each frame.
        dynamic_mean: (Z,), the mean of `dynamic` over the frames of each segment, and of these over segments.
        wave: (n,), the recording at the model's rate; None of frames alone.
    """

    static: np.ndarray
    dynamic: np.ndarray
    times: np.ndarray
    dynamic_mean: np.ndarray
    wave: Array | None = field(default=None, repr=False)

    def normal_scores(self, kind: Kind = "whole") -> np.ndarray:
        """`dynamic` as (T, Z) whose distribution is the same for every recording: see `metrics.normal_scores`.

        Args:
            kind: "by-sound" hides more of the voice, and loses more of the words.
        """
        return normal_scores(self.dynamic, kind)


@dataclass(frozen=True, eq=False)
class Speech:
    """A recording that a model made.

    Attributes:
        wave: (n,) float32 samples in [-1, 1]; of more than five minutes on disk, and read by slices.
        rate: Hz.
    """

    wave: Array
    rate: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.wave) / self.rate

    def save(self, path: str | PathLike[str]) -> Path:
        """Write it as 16 bits: wav, flac or ogg, by the suffix; the file, which appears whole or not at all.

        Raises:
            InputError: it cannot be written there, or not in that format.
        """
        file = wave_file(Path(path))
        check_file(file)
        write(file, self.wave, self.rate)
        return file


@dataclass(frozen=True, eq=False)
class TrainedModel(Checkpoint):
    """A checkpoint with what can be done with it. Whatever takes a checkpoint takes this.

    A recording is a file of any format and rate, or samples: an array or a tensor, with `rate` in Hz.
    """

    @classmethod
    def load(cls, path: str | PathLike[str], device: str = "cpu") -> "TrainedModel":
        """Open an experiment, `EXPERIMENT/best` or `last`, a checkpoint file, or one that comes with the package.

        Args:
            path: of it, or its name.
            device: "cpu", "cuda", "mps", or "auto" for a GPU where there is one.

        Raises:
            InputError: no such checkpoint, a damaged one, or no such device.
        """
        read = checkpoint.load(Path(path), place(device))
        return cls(**{f.name: getattr(read, f.name) for f in fields(Checkpoint)})  # its own fields

    @property
    def sample_rate(self) -> int:
        """Hz, of the waveforms that it reads and makes."""
        return self.settings.rate

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return next(self.model.parameters()).device

    @overload
    def embed(self, recording: Recording, rate: int | None = None) -> Codes: ...  # type: ignore[overload-overlap]
    @overload
    def embed(self, recording: Sequence[Recording], rate: int | None = None) -> list[Codes]: ...
    def embed(
        self, recording: Recording | Sequence[Recording], rate: int | None = None
    ) -> Codes | list[Codes]:
        """Codes of a recording, or of each of several, which are read together.

        Static vectors and means of dynamic ones are those that the command `embed` writes.

        Raises:
            InputError: an unusable recording, an array without `rate`, or a model without static and dynamic factors.
        """
        several = recording if isinstance(recording, list | tuple) else [recording]
        waves = [self._wave(one, rate) for one in several]  # type: ignore[arg-type]  # not a sequence of them
        frames = [self._frames(one, wave) for one, wave in zip(several, waves, strict=True)]  # type: ignore[arg-type]
        found = self._codes(frames, waves) if several else []
        return found if several is recording else found[0]

    def encode(self, frames: np.ndarray) -> Codes:
        """Codes of log frames (T, F) that are made as the model's (`features`), such as those of a store.

        Raises:
            InputError: frames of another shape, or a model without static and dynamic factors.
        """
        if frames.ndim != 2 or not len(frames) or frames.shape[1] != len(self.mean):
            raise InputError(f"frames of shape {frames.shape}; the model reads (T, {len(self.mean)})")
        return self._codes([np.asarray(frames, np.float32)], [None])[0]

    def swap(
        self,
        voice: "Recording | Codes | Sequence[Recording | Codes]",
        content: "Recording | Codes",
        rate: int | None = None,
        vocoder: str = vocoders.DEFAULT,
        detail: float = 1.0,
        content_frames: np.ndarray | None = None,
        slow: float = 0.0,
    ) -> Speech:
        """The words of `content` in the voice of `voice`, as long as the words.

        Args:
            voice: a recording, or several of one speaker.
            content: a recording.
            rate: Hz, of arrays.
            vocoder: by name, see `speechdis.synthesis.vocoders`.
            detail: how much is kept of what the model's reconstruction lacks of the words' recording: 0 none, 1 all.
            content_frames: (T', D) of `content`, at any rate, for a model that reads words from such.
            slow: frames; of the change of voice only what is slower is kept, which leaves more of the words and less of
                the voice; 0 keeps all.

        Raises:
            InputError: as of `embed`; no such vocoder; `slow` below 0, or over 100.
        """
        several = voice if isinstance(voice, list | tuple) else [voice]
        if not several:
            raise InputError("voice is an empty list; give a recording")
        spoken = self._content(content, rate, content_frames)
        known = one_voice([self._voice(one, rate) for one in several])  # type: ignore[arg-type]
        return Speech(
            conversion.convert(self, spoken, known, Manner(vocoder, detail, slow)), self.sample_rate
        )

    def reconstruct(
        self, content: "Recording | Codes", rate: int | None = None, vocoder: str = vocoders.DEFAULT
    ) -> Speech:
        """The recording as its codes alone hold it. Arguments and errors as of `swap`."""
        return Speech(conversion.reconstruct(self, self._content(content, rate), vocoder), self.sample_rate)

    def sample_voice(
        self,
        content: "Recording | Codes",
        seed: int = 0,
        rate: int | None = None,
        vocoder: str = vocoders.DEFAULT,
    ) -> Speech:
        """The words of `content` in a voice drawn from the model's prior; `seed` says which. Others as of `swap`."""
        generator = torch.Generator(self.device).manual_seed(seed)
        spoken = self._content(content, rate)
        return Speech(with_new_voice(self, spoken, generator, vocoder), self.sample_rate)

    def anonymise(
        self,
        content: "Recording | Codes",
        seed: int = 0,
        voices: "Sequence[Recording | Codes]" = (),
        rate: int | None = None,
        vocoder: str = vocoders.DEFAULT,
        slow: float = NOBODYS,
    ) -> Speech:
        """The words of `content` in nobody's voice, pitch included; `seed` says which.

        It hides the voice from listeners. What an informed attacker finds is another question: see the docs.

        Args:
            content: a recording.
            seed: of the draw.
            voices: recordings of speakers of whom the voice is mixed; without any it is drawn from the prior.
            rate, vocoder, slow: as of `swap`.

        Raises:
            InputError: as of `swap`.
        """
        generator = torch.Generator(self.device).manual_seed(seed)
        known = [self._voice(one, rate) for one in voices]
        voice = nobodys_voice(self, known, generator)
        spoken = self._content(content, rate)
        return Speech(conversion.convert(self, spoken, voice, Manner(vocoder, slow=slow)), self.sample_rate)

    def _wave(self, recording: Recording, rate: int | None) -> Array:
        if isinstance(recording, str | PathLike):
            return read_wave(self, Path(recording))
        return as_wave(recording, rate, self.sample_rate)

    def _frames(self, recording: Recording, wave: Array) -> np.ndarray:
        with _naming(recording):
            return np.concatenate(list(extract_blocks(pieces(wave), self.features)))

    def _codes(self, frames: list[np.ndarray], waves: Sequence[Array | None]) -> list[Codes]:
        codes.check(self)
        if any(one.shape[1] < len(self.mean) for one in frames):
            codes.check_recordings(self)
        found = embeddings.embed(self, Store.of(frames, self.features), self.device)
        window, hop = self.settings.samples
        ends = np.cumsum([len(one) for one in frames])[:-1]
        return [
            Codes(
                static, dynamic, (np.arange(len(dynamic)) * hop + window / 2) / self.sample_rate, mean, wave
            )
            for static, dynamic, mean, wave in zip(
                found.static, np.split(found.frames, ends), found.dynamic, waves, strict=True
            )
        ]

    def _voice(self, recording: "Recording | Codes", rate: int | None) -> Voice:
        with _naming(recording):
            return voice_of(self, self._heard(recording, rate))

    def _content(
        self, recording: "Recording | Codes", rate: int | None, array: np.ndarray | None = None
    ) -> Content:
        with _naming(recording):
            return content_of(self, self._heard(recording, rate), array)

    def _heard(self, recording: "Recording | Codes", rate: int | None) -> Array:
        if not isinstance(recording, Codes):
            return self._wave(recording, rate)
        if recording.wave is None:
            raise InputError("these codes are of frames; a swap needs those of a recording, from embed()")
        return recording.wave


@contextmanager
def _naming(recording: object) -> Iterator[None]:
    """An error begins with the file, if the recording is one."""
    try:
        yield
    except InputError as error:
        file = Path(recording) if isinstance(recording, str | PathLike) else None
        if file is None or str(error).startswith(str(file)):
            raise
        raise InputError(f"{file}: {error}") from None
