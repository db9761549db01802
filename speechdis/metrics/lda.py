"""Supervised linear discriminant analysis of utterance vectors: what speaker labels add to them.

FHVAE's table (Hsu, Zhang & Glass 2017) has it beside the raw cosine. It has seen which training speaker said what: its
figure stands beside those of labelled systems, not of unsupervised ones.
"""

from collections.abc import Callable, Sequence

import numpy as np

from speechdis.errors import InputError


def lda(vectors: np.ndarray, spks: Sequence[str], dimensions: int) -> Callable[[np.ndarray], np.ndarray]:
    """Learn a projection to `dimensions` from the vectors (U, D) of speakers `spks`; it maps (M, D) to them.

    Raises:
        InputError: more dimensions than a vector has, or than speakers less one.
    """
    size, speakers = vectors.shape[1], len(set(spks))
    most = min(size, speakers - 1)
    if not 0 < dimensions <= most:
        raise InputError(
            f"--lda {dimensions}: vectors of {size} dimensions and {speakers} training speakers allow 1 to {most}"
        )
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis(n_components=dimensions).fit(vectors, spks).transform
