"""Scores of image sequences by an oracle of a judge, of models whose codes are known: a clean and a leaking one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from speechdis.evaluation.image_scores import judged
from speechdis.features.store import Store, write_store
from speechdis.judges.image_judge import Factors, ImageJudge
from speechdis.models.base import GeneratorModel, Posterior, StaticDynamicModel
from speechdis.nn.gaussian import Gaussian
from speechdis.training.checkpoint import Checkpoint

FRAMES, PIXELS, SIZE = 2, 64 * 64, {"motion": 3, "hat": 2, "coat": 2}
FACTORS = Factors(("motion",), {name: tuple("abc"[:n]) for name, n in SIZE.items()})
SETTINGS = {"type": "video", "config": {"channels": 1, "size": 64}}


class Oracle(nn.Module):
    """Sure of each factor's class: 50 times the pixel that stands for it, from 0."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        found = {}
        for place, (name, count) in enumerate(SIZE.items()):
            number = (x[:, 0, place] * 100).round().long()
            found[name] = 50.0 * nn.functional.one_hot(number, count)
        return found


@dataclass(frozen=True)
class Config:
    hidden_size: int = 1


class Drawn(GeneratorModel):
    """Its codes are the classes: static (hat, coat), dynamic (motion,)."""

    config = Config()

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def sample_prior(self, segments: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        content = torch.randint(2, (segments, 2), generator=generator)
        motion = torch.randint(3, (segments, 1, 1), generator=generator)
        return content.float(), motion.expand(-1, frames, -1).float()

    def decode(self, static: Tensor, dynamic: Tensor, lengths: Tensor | None = None) -> Gaussian:
        x = torch.zeros(*dynamic.shape[:2], PIXELS)
        x[..., :1], x[..., 1:3] = dynamic[..., :1] / 100, static[:, None] / 100
        return Gaussian(x, torch.zeros_like(x))

    def loss(self, batch: object, generator: torch.Generator) -> dict[str, Tensor]:
        raise NotImplementedError


class Clean(StaticDynamicModel):
    """Reads the classes; of a `leak` the dynamic code holds the content too, and the decoder takes it from there."""

    config = Config()

    def __init__(self, leak: bool) -> None:
        super().__init__()
        self.leak, self.drawn = leak, Drawn()

    def encode(
        self, x: Tensor, lengths: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Posterior:
        codes = (100 * x[..., :3]).round()
        static, dynamic = codes[:, 0, 1:], codes if self.leak else codes[..., :1]
        q = [Gaussian(mean, torch.zeros_like(mean)) for mean in (static, dynamic)]
        return Posterior(*q, static, dynamic)

    def decode(self, static: Tensor, dynamic: Tensor, lengths: Tensor | None = None) -> Gaussian:
        held = dynamic[:, 0, 1:] if dynamic.shape[-1] > 1 else static
        return self.drawn.decode(held, dynamic)

    def sample_prior(self, segments: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return self.drawn.sample_prior(segments, frames, generator)

    def loss(self, batch: object, generator: torch.Generator) -> dict[str, Tensor]:
        raise NotImplementedError


def corpus(path: Path) -> tuple[Store, dict[str, np.ndarray]]:
    """Every motion with every content, ten times."""
    classes = np.array([(m, h, c) for m in range(3) for h in range(2) for c in range(2)] * 10, np.uint8)
    frames = np.zeros((len(classes), FRAMES, PIXELS), np.uint8)
    frames[..., :3] = classes[:, None]
    store = write_store(path, ((str(k), "a", x) for k, x in enumerate(frames)), SETTINGS, scale=100)
    return store, dict(zip(SIZE, classes.T.astype(int), strict=True))


def found(model: nn.Module, path: Path) -> dict[str, dict[str, object]]:
    store, numbers = corpus(path)
    trained = Checkpoint(model, "toy", SETTINGS, FRAMES, store.mean, store.std, step=0)  # type: ignore[arg-type]
    return judged(trained, ImageJudge(Oracle(), FACTORS), store, numbers)  # type: ignore[return-value]


@pytest.mark.parametrize("leak", [False, True])
def test_a_clean_code_keeps_one_factor_alone(leak: bool, tmp_path: Path) -> None:
    of = found(Clean(leak), tmp_path / "s")
    assert list(of) == ["real", "reconstruction", "motion kept", "content kept"]
    for condition, factors in (("real", [*SIZE, "content"]), ("motion kept", ["motion"])):
        for name in factors:
            kept = of[condition][name]
            classes = {**SIZE, "content": 4}[name]
            assert kept.accuracy == 1 and kept.within < 1e-9
            assert kept.between == pytest.approx(np.log(classes))  # all as often
            assert kept.inception == pytest.approx(classes)
    content = of["motion kept"]["content"]
    assert content.accuracy == 1 if leak else abs(content.accuracy - 1 / 4) < 0.15  # by chance
    assert of["content kept"]["content"].accuracy == 1
    assert abs(of["content kept"]["motion"].accuracy - 1 / 3) < 0.15


def test_a_model_without_an_encoder_keeps_what_it_has_drawn(tmp_path: Path) -> None:
    of = found(Drawn(), tmp_path / "s")
    assert list(of) == ["real", "motion kept", "content kept"]
    assert of["motion kept"]["motion"].accuracy == of["content kept"]["content"].accuracy == 1
    assert abs(of["motion kept"]["content"].accuracy - 1 / 4) < 0.15
