"""Every figure of a model of spoken and written digits: clusters of its codes, and digits that it makes.

A result is a dict (JSON): `clusters` holds purity, NMI and ARI of every code that the unimodal encoders infer;
`inertia` the curve of the code that should hold the digit; `judges` the judges' accuracy on real digits; `generation`,
for each direction, how often a generated digit is the right one and in the style of its reference; `existence` the
check of section 4.3.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from speechdis.judges.digit_judge import DigitJudge
from speechdis.metrics.clusters import agreement, inertia, kmeans
from speechdis.nn.modality import View, kind
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.paired_batches import Samples, paired_model

CLASSES = 10
BATCH = 250
Codes = dict[str, Tensor]  # by name, posterior means (U, D)


@torch.no_grad()
def infer(checkpoint: Checkpoint, name: str, samples: Samples) -> Codes:
    """Posterior means (U, D) of every code of all samples of modality `name`, by its unimodal encoder."""
    model = paired_model(checkpoint)
    parts = np.split(np.arange(len(samples)), range(BATCH, len(samples), BATCH))
    found = [model.infer(name, samples.view(part)) for part in parts]
    return {code: torch.cat([q[code].mean for q in found]) for code in found[0]}


def clustered(codes: Mapping[str, Codes], samples: Mapping[str, Samples], seed: int = 0) -> dict[str, Any]:
    """Agreement with the digit of ten clusters of each code of each modality, and inertia of the first code.

    "pooled": of ten clusters of the first code of all modalities together (figure 13).
    """
    figures: dict[str, Any] = {"clusters": {}, "inertia": {}}
    for name, found in codes.items():
        digits = samples[name].digits
        figures["clusters"][name] = {
            code: agreement(kmeans(mean.cpu().numpy(), CLASSES, seed).labels_, digits)
            for code, mean in found.items()
        }
        figures["inertia"][name] = inertia(next(iter(found.values())).cpu().numpy(), seed=seed)
    together = np.concatenate([next(iter(found.values())).cpu().numpy() for found in codes.values()])
    digits = np.concatenate([samples[name].digits for name in codes])
    figures["pooled"] = agreement(kmeans(together, CLASSES, seed).labels_, digits)
    return figures


def generated(
    checkpoint: Checkpoint,
    codes: Mapping[str, Codes],
    samples: Mapping[str, Samples],
    judges: Mapping[str, DigitJudge],
    count: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """How often digits made within and across modalities are the right ones, in the style of their references.

    The semantic code is of a sample of the one modality, the style that of another of the other one, of any digit.
    A style is kept where the made sample's own style falls into the reference's of ten clusters of styles; `chance`
    is how often two styles drawn alike do. Speech is made with the reference's number of frames, and once more with
    the number that the decoder finds likeliest ("predicted"). A model without styles is judged by the digit alone.
    """
    figures = {}
    for target in codes:
        styles = codes[target].get("style")
        groups = None if styles is None else kmeans(styles.cpu().numpy(), CLASSES, seed)
        for source in codes:
            rng = np.random.default_rng(seed)
            meant = rng.integers(len(samples[source]), size=count)
            like = rng.integers(len(samples[target]), size=count)
            chosen = {code: values[meant] for code, values in codes[source].items()}
            if styles is not None:
                chosen["style"] = styles[like]
            for durations in ("reference", "predicted") if kind(target) == "speech" else ("",):
                lengths = torch.from_numpy(samples[target].counts[like])
                made = make(checkpoint, target, chosen, None if durations == "predicted" else lengths)
                right = judges[target].digits(made) == samples[source].digits[meant]
                row = {"right_digit": float(right.mean()), "count": count}
                if groups is not None:
                    with torch.no_grad():
                        again = paired_model(checkpoint).infer(target, made)["style"].mean.cpu().numpy()
                    share = np.bincount(groups.labels_, minlength=CLASSES) / len(groups.labels_)
                    row["same_style"] = float((groups.predict(again) == groups.labels_[like]).mean())
                    row["chance"] = float(np.square(share).sum())
                figures[f"{source} to {target}" + (f", {durations} length" if durations else "")] = row
    return figures


@torch.no_grad()
def decoded(
    checkpoint: Checkpoint,
    codes: Mapping[str, Codes],
    samples: Mapping[str, Samples],
    source: str,
    digits: Sequence[int] = (0, 1, 2),
    each: int = 4,
) -> tuple[list[np.ndarray], list[list[np.ndarray]]]:
    """Figure 2: some samples of modality `source`, and a row for each modality that their codes are decoded to.

    What tells samples of one digit apart shows in the modality they are of, and not in the other.

    Args:
        digits, each: which, and how many samples of each at most.
    """
    chosen = np.concatenate([np.flatnonzero(samples[source].digits == digit)[:each] for digit in digits])
    read = {code: values[chosen] for code, values in codes[source].items()}
    rows = []
    for target in codes:
        made = make(checkpoint, target, read)
        counts = [made.x.shape[1]] * len(chosen) if made.lengths is None else made.lengths.tolist()
        rows.append([x[:n].cpu().numpy() for x, n in zip(made.x, counts, strict=True)])
    return [np.asarray(samples[source].store[k]) for k in chosen], rows


@torch.no_grad()
def make(checkpoint: Checkpoint, name: str, codes: Codes, lengths: Tensor | None = None) -> View:
    """Mean samples of modality `name`; speech of `lengths` (B,) frames, or of the likeliest number, zeros past it."""
    model, device = paired_model(checkpoint), next(iter(codes.values())).device
    if kind(name) == "image":
        return View(model.generate(name, codes))
    lengths = model.frames(name, codes) if lengths is None else lengths.to(device)
    x = model.generate(name, codes, lengths)
    inside = torch.arange(x.shape[1], device=device) < lengths[:, None]
    return View(x * inside[..., None], lengths)


def existence(
    checkpoint: Checkpoint, codes: Mapping[str, Codes], samples: Mapping[str, Samples]
) -> dict[str, float]:
    """Section 4.3: does what tells samples of one digit apart in one modality show in the other?

    For each pair of modalities: variance within digits of what is decoded in the second from codes of the first, over
    the same of codes of the second itself. Near 0, the first modality knows nothing of the second one's style. Codes
    are decoded as they are, speech with the middle number of frames.
    """
    spread = {}
    for target in codes:
        count = int(np.median(samples[target].counts))
        for source in codes:
            digits, within = samples[source].digits, []
            for digit in np.unique(digits):
                chosen = {
                    code: values[np.flatnonzero(digits == digit)[:100]]
                    for code, values in codes[source].items()
                }
                lengths = torch.full((len(next(iter(chosen.values()))),), count)
                within.append(make(checkpoint, target, chosen, lengths).x.var(0, correction=0).sum())
            spread[source, target] = float(torch.stack(within).mean())
    return {
        f"{source} to {target}": spread[source, target] / spread[target, target]
        for source, target in spread
        if source != target
    }
