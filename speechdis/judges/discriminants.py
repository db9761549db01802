"""What tells training speakers apart in what is measured of utterances: principal components, then discriminants."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from speechdis.errors import InputError
from speechdis.metrics.baselines import standardised

Project = Callable[[np.ndarray], np.ndarray]  # of (M, F) to (M, E)


def discriminants(
    measured: np.ndarray,
    speakers: np.ndarray,
    components: Sequence[int],
    shrinkages: Sequence[str | None] = (None,),
    seed: int = 0,
) -> Iterator[tuple[dict[str, int | str | None], Project]]:
    """Every PCA followed by every LDA of utterances (U, F) of `speakers` (U,): how it is set, and the map.

    Args:
        components: of PCA; at most half as many as utterances, for LDA of more learns these by heart.
        shrinkages: of the covariance within speakers (Ledoit & Wolf); None: none.
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
    known = standardised(measured, measured)
    most = max(1, min(max(components), len(known) // 2, known.shape[1]))
    solver = "randomized" if most < known.shape[1] else "full"
    pca = PCA(most, svd_solver=solver, random_state=seed).fit(known)
    reduced = pca.transform(known)
    for size in sorted({min(size, most) for size in components}):
        for shrinkage in shrinkages:
            lda = LinearDiscriminantAnalysis("svd" if shrinkage is None else "eigen", shrinkage=shrinkage)
            lda.fit(reduced[:, :size], speakers)

            def project(
                rows: np.ndarray, size: int = size, lda: LinearDiscriminantAnalysis = lda
            ) -> np.ndarray:
                return lda.transform(pca.transform(standardised(rows, measured))[:, :size])

            yield {"components": size, "shrinkage": shrinkage}, project
