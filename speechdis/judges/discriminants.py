"""What tells training speakers apart in what is measured of utterances: principal components, then discriminants."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from speechdis.errors import InputError
from speechdis.metrics.moments import moments

Project = Callable[[np.ndarray], np.ndarray]  # of (M, F) to (M, E)


def discriminants(
    measured: np.ndarray,
    speakers: np.ndarray,
    components: Sequence[int],
    seed: int = 0,
) -> Iterator[tuple[int, Project]]:
    """Every PCA followed by an LDA of utterances (U, F) of `speakers` (U,): how many components it has, and the map.

    Args:
        components: of PCA; at most half as many as utterances, for LDA of more learns these by heart.
        seed: of PCA.

    Raises:
        InputError: no speaker has two utterances that differ.
    """
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    if all(not np.ptp(measured[speakers == one], axis=0).any() for one in set(speakers.tolist())):
        raise InputError(
            "utterances of a training speaker are all the same; an attacker learns from what differs"
        )
    mean, std = moments(measured)
    known = (measured - mean) / std
    most = max(1, min(max(components), len(known) // 2, known.shape[1]))
    solver = "randomized" if most < known.shape[1] else "full"
    pca = PCA(most, svd_solver=solver, random_state=seed).fit(known)
    reduced = pca.transform(known)
    for size in sorted({min(size, most) for size in components}):
        lda = LinearDiscriminantAnalysis().fit(reduced[:, :size], speakers)

        def project(rows: np.ndarray, size: int = size, lda: LinearDiscriminantAnalysis = lda) -> np.ndarray:
            return lda.transform(pca.transform((rows - mean) / std)[:, :size])

        yield size, project
