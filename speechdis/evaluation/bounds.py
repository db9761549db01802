"""Bounds of sequence models (VRNN, A-VRNN) on held-out speech, per time step, and how well frames are said.

Natural logarithms of densities of normalised frames, over consecutive segments of the model's length, a last partial
one included; means over frames. Squared errors are those of expected frames: with the true past ("teacher-forced"), and
from z alone, each expected frame fed back ("free-running"). 1 is what the mean frame gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from speechdis.evaluation.embeddings import segments
from speechdis.evaluation.table import grid
from speechdis.features.store import Store
from speechdis.models.base import Batch, SequenceModel
from speechdis.models.vrnn import importance
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.reader import SegmentReader
from speechdis.training.rows import on_device

ROWS = 1024  # segments times samples at a time


@dataclass(frozen=True)
class Bounds:
    """Nats a frame, and squared errors a frame and bin.

    Attributes:
        reconstruction: expected log-likelihood.
        kl: KL(q || p), analytic at every frame; elbo = reconstruction - kl.
        iwae: importance-weighted bound of `samples` draws, with the same draws as `elbo`.
        critic: distance of prior and posterior that the model's critic sees, None without one; 0 where it sees none.
        teacher_forced, free_running: squared errors.
        segments, frames: what was measured.
    """

    reconstruction: float
    kl: float
    elbo: float
    iwae: float
    critic: float | None
    teacher_forced: float
    free_running: float
    samples: int
    segments: int
    frames: int


@torch.no_grad()
def bounds(
    checkpoint: Checkpoint,
    store: Store,
    device: torch.device,
    samples: int = 64,
    most: int = 500,
    seed: int = 0,
) -> Bounds:
    """Measure a model on up to `most` segments, evenly spread over `store`.

    Raises:
        InputError: a model with a static factor, or features that are not its own.
    """
    model = checkpoint.model_of(SequenceModel, "is no sequence model; 'speechdis evaluate' measures it")
    checkpoint.check(store)
    starts, lengths, _ = segments(store, checkpoint.segment)
    kept = np.unique(np.linspace(0, len(starts) - 1, min(most, len(starts))).round().astype(np.int64))
    reader = SegmentReader(on_device(store.frames, device), checkpoint.mean, checkpoint.std)
    generator = torch.Generator(device).manual_seed(seed)
    sums = np.zeros(1)
    for chunk in np.array_split(kept, min(len(kept), -(-len(kept) * samples // ROWS))):
        size = torch.as_tensor(lengths[chunk], device=device)
        x = reader.read(starts[chunk], lengths[chunk], checkpoint.segment).x  # (B, T, F)
        sums = sums + _sums(model, Batch(x, size), samples, generator)
    total = int(lengths[kept].sum())
    reconstruction, kl, elbo, iwae, forced, free = sums[:6] / total
    critic = sums[6] / len(kept) if len(sums) > 6 else None
    bins = store.frames.shape[1]
    return Bounds(
        reconstruction, kl, elbo, iwae, critic, forced / bins, free / bins, samples, len(kept), total
    )


def _sums(model: SequenceModel, batch: Batch, samples: int, generator: torch.Generator) -> np.ndarray:
    """Sums over a batch of what `Bounds` names, the critic's last, if there is one."""
    assert batch.lengths is not None
    size, x = len(batch.x), batch.x
    weights = model.log_weights(x, batch.lengths, samples, generator)
    terms = model.loss(batch, generator)
    real = (torch.arange(x.shape[1], device=x.device) < batch.lengths[:, None])[..., None]
    static, dynamic = model.embed(x, batch.lengths)
    made = model.reconstruct(x), model.decode(static, dynamic, batch.lengths).mean
    forced, free = (((m - x).square() * real).sum() for m in made)
    critic = model.adversarial_loss(batch, generator).values()
    kl = terms["kl_dynamic"] * size
    elbo = weights.mean(0).sum()
    found = (elbo + kl, kl, elbo, importance(weights).sum(), forced, free, *(c * size for c in critic))
    return torch.stack([v.double() for v in found]).cpu().numpy()


COLUMNS = {
    "reconstruction": "reconstruction",
    "KL(q, p)": "kl",
    "ELBO": "elbo",
    "IWAE": "iwae",
    "critic": "critic",
    "squared error, teacher-forced": "teacher_forced",
    "free-running": "free_running",
}


def markdown(rows: Mapping[str, Bounds]) -> str:
    """A table, a row a system."""
    cells = []
    for name, row in rows.items():
        values = (getattr(row, field) for field in COLUMNS.values())  # a dataclass's fields
        cells.append([name, *("" if v is None else f"{v:.4g}" for v in values)])
    return grid(["system", *COLUMNS], cells)
