"""One training step: each of the model's phases in turn (`models/base.py`); most models have one."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, get_total_norm

from speechdis.models.base import Loss, Phase
from speechdis.nn import parallel
from speechdis.training import captured
from speechdis.training.captured import Step
from speechdis.training.config import Training

SHOW_EVERY = 10  # steps between figures on the bar and in TensorBoard


class Steps:
    """The optimisers of a model's phases, and the steps that they take.

    Args:
        phases: of the model.
        training: how it is trained.
        device: where.

    Attributes:
        norms: of the gradients, by what each phase minimises, as last measured.
    """

    def __init__(self, phases: Sequence[Phase], training: Training, device: torch.device) -> None:
        self.phases, self.training, self.device = phases, training, device
        self.optimisers = [p.optimiser(p.parameters, lr=self._highest(p)) for p in phases]
        self.norms: dict[str, Tensor] = {}
        self.step = 0  # the one that is taken

    def taking(self, draw: Callable[[torch.Generator], Any], generator: torch.Generator, fixed: bool) -> Step:
        """What takes a step at each call, and gives its terms: each phase's, of its last batch.

        Args:
            draw: a batch.
            generator: of all noise.
            fixed: batches of one shape are drawn from the same tensors at every step: it can be a CUDA graph.
        """
        alone = parallel.world() == 1 and self.device.type == "cuda"
        graph = self.training.captured and alone and fixed

        def take() -> dict[str, Tensor]:
            found: dict[str, Tensor] = {}
            measure = graph or (self.step + 1) % SHOW_EVERY == 0
            for phase, optimiser in zip(self.phases, self.optimisers, strict=True):
                for _ in range(phase.repeats):
                    terms = self.take(phase, optimiser, draw(generator), generator, measure)
                found |= {name: term.detach() for name, term in terms.items()}
            return found

        if not graph:
            return take
        captured.prepare(self.optimisers, self.device)
        return captured.Captured(take, generator)

    def terms(self, loss: Loss, batch: Any, generator: torch.Generator) -> dict[str, Tensor]:
        """Named terms of a batch, in the precision of the training."""
        mixed = self.training.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=mixed):
            return loss(batch, generator)

    def take(
        self,
        phase: Phase,
        optimiser: torch.optim.Optimizer,
        batch: Any,
        generator: torch.Generator,
        measure: bool = False,
    ) -> dict[str, Tensor]:
        """One optimiser step of a phase; the terms of `batch` before it. `measure`: take the norm of the gradients."""
        terms = self.terms(phase.terms, batch, generator)
        optimiser.zero_grad()
        terms[phase.minimised].backward(inputs=phase.parameters)
        parallel.average_gradients(phase.parameters)
        if self.training.clip:
            self.norms[phase.minimised] = clip_grad_norm_(phase.parameters, self.training.clip)
        elif measure:
            gradients = [p.grad for p in phase.parameters if p.grad is not None]
            self.norms[phase.minimised] = get_total_norm(gradients)
        optimiser.step()
        if phase.weight_limit:
            for parameter in phase.parameters:
                parameter.data.clamp_(-phase.weight_limit, phase.weight_limit)
        return terms

    def _highest(self, phase: Phase) -> float:
        return phase.learning_rate or self.training.learning_rate

    def learning_rates(self, step: int) -> dict[str, float]:
        """Of a step, by what each phase minimises."""
        share = 1.0
        if self.training.schedule == "cosine":
            share = 0.5 * (1 + math.cos(math.pi * step / self.training.steps))
        return {phase.minimised: self._highest(phase) * share for phase in self.phases}

    def set_learning_rates(self, step: int) -> None:
        """Set those of the next step, which is number `step`."""
        self.step = step
        for optimiser, rate in zip(self.optimisers, self.learning_rates(step).values(), strict=True):
            for group in optimiser.param_groups:
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(rate)
                else:
                    group["lr"] = rate
