"""Maps of the codes: t-SNE of s and z, coloured by who speaks and by what is said."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from speechdis.evaluation.embeddings import Embeddings
from speechdis.evaluation.speech import Split
from speechdis.features import FeatureSettings
from speechdis.metrics.clusters import tsne
from speechdis.metrics.probes import frame_labels, log_energy
from speechdis.plots.colours import COLOURS, FAINT, colour, shades
from speechdis.report.figures import Figure, scatter

SHOWN = len(COLOURS)  # speakers, or labels, of a map
POINTS = 500  # of a map


def maps(out: Path, key: str, name: str, found: Embeddings, split: Split, seed: int = 0) -> list[Figure]:
    """Draw t-SNE of s and of z, a point a segment (z of its middle frame) of up to SHOWN speakers, in two colourings.

    Args:
        key: of the files' names.
        name: of the experiment.
    """
    speakers = sorted(set(split.store.spks))
    speakers = [speakers[k] for k in np.unique(np.linspace(0, len(speakers) - 1, SHOWN).round().astype(int))]
    own = np.array(split.store.spks)[found.utterance]
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(np.flatnonzero(np.isin(own, speakers)))[:POINTS])
    middle = (np.cumsum(found.lengths) - found.lengths + found.lengths // 2)[chosen]
    spoken = _said(split, middle)
    voices = np.array([speakers.index(s) for s in own[chosen]])
    figures = []
    for code, values in (("s", found.segments[chosen]), ("z", found.frames[middle])):
        points = tsne(values, seed)
        near = _neighbours(points)
        for by, labels in (("speaker", voices), spoken):
            colours, legend = _coloured(labels, speakers if by == "speaker" else None)
            told = _agreement(labels, near, by)
            alt = f"Map of {code} of {name}, coloured by {by}. {told}"
            file = f"{key}-{code}-{by}"
            figures.append(scatter(out, file, points, colours, alt, f"{code}, by {by}", told, legend))
    return figures


def _said(split: Split, frames: np.ndarray) -> tuple[str, np.ndarray]:
    """What is said in some frames of a store: phones, or words, where timed; else how loud they are."""
    cut = FeatureSettings.of(split.store.settings)
    for kind in ("phones", "words"):
        timed = [getattr(u, kind) for u in split.utterances]  # a dataclass field
        if any(timed):
            labels = [
                frame_labels(t, count, cut.hop, cut.window)
                for t, count in zip(timed, split.store.counts, strict=True)
            ]
            return kind.removesuffix("s"), np.concatenate(labels)[frames]
    return "energy", log_energy(np.asarray(split.store.spectra[frames]))


def _neighbours(points: np.ndarray) -> np.ndarray:
    """The nearest other point of each of (M, 2)."""
    from scipy.spatial import cKDTree

    return cKDTree(points).query(points, k=2)[1][:, 1]


def _agreement(labels: np.ndarray, near: np.ndarray, by: str) -> str:
    """How often a point's neighbour is its like, beside chance."""
    if labels.dtype.kind == "f":
        return f"The {by} of nearest neighbours correlates by {np.corrcoef(labels, labels[near])[0, 1]:.2f}."
    same = 100 * (labels == labels[near]).mean()
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    chance = 100 * np.square(shares).sum()
    return f"Nearest neighbours are of the same {by} in {same:.0f} % (chance {chance:.0f} %)."


def _coloured(
    labels: np.ndarray, names: Sequence[str] | None = None
) -> tuple[list[str], list[tuple[str, str]]]:
    """A colour for each point, and what the colours say; of many labels the commonest have one."""
    if labels.dtype.kind == "f":
        rank = np.argsort(np.argsort(labels)) / max(len(labels) - 1, 1)
        key = shades(np.array([0.0, 0.5, 1.0]))
        return shades(rank), list(zip(("quiet", "middle", "loud"), key, strict=True))
    values, counts = np.unique(labels, return_counts=True)
    common = [v for v in values[np.argsort(-counts, kind="stable")] if v != ""][:SHOWN]
    given = {v: colour(k) for k, v in enumerate(sorted(common))}
    legend = [(names[int(v)] if names else str(v), c) for v, c in given.items()]
    others = [] if len(common) == len(values) else [("other", FAINT)]
    return [given.get(v, FAINT) for v in labels], legend + others
