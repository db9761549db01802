"""Phone-sequence probe: are the words still in frozen codes, where no phone has a time?

A small recognition head (five convolutions at half the frame rate, 1.2 s wide) is trained with connectionist temporal
classification (Graves et al. 2006) on the codes of training speakers; its phone error rate is that of greedy
decoding for other speakers. The same head on features is the floor beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm

from speechdis.errors import InputError
from speechdis.metrics.moments import moments
from speechdis.nn import ctc
from speechdis.nn.convolution import Convolution
from speechdis.nn.ctc import Units
from speechdis.training.precision import judges_in_bfloat16

RATE = 3e-3  # of Adam, the top of one cycle


@dataclass(frozen=True)
class Transcribed:
    """Utterances with their phones.

    Attributes:
        frames: (N, D) features or codes.
        first, counts: (U,) first row and number of frames of each utterance.
        phones: phones of each utterance; one without phones is left out.
    """

    frames: np.ndarray
    first: np.ndarray
    counts: np.ndarray
    phones: Sequence[Sequence[str]]


@dataclass(frozen=True)
class PhoneErrors:
    """Phone error rate (substitutions, deletions and insertions over phones said) and number of phones."""

    rate: float
    phones: int


class PhoneRecogniser:
    """A trained head; see `train`.

    Args:
        head: codes to log probabilities.
        units: the phones of its classes.
    """

    def __init__(self, head: "_Head", units: Units) -> None:
        self.head, self.units = head.eval(), units

    @property
    def phones(self) -> tuple[str, ...]:
        """Those that it knows."""
        return self.units.names

    @classmethod
    def train(
        cls,
        train: Transcribed,
        steps: int = 1200,
        batch: int = 8,
        width: int = 128,
        seed: int = 0,
        device: torch.device | str = "cpu",
        label: str = "phone recogniser",
    ) -> "PhoneRecogniser":
        """Train on utterances with phones. The global random state is left as it was.

        Args:
            train: utterances; z-normalised with their own frames' statistics.
            steps: of Adam, learning rate 3e-3 over one cycle, gradients clipped at norm 5.
            batch: utterances of about the same length a step.
            width: channels of the convolutions.
            seed: initial weights and order of the utterances.
            device: where to train.
            label: what the progress bar says.

        Raises:
            InputError: no phones to train on.
        """
        units = Units.of(train.phones)
        if not units.names:
            raise InputError(f"{label}: there are no phones to train on")
        devices = [device] if torch.device(device).type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            head = _Head(train.frames, width, units.classes).to(device)
        _fit(head, train, units, steps, batch, np.random.default_rng(seed), label)
        return cls(head, units)

    def errors(self, test: Transcribed, batch: int = 8) -> PhoneErrors:
        """Phone error rate of greedy decoding. Utterances without phones do not count; a phone never trained is wrong.

        Raises:
            InputError: no phones to test on.
        """
        from torchaudio.functional import edit_distance

        tested = [k for k, said in enumerate(test.phones) if said]
        if not tested:
            raise InputError("phone recogniser: there are no phones to test on")
        wrong = 0
        by_length = sorted(tested, key=lambda k: int(test.counts[k]))
        for start in range(0, len(by_length), batch):
            chosen = by_length[start : start + batch]
            for k, found in zip(chosen, self._decode(_sequences(test, chosen)), strict=True):
                wrong += edit_distance(found, test.phones[k])
        total = sum(len(said) for said in test.phones)
        return PhoneErrors(wrong / total, total)

    def phones_of(self, frames: np.ndarray) -> list[str]:
        """Phones of one utterance (T, D), by greedy decoding."""
        (found,) = self._decode([torch.from_numpy(np.array(frames, np.float32))])
        return found

    @torch.no_grad()
    def log_likelihoods(self, frames: np.ndarray, transcripts: Sequence[Sequence[str]]) -> np.ndarray:
        """log P(phones | frames) of each transcript, (n,), for one utterance (T, D); -inf where it cannot be said.

        The probabilities of all phone strings sum to one, so transcripts of different lengths compare.
        """
        scores, lengths = self.head([torch.from_numpy(np.array(frames, np.float32))])
        numbers = {k: self.units.numbers(one) for k, one in enumerate(transcripts) if one}
        known = {k: one for k, one in numbers.items() if one is not None}
        found = np.full(len(transcripts), -np.inf)
        if known:
            said = pad_sequence(list(known.values()), batch_first=True).to(scores.device)
            sizes = torch.tensor([len(one) for one in known.values()])
            every = scores.expand(len(known), -1, -1)
            loss = ctc.nats(every, lengths.expand(len(known)), said, sizes, possible=False)
            found[list(known)] = -loss.cpu().numpy()
        return found

    @torch.no_grad()
    def _decode(self, sequences: list[Tensor]) -> list[list[str]]:
        """Phones of utterances (T, D), by greedy decoding."""
        scores, lengths = self.head(sequences)
        return [self.units.best(one[:n]) for one, n in zip(scores, lengths.tolist(), strict=True)]


class _Head(nn.Module):
    """Codes to log probabilities of phones at half the frame rate; class 0 is the blank.

    Args:
        frames: (N, D) training codes, for their mean and standard deviation.
        width: channels of the convolutions.
        classes: phones and the blank.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, frames: np.ndarray, width: int, classes: int) -> None:
        super().__init__()
        for name, value in zip(("mean", "std"), moments(frames), strict=True):
            self.register_buffer(name, torch.as_tensor(value, dtype=torch.float32))
        self.halve = nn.Conv1d(frames.shape[1], width, kernel_size=5, stride=2, padding=2)
        self.layers = nn.ModuleList(
            Convolution(width, width, kernel_size=5, padding=2 * step, dilation=step) for step in (1, 2, 4, 8)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in self.layers)
        self.output = nn.Linear(width, classes)

    def forward(self, sequences: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Log probabilities (B, T / 2, C) of B sequences (T, D), and their lengths ceil(T / 2), (B,)."""
        device = self.mean.device
        x = pad_sequence([(s.to(device) - self.mean) / self.std for s in sequences], batch_first=True)
        x = functional.gelu(self.halve(x.transpose(1, 2))).transpose(1, 2)
        lengths = torch.tensor([(len(s) + 1) // 2 for s in sequences])
        real = (torch.arange(x.shape[1]) < lengths[:, None]).to(device)[..., None]
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = x + functional.gelu(layer((norm(x) * real).transpose(1, 2))).transpose(1, 2)
        return self.output(x).log_softmax(-1), lengths


def _fit(
    head: _Head,
    train: Transcribed,
    units: Units,
    steps: int,
    batch: int,
    rng: np.random.Generator,
    label: str,
) -> None:
    optimizer = torch.optim.Adam(head.parameters(), lr=RATE, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=steps)
    batches = _batches(train, batch, rng)
    place = head.mean.device
    mixed = judges_in_bfloat16(place)
    for _ in tqdm(range(steps), desc=label, unit="step", leave=False):
        chosen = next(batches)
        with torch.autocast(place.type, torch.bfloat16, enabled=mixed):
            scores, lengths = head(_sequences(train, chosen))
        said = [numbers for k in chosen if (numbers := units.numbers(train.phones[k])) is not None]
        sizes = torch.tensor([len(one) for one in said])
        of_each = ctc.nats(scores.float(), lengths, torch.cat(said).to(scores.device), sizes)
        loss = (of_each / sizes.to(of_each.device)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(head.parameters(), 5.0)
        optimizer.step()
        schedule.step()


def _sequences(data: Transcribed, chosen: Sequence[int]) -> list[Tensor]:
    rows = (slice(int(data.first[k]), int(data.first[k] + data.counts[k])) for k in chosen)
    return [torch.as_tensor(np.array(data.frames[row], np.float32)) for row in rows]


def _batches(data: Transcribed, batch: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Without end: all utterances that have phones, in random order, batches of about one length each."""
    usable = np.array([k for k, said in enumerate(data.phones) if said])
    while True:
        order = rng.permutation(usable)
        for pool in np.array_split(order, -(-len(order) // (8 * batch))):
            pool = pool[np.argsort(data.counts[pool], kind="stable")]
            groups = np.array_split(pool, -(-len(pool) // batch))
            for k in rng.permutation(len(groups)):
                yield groups[k].tolist()
