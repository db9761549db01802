"""What the score of a pair of utterances is, in a form that blocks of many pairs are computed in.

Cosine, PLDA and either after adaptive s-norm have one form: a product of two vectors, times a factor and plus a term
to which both sides contribute. So a block of pairs is one matrix product.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from speechdis.errors import InputError
from speechdis.metrics.trials import unit_vectors


@dataclass(frozen=True)
class Scoring:
    """score(i, j) = left_i . right_j (factor_i + factor_j) + term_i + term_j, the same for (j, i).

    Attributes:
        left, right: (U, D) float32.
        factor, term: (U,) float32; None for a factor of 1 and a term of 0.
    """

    left: np.ndarray
    right: np.ndarray
    factor: np.ndarray | None = None
    term: np.ndarray | None = None

    def __len__(self) -> int:
        """Number of utterances."""
        return len(self.left)

    def pairs(self, i: np.ndarray, j: np.ndarray, chunk: int = 1 << 16) -> np.ndarray:
        """Scores (N,) float32 of pairs (N,) of rows, `chunk` of them at a time."""
        scores = np.empty(len(i), np.float32)
        for start in range(0, len(i), chunk):
            part = slice(start, start + chunk)
            np.einsum("nd,nd->n", self.left[i[part]], self.right[j[part]], out=scores[part])
            if self.factor is not None:
                scores[part] *= self.factor[i[part]] + self.factor[j[part]]
            if self.term is not None:
                scores[part] += self.term[i[part]] + self.term[j[part]]
        return scores

    def blocks(self, device: str = "cpu") -> Callable[[slice, slice], np.ndarray]:
        """A function of rows (A) and rows (B) that gives their scores (A, B) float32; products are on `device`."""
        product = self._numpy if device == "cpu" else self._torch(device)

        def scores(a: slice, b: slice) -> np.ndarray:
            found = product(a, b)
            if self.factor is not None:
                found *= self.factor[a, None] + self.factor[b]
            if self.term is not None:
                found += self.term[a, None] + self.term[b]
            return found

        return scores

    def _numpy(self, a: slice, b: slice) -> np.ndarray:
        return self.left[a] @ self.right[b].T

    def _torch(self, device: str) -> Callable[[slice, slice], np.ndarray]:
        import torch

        left, right = (torch.from_numpy(side).to(device) for side in (self.left, self.right))
        return lambda a, b: (left[a] @ right[b].T).cpu().numpy()


def cosine(vectors: np.ndarray) -> Scoring:
    """Cosines of vectors (U, D); 0 where one is zero."""
    unit = unit_vectors(vectors)
    return Scoring(unit, unit)


def adaptive_norm(scoring: Scoring, cohort: int, top: int = 300, block: int = 1 << 22) -> Scoring:
    """Adaptive symmetric normalisation, "AS-norm" (Matejka et al. 2017, their first variant).

    A score is compared with the `top` highest ones that either side has with a cohort of other people:
    ((s - mean_i) / std_i + (s - mean_j) / std_j) / 2.

    Args:
        scoring: of utterances, and of the cohort after them.
        cohort: how many these are.
        top: cohort vectors, for each utterance those most like it.
        block: scores made at a time.

    Raises:
        InputError: the cohort is too small, or all of it is equally like an utterance.
    """
    count = len(scoring) - cohort
    if not 2 <= top <= cohort:
        raise InputError(f"--top {top}: the cohort has {cohort:,} vectors, which allow 2 to {cohort:,}")
    scores, others = scoring.blocks(), slice(count, len(scoring))
    mean, std = np.empty(count), np.empty(count)
    rows = max(1, block // cohort)
    for start in range(0, count, rows):
        part = slice(start, min(count, start + rows))
        best = np.partition(scores(part, others), cohort - top, axis=1)[:, cohort - top :].astype(np.float64)
        mean[part], std[part] = best.mean(1), best.std(1)
    if not (std > 0).all():
        raise InputError("the whole cohort scores the same against an utterance; AS-norm needs a spread")
    factor = 0.5 / std
    left, right = scoring.left[:count], scoring.right[:count]
    return Scoring(left, right, factor.astype(np.float32), (-mean * factor).astype(np.float32))
