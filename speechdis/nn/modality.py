"""Encoders and decoders of spoken and written digits, those of PVAE (Hsu & Glass 2018, appendix B).

    speech   one-layer LSTM -> its last state; the code at every step -> one-layer LSTM -> linear, a frame each
    image    two 4 x 4 convolutions of stride 2 -> linear; two linear layers -> two transposed convolutions

A modality is called by its kind, and by a number where a sample has several of a kind: "speech", "image2". Densities
are Gaussians, of unit variance in speech, of `pixel_std` in images (the papers: 1).

Ours: units are leaky, for with the usual ReLU most channels of an image encoder, in some runs all, die in the first
steps. LSTMs run over the padding, too: they only look back, so that frames of a sample are what they are alone, and a
packed sequence takes several times as long on a CPU.

Dimension letters: B samples, T frames, F bins, H hidden units, C code.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from speechdis.errors import InputError
from speechdis.nn import sequence
from speechdis.nn.gaussian import Gaussian

SIZE = 28  # rows and columns of an image
ENCODER_CHANNELS = (32, 64)  # of its convolutions; ours: the paper's are lost
DECODER_CHANNELS = (16, 8)
USUAL_FRAMES = 50  # what the length's density begins at


class View(NamedTuple):
    """Samples in one modality: speech (B, T, F) with lengths (B,), or None where all are full; images (B, 28, 28)."""

    x: Tensor
    lengths: Tensor | None = None


def modalities(names: str) -> tuple[str, ...]:
    """The modalities that a recipe lists. Raises InputError for none, one twice, or an unknown kind."""
    found = tuple(names.split())
    if not found or len({*found}) < len(found) or not {kind(name) for name in found} <= {"speech", "image"}:
        raise InputError(
            f"modalities '{names}': expected different ones of the kinds speech and image, such as 'speech image'"
        )
    return found


def kind(name: str) -> str:
    """What modality `name` is one of."""
    return name.rstrip("0123456789")


class SpeechEncoder(nn.Module):
    """Speech of any length -> (B, H): the last state of an LSTM on its last frame, not on padding."""

    def __init__(self, bins: int, hidden: int) -> None:
        super().__init__()
        self.rnn = nn.LSTM(bins, hidden, batch_first=True)

    def forward(self, view: View) -> Tensor:
        output: Tensor = self.rnn(view.x)[0]
        if view.lengths is None:
            return output[:, -1]
        return output[torch.arange(len(output), device=output.device), view.lengths - 1]


class SpeechDecoder(nn.Module):
    """p(x, T | code): each frame from an LSTM that reads the code at every step, and a log-normal number of frames.

    The number is ours: the paper's decoder is told it. Its gradient does not reach the code, so that codes are as the
    paper trains them.
    """

    def __init__(self, code: int, bins: int, hidden: int) -> None:
        super().__init__()
        self.rnn = nn.LSTM(code, hidden, batch_first=True)
        self.frame = nn.Linear(hidden, bins)
        self.log_frames = nn.Linear(code, 1)
        nn.init.constant_(self.log_frames.bias, math.log(USUAL_FRAMES))

    def forward(self, code: Tensor, lengths: Tensor) -> Tensor:
        """Mean frames (B, max T, F) of codes (B, C); those past `lengths` (B,) mean nothing."""
        steps = code[:, None].expand(-1, int(lengths.max()), -1)
        mean: Tensor = self.frame(self.rnn(steps)[0])
        return mean

    def frames(self, code: Tensor) -> Tensor:
        """The likeliest number of frames of each code (B, C), (B,), at least 1."""
        logs: Tensor = self.log_frames(code)
        return logs.exp().round().long().clamp_min(1)[:, 0]

    def log_prob(self, view: View, code: Tensor) -> Tensor:
        """Natural-log density of each sample, (B,)."""
        x = view.x
        lengths = view.lengths
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1], device=x.device)
        frames = _gaussian(self(code, lengths)).log_prob(x) * sequence.mask(lengths, x)
        count = _gaussian(self.log_frames(code.detach())).log_prob(lengths.to(x.dtype).log()[:, None])
        return frames.sum((1, 2)) + count.sum(1)


class ImageEncoder(nn.Module):
    """Images (B, 28, 28) -> (B, H)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        first, second = ENCODER_CHANNELS
        self.layers = nn.Sequential(
            nn.Unflatten(1, (1, SIZE)),
            nn.Conv2d(1, first, 4, stride=2, padding=1),
            nn.LeakyReLU(sequence.SLOPE),
            nn.Conv2d(first, second, 4, stride=2, padding=1),
            nn.LeakyReLU(sequence.SLOPE),
            nn.Flatten(),
            nn.Linear(second * (SIZE // 4) ** 2, hidden),
            nn.LeakyReLU(sequence.SLOPE),
        )

    def forward(self, view: View) -> Tensor:
        read: Tensor = self.layers(view.x)
        return read


class ImageDecoder(nn.Module):
    """p(x | code) of images."""

    def __init__(self, code: int, hidden: int, pixel_std: float) -> None:
        super().__init__()
        self.pixel_std = pixel_std
        first, second = DECODER_CHANNELS
        side = SIZE // 4
        self.layers = nn.Sequential(
            nn.Linear(code, hidden),
            nn.LeakyReLU(sequence.SLOPE),
            nn.Linear(hidden, first * side**2),
            nn.LeakyReLU(sequence.SLOPE),
            nn.Unflatten(1, (first, side, side)),
            nn.ConvTranspose2d(first, second, 4, stride=2, padding=1),
            nn.LeakyReLU(sequence.SLOPE),
            nn.ConvTranspose2d(second, 1, 4, stride=2, padding=1),
            nn.Flatten(1, 2),
        )

    def forward(self, code: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Mean images (B, 28, 28) of codes (B, C)."""
        mean: Tensor = self.layers(code)
        return mean

    def log_prob(self, view: View, code: Tensor) -> Tensor:
        """Natural-log density of each sample, (B,)."""
        return _gaussian(self(code), self.pixel_std).log_prob(view.x).sum((1, 2))


def encoder(name: str, bins: int, hidden: int) -> SpeechEncoder | ImageEncoder:
    """A new encoder for modality `name`, (B, hidden)."""
    return SpeechEncoder(bins, hidden) if kind(name) == "speech" else ImageEncoder(hidden)


def decoder(name: str, code: int, bins: int, hidden: int, pixel_std: float) -> SpeechDecoder | ImageDecoder:
    """A new decoder for modality `name` of codes of size `code`."""
    return (
        SpeechDecoder(code, bins, hidden) if kind(name) == "speech" else ImageDecoder(code, hidden, pixel_std)
    )


def _gaussian(mean: Tensor, std: float = 1.0) -> Gaussian:
    return Gaussian(mean, torch.full_like(mean, 2 * math.log(std)))
