"""The C-DSVAE paper's scores of image sequences: one factor kept, the other drawn from its prior, and judged.

Accuracy, IS, H(y | x) and H(y) are those of `generation_scores`, by a supervised judge (`judges/image_judge.py`), of

    real            test sequences as they are: the judge's own accuracy
    reconstruction  as the model decodes their codes
    motion kept     their motion with a content drawn from the prior (the paper's Table 1)
    content kept    their content with a motion drawn from the prior (its Table 3)

and of each factor: "motion", each attribute of the content, and "content", all of them together. A factor that was
drawn anew is scored too: its accuracy says how much of it the other code holds, and is chance's where that is nothing.
A model without an encoder (MoCoGAN) has no codes of a test sequence: it keeps a factor of a sequence that it has drawn,
and what the judge takes that one for is what should be found.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from speechdis.evaluation.generation_scores import Scores, scores
from speechdis.features.store import Store
from speechdis.judges.image_judge import Factors, ImageJudge, Sequences
from speechdis.models.base import GeneratorModel, StaticDynamicModel
from speechdis.synthesis import clips
from speechdis.training.checkpoint import Checkpoint

CONTENT = "content"
BATCH = 64


@torch.no_grad()
def judged(
    checkpoint: Checkpoint, judge: ImageJudge, store: Store, numbers: Mapping[str, np.ndarray], seed: int = 0
) -> dict[str, dict[str, Scores]]:
    """Scores of each condition, by factor.

    Args:
        store: test sequences.
        numbers: class of each, (N,), by factor.
    """
    model = clips.check(checkpoint)
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    sequences = Sequences(store, device)
    heard: dict[str, list[dict[str, np.ndarray]]] = {}
    parts = np.split(np.arange(len(store)), range(BATCH, len(store), BATCH))
    for part in tqdm(parts, desc="judged", unit="batch", leave=False):
        for condition, x in _conditions(model, sequences.read(part), generator):
            heard.setdefault(condition, []).append(judge.opinions(x))
    opinions = {condition: _together(found, judge.factors) for condition, found in heard.items()}
    known = _with_content(numbers, judge.factors)
    wanted = known
    if "drawn" in opinions:
        wanted = {name: opinion.argmax(1) for name, opinion in opinions.pop("drawn").items()}
    return {
        condition: {
            name: scores(opinion, (known if condition == "real" else wanted)[name])
            for name, opinion in found.items()
        }
        for condition, found in opinions.items()
    }


def _conditions(
    model: StaticDynamicModel | GeneratorModel, x: Tensor, generator: torch.Generator
) -> Iterator[tuple[str, Tensor]]:
    """Sequences (B, T, F) of each condition; "drawn" are those whose factors a model without an encoder keeps."""
    yield "real", x
    count, frames, _ = x.shape
    if isinstance(model, StaticDynamicModel):
        static, dynamic = model.embed(x)
        yield "reconstruction", clips.decode(model, static, dynamic)
    else:
        static, dynamic = model.sample_prior(count, frames, generator)
        yield "drawn", clips.decode(model, static, dynamic)
    new_static, new_dynamic = model.sample_prior(count, frames, generator)
    yield "motion kept", clips.decode(model, new_static, dynamic)
    yield "content kept", clips.decode(model, static, new_dynamic)


def _together(found: Sequence[Mapping[str, np.ndarray]], factors: Factors) -> dict[str, np.ndarray]:
    """Opinions (N, K) of all batches by factor, and of "content": of each of its attributes' classes with each."""
    opinions = {name: np.concatenate([one[name] for one in found]) for name in factors.classes}
    if not factors.still:
        return opinions
    content = np.zeros((len(next(iter(opinions.values()))), 1))
    for name in factors.still:
        content = (content[:, :, None] + opinions[name][:, None]).reshape(len(content), -1)
    return opinions | {CONTENT: content}


def _with_content(numbers: Mapping[str, np.ndarray], factors: Factors) -> dict[str, np.ndarray]:
    """Classes (N,) by factor, and of "content", counted as `_together` does."""
    if not factors.still:
        return dict(numbers)
    sizes = [len(factors.classes[name]) for name in factors.still]
    return {**numbers, CONTENT: np.ravel_multi_index([numbers[name] for name in factors.still], sizes)}
