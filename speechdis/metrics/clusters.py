"""Do codes fall into as many clusters as there are digits? Hsu & Glass 2018, section 4.4 and appendix C."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from speechdis.errors import InputError

RESTARTS = 10
SHOWN = 1000  # points of a map
ALIKE = 1e-6  # values nearer one another in every dimension are one point


def purity(clusters: np.ndarray, digits: np.ndarray) -> float:
    """Share of N samples that are of their cluster's commonest digit: each cluster's purity, weighted by its size.

    Args:
        clusters, digits: (N,) integers from 0.

    >>> purity(np.array([0, 0, 0, 1]), np.array([7, 7, 3, 3]))
    0.75
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


def tsne(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """scikit-learn's t-SNE of values (N, D), (N, 2). A collapsed posterior's, which are all one, stay one point."""
    from sklearn.manifold import TSNE

    if np.ptp(values, axis=0).max() < ALIKE:  # of these scikit-learn's ends the process
        return np.zeros((len(values), 2))
    perplexity = min(30.0, (len(values) - 1) / 3)
    return TSNE(random_state=seed, perplexity=perplexity, max_iter=600).fit_transform(values)


def mapped(codes: np.ndarray, digits: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """t-SNE of codes (N, D) and their digits (N,): points (M, 2) and digits (M,) of 1,000 drawn ones at most."""
    chosen = np.random.default_rng(seed).permutation(len(codes))[:SHOWN]
    return tsne(codes[chosen], seed), digits[chosen]


def mapped_together(
    codes: Mapping[str, tuple[np.ndarray, np.ndarray]], seed: int = 0
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """One t-SNE of the same code of several modalities: of each, points (M, 2) and digits (M,).

    Args:
        codes: of each modality its codes (N, D) and digits (N,); as many of each are drawn, 1,000 together at most.
    """
    rng, size = np.random.default_rng(seed), SHOWN // len(codes)
    chosen = [rng.permutation(len(digits))[:size] for _, digits in codes.values()]
    values = [mean[some] for (mean, _), some in zip(codes.values(), chosen, strict=True)]
    points = np.split(tsne(np.concatenate(values), seed), np.cumsum([len(v) for v in values])[:-1])
    own = [digits[some] for (_, digits), some in zip(codes.values(), chosen, strict=True)]
    return dict(zip(codes, zip(points, own, strict=True), strict=True))
