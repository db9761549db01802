"""Random numbers that belong to a name: the same in every process, order of work and Python run."""

import hashlib

import numpy as np


def generator_for(seed: int, *names: object) -> np.random.Generator:
    """Generator of its own for each (seed, names), such as an utterance id and a version."""
    text = "\t".join(map(str, (seed, *names)))
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16]))
