"""The C-DSVAE paper's scores of generation: one factor of a recording, the other drawn from its prior.

With p(y | x) a judge's opinion of sample x about the factor that was kept,

    accuracy    share of samples of which the judge finds it
    H(y | x)    mean entropy of the opinions: low where samples are clear ("intra-entropy" in the paper)
    H(y)        entropy of the mean opinion: high where samples differ ("inter-entropy")
    IS          exp(E KL(p(y | x) || p(y))) = exp(H(y) - H(y | x)), the inception score

The judges of `judges` hear the decoded frames; a voice is one of the enrolled speakers, words are one of the sentences.
"""

from dataclasses import dataclass

import numpy as np
import torch

from speechdis.evaluation.swap_scores import Listeners
from speechdis.features.store import Store
from speechdis.judges.judges import SCALE
from speechdis.synthesis import codes
from speechdis.synthesis.generation import new_words
from speechdis.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Scores:
    """Of N samples, in nats; see above."""

    accuracy: float
    inception: float
    within: float
    between: float
    samples: int


def scores(log_probabilities: np.ndarray, labels: np.ndarray) -> Scores:
    """Scores of opinions (N, K), natural logs that sum to 1 in each row, about samples whose labels (N,) are known."""
    from scipy.special import entr, rel_entr

    opinions = np.exp(log_probabilities)
    mean = opinions.mean(0)
    within, between = float(entr(opinions).sum(1).mean()), float(entr(mean).sum())
    inception = float(np.exp(rel_entr(opinions, mean).sum(1).mean()))
    if not np.allclose(opinions.sum(1), 1) or not np.isclose(inception, np.exp(between - within)):
        raise AssertionError("opinions do not sum to 1, or the inception score is not exp(H(y) - H(y | x))")
    right = float((log_probabilities.argmax(1) == labels).mean())
    return Scores(right, inception, within, between, len(labels))


@torch.no_grad()
def generated(
    checkpoint: Checkpoint, listeners: Listeners, store: Store, chosen: list[int], seed: int = 0
) -> dict[str, Scores]:
    """Scores of "voice" (kept, with new words), and of "words" (kept, in a new voice) where there are sentences.

    Args:
        store: frames of the listeners's utterances, in their order.
        chosen: utterances whose voice or words are kept.
    """
    from scipy.special import log_softmax

    model = codes.check(checkpoint)
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    opinions: dict[str, list[np.ndarray]] = {"voice": [], "words": []}
    spoken: list[int] = []
    for k in chosen:
        own = codes.encode(checkpoint, np.asarray(store[k]))
        babble = new_words(checkpoint, own.static, own.frames, generator)
        near = listeners.enrolled.cosines(listeners.judges.embed(babble), (k,))
        opinions["voice"].append(log_softmax(SCALE * near))
        text = tuple(listeners.utterances[k].text_phone.split())
        if listeners.judges.words is not None and text:
            new, _ = model.sample_prior(1, 1, generator)
            frames = codes.decode(checkpoint, codes.transfer_static(checkpoint, own.static, new), own)
            opinions["words"].append(
                log_softmax(listeners.judges.words.log_likelihoods(frames, listeners.sentences))
            )
            spoken.append(listeners.sentences.index(text))
    found = {"voice": scores(np.stack(opinions["voice"]), listeners.enrolled.speaker[chosen])}
    if spoken:
        found["words"] = scores(np.stack(opinions["words"]), np.array(spoken))
    return found
