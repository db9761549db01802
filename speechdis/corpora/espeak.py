"""espeak-ng, loaded with ctypes from the `espeakng-loader` package: text in, samples and event times out.

The library is GPL-3 and an optional extra; nothing but the corpus generator imports this module. It keeps one
global state, so there is one synthesiser a process. API: espeak-ng's `speak_lib.h`.
"""

from __future__ import annotations

import ctypes
import functools
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from speechdis.errors import InputError

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    import numpy as np

_SYNCHRONOUS, _PHONEME_EVENTS, _UTF8, _RATE, _VOLUME = 2, 1, 1, 1, 2
_LONGEST_PATH = 140  # bytes; its buffer has 160, for the names of its files too
_WORD, _PHONEME, _LAST = 1, 7, 0


@dataclass(frozen=True)
class Voice:
    """What a voice file can say of a speaker.

    Attributes:
        pitch: fundamental at the bottom of the intonation range, Hz.
        range: top of the intonation range, as a multiple of `pitch`.
        rate: words per minute, 80 to 450.
        formants: frequencies of formants 1, 2, ... as multiples of espeak's own.
        heights: their strengths, the same.
        widths: their bandwidths, the same.
        breath: aspiration noise; 0 is none, 3 is audible.
        language: file under espeak's `lang` folder with the phonemes and the dictionary.
    """

    pitch: float
    range: float
    rate: int
    formants: tuple[float, ...] = ()
    heights: tuple[float, ...] = ()
    widths: tuple[float, ...] = ()
    breath: int = 0
    language: str = "gmw/en-US"


@dataclass(frozen=True)
class Speech:
    """A synthesised sentence.

    Attributes:
        samples: (K,) int16.
        rate: Hz.
        phones: (first sample, espeak's phoneme name without stress), each to the next; `_...` is a pause.
        words: (first sample, position of the first character in the text, from 0).
    """

    samples: np.ndarray
    rate: int
    phones: tuple[tuple[int, str], ...]
    words: tuple[tuple[int, int], ...]


def speak(text: str, voice: Voice) -> Speech:
    """Say one sentence; the same text and voice give the same samples in every process.

    A no-break space between two words keeps espeak from treating them as one ("of the").

    Raises:
        InputError: `espeakng-loader` is not installed.
    """
    import numpy as np

    synthesiser = load()
    # Noise and filter states are left over from the sentence before; after itself a sentence is the same.
    synthesiser.say(text, voice)
    chunks, events = synthesiser.say(text, voice)
    return Speech(
        samples=np.concatenate(chunks),
        rate=synthesiser.rate,
        phones=tuple((e.sample, e.name.decode().lstrip("',%=")) for e in events if e.type == _PHONEME),
        words=tuple((e.sample, e.text_position - 1) for e in events if e.type == _WORD),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class _Synthesiser:
    """The library of this process and what its callback has brought."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError:
            raise InputError("speech generation needs espeak-ng: pip install 'speechdis[generate]'") from None
        self.data = espeakng_loader.get_data_path()
        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        folder = _short(str(self.data), os.open(self.data, os.O_RDONLY | os.O_CLOEXEC))  # stays open
        self.rate = self.library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(folder), _PHONEME_EVENTS)
        if self.rate <= 0:
            raise RuntimeError(f"espeak_Initialize returned {self.rate} with the data in {self.data}")
        self.callback = _CALLBACK(self._receive)  # kept: the library holds no reference
        self.library.espeak_SetSynthCallback(self.callback)

    def say(self, text: str, voice: Voice) -> tuple[list[np.ndarray], list[_Event]]:
        self.chunks: list[np.ndarray] = []
        self.events: list[_Event] = []
        with tempfile.NamedTemporaryFile("w", suffix=".voice") as file:
            file.write(self._voice_file(voice))
            file.flush()
            self._call("espeak_ng_SetVoiceByFile", os.fsencode(_short(file.name, file.fileno())))
        self._call("espeak_SetParameter", _RATE, voice.rate, 0)
        self._call("espeak_SetParameter", _VOLUME, 50, 0)  # at 100 some voices clip
        self._call("espeak_ng_SetRandSeed", ctypes.c_long(1))
        encoded = text.encode()
        size = ctypes.c_size_t(len(encoded) + 1)
        self._call("espeak_Synth", encoded, size, 0, 1, 0, _UTF8, None, None)
        return self.chunks, self.events

    def _voice_file(self, voice: Voice) -> str:
        lines = (Path(self.data) / "lang" / voice.language).read_text("utf-8").splitlines()
        lines = [line for line in lines if line.split()[:1] not in (["name"], ["maintainer"], ["status"])]
        lines += ["name speaker", "flutter 0"]  # flutter is a random drift of the fundamental
        lines += [f"pitch {voice.pitch:.0f} {voice.pitch * voice.range:.0f}"]
        if voice.breath:
            lines += [f"breath 0 {' '.join([str(voice.breath)] * 7)}"]
        shapes = zip(voice.formants, voice.heights, voice.widths, strict=True)
        for number, shape in enumerate(shapes, 1):
            lines += [f"formant {number} " + " ".join(f"{100 * value:.0f}" for value in shape)]
        return "\n".join(lines) + "\n"

    def _call(self, function: str, *arguments: object) -> None:
        status = getattr(self.library, function)(*arguments)
        if status != 0:
            raise RuntimeError(f"{function} returned {status:#x}")

    def _receive(self, wave, count, events) -> int:  # type: ignore[no-untyped-def]
        import numpy as np

        if wave and count > 0:
            self.chunks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        for number in range(1 << 20):
            if events[number].type == _LAST:
                break
            self.events.append(_Event.from_buffer_copy(events[number]))
        return 0


def _short(path: str, descriptor: int) -> str:
    """A name of `path`, open as `descriptor`, that fits espeak-ng's buffers; it ends the process on a longer one.

    Raises:
        InputError: the path is too long, and the system has no other name for it.
    """
    link = f"/proc/self/fd/{descriptor}"
    if Path(link).exists():
        return link
    if len(os.fsencode(path)) >= _LONGEST_PATH:
        raise InputError(
            f"{path}: espeak-ng reads no path of {_LONGEST_PATH} bytes or more; use a shorter one"
        )
    return path


@functools.cache
def load() -> _Synthesiser:
    """The synthesiser of this process.

    Raises:
        InputError: `espeakng-loader` is not installed.
    """
    return _Synthesiser()
