"""Vectors of utterances in files, with what they are scored by: cosine, or PLDA learnt from others, and a cohort."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechdis.errors import InputError
from speechdis.metrics.files.trials import read_utt2spk
from speechdis.metrics.files.vectors import read_embeddings
from speechdis.metrics.plda import Plda, train
from speechdis.metrics.scoring import Scoring, adaptive_norm, cosine
from speechdis.metrics.trials import speakers_of


@dataclass(frozen=True)
class Embeddings:
    """Files of vectors: those that are compared, and those that say how.

    Attributes:
        scp: an index of the vectors that are compared.
        center: an index whose mean is subtracted from all vectors.
        plda, plda_utt2spk: an index of vectors that PLDA is learnt from, and their speakers; None for cosine.
        cohort: an index of vectors of other people, for AS-norm; None for no norm.
        top: of the cohort, how many are compared with an utterance.
    """

    scp: Path
    center: Path | None = None
    plda: Path | None = None
    plda_utt2spk: Path | None = None
    cohort: Path | None = None
    top: int = 300

    def read(self, utts: Collection[str] | None = None) -> tuple[tuple[str, ...], Scoring]:
        """Ids (U,), and the scoring of their pairs; `utts` as in `read_embeddings`.

        Raises:
            InputError: as `read_embeddings`, `train` and `adaptive_norm`; vectors of different length.
        """
        names, vectors = read_embeddings(self.scp, utts, self.center)
        model = self._model(vectors.shape[1])
        if self.cohort is None:
            return names, _scoring(model, vectors)
        others = self._others(self.cohort, vectors.shape[1])[1]
        scoring = _scoring(model, np.concatenate([vectors, others]))
        try:
            return names, adaptive_norm(scoring, len(others), self.top)
        except InputError as error:
            raise InputError(f"{self.cohort}: {error}") from None

    def _model(self, size: int) -> Plda | None:
        if self.plda is None or self.plda_utt2spk is None:
            return None
        names, vectors = self._others(self.plda, size)
        try:
            return train(vectors, speakers_of(names, read_utt2spk(self.plda_utt2spk)))
        except InputError as error:
            raise InputError(f"{self.plda}: {error}") from None

    def _others(self, scp: Path, size: int) -> tuple[tuple[str, ...], np.ndarray]:
        names, vectors = read_embeddings(scp, None, self.center)
        if vectors.shape[1] != size:
            raise InputError(f"{scp}: vectors of {vectors.shape[1]} numbers, not {size} as in {self.scp}")
        return names, vectors


def _scoring(model: Plda | None, vectors: np.ndarray) -> Scoring:
    return cosine(vectors) if model is None else model.scoring(vectors)
