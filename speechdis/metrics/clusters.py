"""Do codes fall into as many clusters as there are digits? Hsu & Glass 2018, section 4.4 and appendix C."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from speechdis.data.figure import write_figure
from speechdis.errors import InputError

RESTARTS = 10
SHOWN = 1000  # points of a t-SNE plot
ALIKE = 1e-6  # values nearer one another in every dimension are one point


def purity(clusters: np.ndarray, digits: np.ndarray) -> float:
    """Share of N samples that are of their cluster's commonest digit: each cluster's purity, weighted by its size.

    Args:
        clusters, digits: (N,) integers from 0.
    """
    counts = np.zeros((clusters.max() + 1, digits.max() + 1), np.int64)
    np.add.at(counts, (clusters, digits), 1)
    return float(counts.max(1).sum() / len(digits))


def kmeans(codes: np.ndarray, count: int, seed: int = 0) -> Any:
    """scikit-learn's k-means of codes (N, D), the best of 10 seeded restarts; InputError where N < `count`."""
    from sklearn.cluster import KMeans

    if len(codes) < count:
        raise InputError(f"{len(codes)} samples are too few for {count} clusters")
    return KMeans(count, n_init=RESTARTS, random_state=seed).fit(codes)


def agreement(clusters: np.ndarray, digits: np.ndarray) -> dict[str, float]:
    """Purity, normalised mutual information and adjusted Rand index of clusters (N,) and digits (N,)."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return {
        "purity": purity(clusters, digits),
        "nmi": float(normalized_mutual_info_score(digits, clusters)),
        "ari": float(adjusted_rand_score(digits, clusters)),
    }


def inertia(codes: np.ndarray, counts: Iterable[int] = range(2, 21), seed: int = 0) -> dict[int, float]:
    """Sum of squared distances to the nearest centroid, by the number of clusters; its bend is where they end."""
    return {count: float(kmeans(codes, count, seed).inertia_) for count in counts}


def plot_inertia(path: Path, curves: Mapping[str, Mapping[int, float]]) -> None:
    """Draw inertia, as a share of that of two clusters, over the number of clusters (figure 3)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 3.5), layout="tight")
    ax = figure.add_subplot()
    for name, curve in curves.items():
        first = next(iter(curve.values())) or 1.0  # of a collapsed posterior: 0
        ax.plot(list(curve), [value / first for value in curve.values()], marker=".", label=name)
    ax.axvline(10, color="grey", linewidth=0.5)
    ax.set(xlabel="clusters", ylabel="inertia / inertia of two", xticks=range(2, 21, 2))
    ax.legend()
    write_figure(path, figure, dpi=80)


def plot_pooled(path: Path, codes: Mapping[str, tuple[np.ndarray, np.ndarray]], seed: int = 0) -> None:
    """Draw one t-SNE map of the same code of several modalities, a marker each, coloured by digit (figure 13).

    Args:
        codes: of each modality its codes (N, D) and digits (N,); as many of each are shown, 1,000 together at most.
    """
    from matplotlib.figure import Figure

    rng, size = np.random.default_rng(seed), SHOWN // len(codes)
    chosen = [rng.permutation(len(digits))[:size] for _, digits in codes.values()]
    values = [mean[some] for (mean, _), some in zip(codes.values(), chosen, strict=True)]
    points = np.split(tsne(np.concatenate(values), seed), np.cumsum([len(v) for v in values])[:-1])
    figure = Figure(figsize=(5, 5), layout="tight")
    ax = figure.add_subplot()
    for name, (_, digits), some, at, marker in zip(
        codes, codes.values(), chosen, points, "ox^sDv", strict=False
    ):
        ax.scatter(
            at[:, 0],
            at[:, 1],
            c=digits[some],
            cmap="tab10",
            vmin=0,
            vmax=9,
            s=12,
            marker=marker,
            linewidths=0.8,
            label=name,
        )
    ax.set(xticks=[], yticks=[])
    ax.legend()
    write_figure(path, figure, dpi=80)


def tsne(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """scikit-learn's t-SNE of values (N, D), (N, 2). A collapsed posterior's, which are all one, stay one point."""
    from sklearn.manifold import TSNE

    if np.ptp(values, axis=0).max() < ALIKE:  # of these scikit-learn's ends the process
        return np.zeros((len(values), 2))
    perplexity = min(30.0, (len(values) - 1) / 3)
    return TSNE(random_state=seed, perplexity=perplexity, max_iter=600).fit_transform(values)


def plot_tsne(path: Path, codes: Mapping[str, tuple[np.ndarray, np.ndarray]], seed: int = 0) -> None:
    """Draw t-SNE maps of codes, each coloured by digit (figures 12 to 15).

    Args:
        codes: for each map its title, codes (N, D) and digits (N,); 1,000 drawn ones of each are shown.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(codes), 4), layout="tight")
    axes = figure.subplots(1, len(codes), squeeze=False)
    for ax, (title, (values, digits)) in zip(axes[0], codes.items(), strict=True):
        chosen = np.random.default_rng(seed).permutation(len(values))[:SHOWN]
        points = tsne(values[chosen], seed)
        ax.scatter(*points.T, c=digits[chosen], cmap="tab10", vmin=0, vmax=9, s=4)
        ax.set(title=title, xticks=[], yticks=[])
    write_figure(path, figure, dpi=80)
