"""Batches of paired spoken and written digits, gathered on the device: another image of its digit for every spoken one
in every epoch, in an order of its own; both follow from seed and step alone, so that a broken run goes on exactly.

Further modalities of a sample ("speech2", "image2") are further samples of its digit, drawn in the same way.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.models.base import PairedModel, Pairs
from speechdis.nn import parallel
from speechdis.nn.modality import SIZE, View, kind
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.config import Training
from speechdis.training.digit_pairs import Pairing, read_pairs, spoken_digits, written_digits
from speechdis.training.rows import on_device


class Samples:
    """All samples of one modality with their digits, on the device.

    Attributes:
        store: the frames and what they are called.
        digits: (U,) int64, 0 to 9.
        counts: (U,) frames of each sample.
    """

    def __init__(
        self,
        store: Store,
        digits: np.ndarray,
        mean: np.ndarray | float,
        std: np.ndarray | float,
        device: torch.device,
    ) -> None:
        self.store, self.digits, self.counts, self.device = store, digits, store.counts, device
        self.frames = on_device(store.frames, device)
        self.mean, self.std = (torch.as_tensor(s, device=device) for s in (mean, std))
        self.images = store.settings["type"] == "image"

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.digits)

    def view(self, chosen: np.ndarray) -> View:
        """The samples `chosen` (B,): images (B, 28, 28), or normalised speech (B, T, F), zeros past its end."""
        counts = self.counts[chosen]
        offsets = np.arange(counts.max())
        rows = self.store.first[chosen][:, None] + np.minimum(offsets, counts[:, None] - 1)
        x = self.frames[torch.from_numpy(rows).to(self.device)]
        if self.images:
            return View(x)
        lengths = torch.from_numpy(counts).to(self.device)
        inside = torch.from_numpy(offsets < counts[:, None]).to(self.device)
        return View((x - self.mean) / self.std * inside[..., None], lengths)


def spoken(features: Path, data: Path, mean: np.ndarray, std: np.ndarray, device: torch.device) -> Samples:
    """The spoken digits of store `features`, normalised; what they are says the data directory `data`.

    Raises:
        InputError: an utterance of the store that the data directory does not have, or that is not one digit.
    """
    store, digits = Store.read(features), spoken_digits(data)
    return Samples(store, np.array(store.look_up(digits, data)), mean, std, device)


def written(images: Path, device: torch.device) -> Samples:
    """The written digits of a store of `speechdis images`.

    Raises:
        InputError: a store of something else, or of images of another size.
    """
    store = Store.read(images)
    digits = written_digits(store)
    if store.frames.shape[1] != SIZE or (store.counts != SIZE).any():
        raise InputError(
            f"{images}: images of another size than {SIZE} x {SIZE}; make them with 'speechdis images'"
        )
    return Samples(store, digits, 0.0, 1.0, device)


def paired_model(checkpoint: Checkpoint) -> PairedModel:
    """The model, which must be of digits. Raises InputError for any other."""
    otherwise = "is no model of spoken and written digits; pvae, jmvae and vae are"
    return checkpoint.model_of(PairedModel, otherwise)


def samples_of(
    checkpoint: Checkpoint, features: Path, data: Path, images: Path, device: torch.device
) -> dict[str, Samples]:
    """What a trained model of digits reads of one part: its stores and its data directory, by modality.

    Raises:
        InputError: the model is not of digits, or the features are not made as those that it was trained on.
    """
    names = paired_model(checkpoint).names
    checkpoint.check(Store.read(features))
    found = {
        "speech": spoken(features, data, checkpoint.mean, checkpoint.std, device),
        "image": written(images, device),
    }
    return {name: found[kind(name)] for name in names}


class PairBatches:
    """Batches of pairs; what `Trainer` asks of them is what it asks of `Batches`.

    Args:
        speech, images: the two modalities.
        training: batch size and seed.
        pairs: (P, 2) fixed pairs, to be tiled; None draws new ones in every epoch.
        names: modalities of a sample beside "speech" and "image": of each one more of its digit.

    Raises:
        InputError: a digit that one of the two lacks, or fewer pairs than a batch.
    """

    def __init__(
        self,
        speech: Samples,
        images: Samples,
        training: Training,
        pairs: np.ndarray | None = None,
        names: Sequence[str] = (),
    ) -> None:
        self.speech, self.images, self.training, self.device = speech, images, training, speech.device
        self.pairing = None if pairs is not None else _pairing(speech, images)
        self.sources = {"speech": speech, "image": images}
        self.sources |= {name: self.sources[kind(name)] for name in names}
        self.further = [_pairing(speech, own) for own in list(self.sources.values())[2:]]
        self.pairs = np.zeros((0, 2), np.int64) if pairs is None else self._with_further(pairs, 0)
        self.epoch, self.next = -1, 0
        self.steps = len(speech) // training.batch
        if pairs is None and not self.steps:
            raise InputError(
                f"{speech.store.path}: {len(speech)} spoken digits, fewer than training.batch={training.batch}"
            )

    @property
    def fixed(self) -> bool:
        """Pairs are put together anew, and have their own lengths."""
        return False

    def enter(self, step: int) -> bool:
        """Go to the pairs of `step`; there are no passes in which a model sets a table."""
        epoch, self.next = divmod(step, self.steps)
        if epoch != self.epoch:
            self._begin(epoch)
        return False

    def _begin(self, epoch: int) -> None:
        assert self.pairing is not None
        self.epoch, seed = epoch, self.training.seed
        order = _in_batches(self.speech.counts, self.training.batch, np.random.default_rng((seed, epoch, 1)))
        self.pairs = self._with_further(np.stack([order, self.pairing.draw(seed, epoch)[order]], 1), epoch)

    def _with_further(self, pairs: np.ndarray, epoch: int) -> np.ndarray:
        """Pairs (P, 2) with a column more for each further modality, a sample of the same digit."""
        drawn = [p.draw(self.training.seed, epoch, 2 + k) for k, p in enumerate(self.further)]
        return np.stack([*pairs.T, *(samples[pairs[:, 0]] for samples in drawn)], 1)

    def draw(self, generator: torch.Generator) -> Pairs:
        """This rank's slice of the next batch of the epoch; what is left at its end is left out."""
        size = self.training.batch
        batch = self._batch(self.pairs[self.next * size : (self.next + 1) * size])
        self.next = (self.next + 1) % self.steps
        return batch

    def tile(self, generator: torch.Generator) -> Iterator[Pairs]:
        """All pairs in order, a batch at a time; a last part batch is left out."""
        size = min(self.training.batch, len(self.pairs)) // parallel.world() * parallel.world()
        for begin in range(0, len(self.pairs) // size * size, size):
            yield self._batch(self.pairs[begin : begin + size])

    def everything(self) -> Iterator[Pairs]:
        """As `tile`, which draws nothing."""
        return self.tile(torch.Generator(self.device))

    def _batch(self, pairs: np.ndarray) -> Pairs:
        own = np.array_split(pairs, parallel.world())[parallel.rank()]
        columns = zip(self.sources.items(), own.T, strict=True)
        return Pairs({name: samples.view(chosen) for (name, samples), chosen in columns})


def _in_batches(counts: np.ndarray, size: int, rng: np.random.Generator, window: int = 8) -> np.ndarray:
    """A random order of samples of `counts` frames whose batches of `size` hold samples of like length.

    Samples are sorted by length within random `window`s of batches, so that less than half as many frames are padding;
    the batches come in an order of their own, what is left over comes last.
    """
    order = rng.permutation(len(counts))
    order = np.concatenate(
        [
            part[np.argsort(counts[part], kind="stable")]
            for part in np.split(order, range(window * size, len(order), window * size))
        ]
    )
    whole = len(order) // size * size
    batches = order[:whole].reshape(-1, size)
    return np.concatenate([rng.permutation(batches).ravel(), order[whole:]])


def paired(
    training: Training,
    features: Path,
    data: Path,
    images: Path,
    device: torch.device,
    names: Sequence[str] = (),
) -> tuple[PairBatches, PairBatches]:
    """Pairs of `train`, drawn anew in every epoch, and those of `dev` that `data/dev/pairs` fixes.

    Args:
        features, data, images: folders that hold stores of speech, data directories and stores of images.
        names: as of `PairBatches`.

    Raises:
        InputError: something is missing or does not belong together.
    """
    store = Store.read(features / "train")
    if store.settings["type"] == "image":
        raise InputError(f"{store.path}: holds images; --features are the spoken digits")
    speech, looks = (spoken(features / p, data / p, store.mean, store.std, device) for p in ("train", "dev"))
    drawn, shown = (written(images / p, device) for p in ("train", "dev"))
    anew = PairBatches(speech, drawn, training, names=names)
    file = data / "dev" / "pairs"
    fixed = read_pairs(file, looks.store.utts, shown.store.utts)
    _same_digits(file, looks.digits[fixed[:, 0]], shown.digits[fixed[:, 1]])
    return anew, PairBatches(looks, shown, training, fixed, names)


def _same_digits(file: Path, speech: np.ndarray, images: np.ndarray) -> None:
    wrong = np.flatnonzero(speech != images)
    if len(wrong):
        one, other = speech[wrong[0]], images[wrong[0]]
        raise InputError(
            f"{file}:{wrong[0] + 1}: pairs a spoken {one} with a written {other}; make the pairs again"
        )


def _pairing(speech: Samples, images: Samples) -> Pairing:
    try:
        return Pairing(speech.digits, images.digits)
    except InputError as error:
        raise InputError(f"{speech.store.path} and {images.store.path}: {error}") from None
