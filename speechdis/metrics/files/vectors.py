"""Vectors of utterances in Kaldi's archives, checked before they are compared."""

import logging
from collections.abc import Collection
from pathlib import Path

import numpy as np

from speechdis.data.archive import Entry, read_scp, read_vector
from speechdis.errors import InputError
from speechdis.metrics.names import match_names


def read_embeddings(
    scp: str | Path, utts: Collection[str] | None = None, center: str | Path | None = None
) -> tuple[tuple[str, ...], np.ndarray]:
    """Ids (U,) and vectors (U, D) float64 of an index.

    Ids that differ by a suffix or by folders alone are matched, with a note.

    Args:
        utts: whose vectors, in which order; None for all in the index.
        center: an index whose mean vector is subtracted.

    Raises:
        InputError: an utterance without vector; vectors of different length, or with NaN or infinity.
    """
    entries = read_scp(scp)
    if utts is not None:
        entries = _chosen(scp, entries, utts)
    vectors = _read(scp, entries)
    if center is not None:
        centre = _read(center, read_scp(center)).mean(axis=0)
        if len(centre) != vectors.shape[1]:
            raise InputError(f"{center}: vectors of {len(centre)} numbers, not {vectors.shape[1]}")
        vectors = vectors - centre
    return tuple(entries), vectors


def _chosen(scp: str | Path, entries: dict[str, Entry], utts: Collection[str]) -> dict[str, Entry]:
    """The entries of `utts`, under the names that these have."""
    missing = [utt for utt in utts if utt not in entries]
    known = set(utts)
    names = match_names(missing, [utt for utt in entries if utt not in known]) if missing else {}
    if missing and not names:
        others = f" and {len(missing) - 1:,} others" if len(missing) > 1 else ""
        first = f"; its first id is '{next(iter(entries))}'" if entries else ""
        raise InputError(f"{scp}: no vector for utterance '{missing[0]}'{others} of the trials{first}")
    if names:
        logging.getLogger(__name__).info(
            "%s: '%s' is taken for '%s' of the trials, and so on: %s ids differ by suffix or folder",
            scp, names[missing[0]], missing[0], f"{len(names):,}",
        )  # fmt: skip
    return {utt: entries[names.get(utt, utt)] for utt in utts}


def _read(scp: str | Path, entries: dict[str, Entry]) -> np.ndarray:
    """(U, D) float64, of entries of an index."""
    if not entries:
        raise InputError(f"{scp}: empty; expected a line an utterance")
    vectors: list[np.ndarray] = []
    for utt, entry in entries.items():
        vectors.append(read_vector(entry))
        if len(vectors[-1]) != len(vectors[0]):
            raise InputError(
                f"{scp}: vector of '{utt}' has {len(vectors[-1])} numbers, the first has {len(vectors[0])}"
            )
        if not np.isfinite(vectors[-1]).all():
            raise InputError(f"{scp}: vector of '{utt}' holds NaN or infinity")
    return np.stack(vectors).astype(np.float64)
