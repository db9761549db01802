"""How a swap is made: by which vocoder, and how much it keeps of the words' recording."""

from typing import NamedTuple

from speechdis.synthesis import vocoders


class Manner(NamedTuple):
    """How the words of one recording are said in another voice.

    Attributes:
        vocoder: by name.
        detail: 1 says the words' own frames, changed (`converted_frames`). 0 says those that the model decodes, as
            lively as the voice's own where its residual is given (`contrast`). A share between is as far between both.
        slow: of the change only what is slower is kept: a mean over time with a Gaussian of so many frames. 0: all.
    """

    vocoder: str = vocoders.DEFAULT
    detail: float = 1.0
    slow: float = 0.0


USUAL = Manner()
