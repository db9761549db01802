"""The back end of an attacker: what it measures of an utterance, reduced by PCA and LDA, and compared by PLDA.

How many components are kept, and whether PLDA or the cosine compares, is what fits held-out speakers best.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from speechdis.errors import InputError
from speechdis.judges.discriminants import discriminants
from speechdis.metrics import plda
from speechdis.metrics.scoring import Scoring, cosine

COMPONENTS = (50, 100, 200, 400)  # of PCA, half as many as utterances at most


@dataclass(frozen=True)
class BackEnd:
    """Vectors of what is measured, and their scores.

    Attributes:
        project: what is measured (U, F) to vectors (U, E).
        compare: vectors to their scoring.
        settings: which were kept.
        error: of the scoring of what was held out.
    """

    project: Callable[[np.ndarray], np.ndarray]
    compare: Callable[[np.ndarray], Scoring]
    settings: dict[str, int | str]
    error: float

    def __call__(self, measured: np.ndarray) -> Scoring:
        """The scoring of utterances (U, F)."""
        return self.compare(self.project(measured))


def fit(
    measured: np.ndarray,
    speakers: np.ndarray,
    held_out: np.ndarray,
    error: Callable[[Scoring], float],
    seed: int = 0,
) -> BackEnd:
    """Learn from utterances (U, F) of `speakers` (U,).

    Args:
        held_out: (V, F) of other speakers.
        error: of the scoring of `held_out`; what makes it least is kept.
        seed: of PCA.

    Raises:
        InputError: no speaker has two utterances that differ.
    """
    found = None
    for components, project in discriminants(measured, speakers, COMPONENTS, seed):
        held = project(held_out)
        for name, compare in comparisons(project(measured), speakers).items():
            wrong = error(compare(held))
            if found is None or wrong < found.error:
                found = BackEnd(project, compare, {"components": components, "scores": name}, wrong)
    assert found is not None
    return found


def comparisons(vectors: np.ndarray, speakers: np.ndarray) -> dict[str, Callable[[np.ndarray], Scoring]]:
    """By name, ways to score pairs of vectors: the cosine, and PLDA where vectors (U, D) of `speakers` teach it."""
    found: dict[str, Callable[[np.ndarray], Scoring]] = {"cosine": cosine}
    with suppress(InputError, np.linalg.LinAlgError):  # too few, or no spread
        found["PLDA"] = plda.train(vectors, speakers).scoring
    return found
