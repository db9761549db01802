"""The one training loop: steps, looks at the validation speakers, and a state that resumes exactly.

A step takes each of the model's phases in turn (`models/base.py`); most models have one.
"""

import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed as dist
from torch import Tensor
from tqdm import tqdm

from speechdis.data.atomic import replacing
from speechdis.errors import InputError
from speechdis.models.base import Loss, Phase, phases_of
from speechdis.nn import parallel
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.config import Training


class Source(Protocol):
    """Batches of one part of the data, of whatever a model's loss takes; see `Batches` and `PairBatches`."""

    device: torch.device

    def enter(self, step: int) -> bool: ...
    def draw(self, generator: torch.Generator) -> Any: ...
    def tile(self, generator: torch.Generator) -> Iterator[Any]: ...
    def everything(self) -> Iterator[Any]: ...


class Trainer:
    """A model in training and everything its next step depends on.

    Args:
        current: the untrained model with what its checkpoints shall say.
        training: how to train it.
        batches, validation: segments of the training and of the validation speakers.
        out: experiment directory; `metrics.jsonl`, `tb/` and `checkpoints/` appear in it.

    Raises:
        InputError: mixed precision on a CPU that has none.
    """

    def __init__(
        self, current: Checkpoint, training: Training, batches: Source, validation: Source, out: Path
    ) -> None:
        self.current, self.training, self.out = current, training, out
        self.batches, self.validation = batches, validation
        self.model = current.model.train()
        self.device = batches.device
        if training.precision == "bfloat16" and self.device.type == "cpu" and not bfloat16_on_cpu():
            raise InputError(
                "training.precision=bfloat16 needs AVX-512, which this CPU has not; take float32"
            )
        self.phases = phases_of(self.model)
        self.optimisers = [p.optimiser(p.parameters, lr=self._learning_rate(p)) for p in self.phases]
        self.generator = torch.Generator(self.device).manual_seed(training.seed)
        self.step, self.best, self.worse = 0, math.inf, 0
        self.writes = parallel.rank() == 0

    def run(self) -> dict[str, Any]:
        """Train to the last step or until patience ends; returns step, best validation loss and speed.

        "seconds" are those since `from_step`, where this process took up the training.
        """
        training, begun, first = self.training, time.perf_counter(), self.step
        progress = tqdm(
            total=training.steps, initial=first, unit="step", desc=self.current.name, disable=not self.writes
        )
        while not self.over:
            until = min(self.step + training.validate_every, training.steps)
            means = self._advance(until, progress)
            self._look({"step": self.step, "train": means, "valid": self.validate()}, progress)
        progress.close()
        seconds = time.perf_counter() - begun
        rate = (self.step - first) * training.batch / seconds if self.step > first else 0.0
        return {
            "step": self.step,
            "best_loss": self.best,
            "from_step": first,
            "seconds": round(seconds, 1),
            "segments_per_second": round(rate, 1),
        }

    def _advance(self, until: int, progress: tqdm) -> dict[str, float]:
        """Take steps up to `until`; returns the mean of every term over them (the only host sync)."""
        totals: dict[str, Tensor] = {}
        count = until - self.step
        while self.step < until:
            if self.batches.enter(self.step):
                self._begin_pass()
            self._set_learning_rates()
            for phase, optimiser in zip(self.phases, self.optimisers, strict=True):
                for _ in range(phase.repeats):
                    terms = self._take(phase, optimiser)
                _add(totals, terms)
            self.step += 1
            progress.update()
        return _means(totals, count)

    def _begin_pass(self) -> None:
        """Have a model with a row for each utterance set its rows; what the optimiser knew of the last ones goes."""
        if hasattr(self.model, "begin_pass"):
            for parameter in self.model.begin_pass(self.batches.everything()):
                for optimiser in self.optimisers:
                    optimiser.state.pop(parameter, None)

    def _take(self, phase: Phase, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
        """One optimiser step of `phase`, on a batch of its own."""
        terms = self._terms(phase.terms, self.batches.draw(self.generator), self.generator)
        optimiser.zero_grad()
        terms[phase.minimised].backward(inputs=phase.parameters)
        parallel.average_gradients(phase.parameters)
        if self.training.clip:
            torch.nn.utils.clip_grad_norm_(phase.parameters, self.training.clip)
        optimiser.step()
        if phase.weight_limit:
            for parameter in phase.parameters:
                parameter.data.clamp_(-phase.weight_limit, phase.weight_limit)
        return terms

    def _terms(self, loss: Loss, batch: Any, generator: torch.Generator) -> dict[str, Tensor]:
        mixed = self.training.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=mixed):
            return loss(batch, generator)

    def _learning_rate(self, phase: Phase) -> float:
        return phase.learning_rate or self.training.learning_rate

    def _set_learning_rates(self) -> None:
        if self.training.schedule == "cosine":
            share = 0.5 * (1 + math.cos(math.pi * self.step / self.training.steps))
            for phase, optimiser in zip(self.phases, self.optimisers, strict=True):
                for group in optimiser.param_groups:
                    group["lr"] = self._learning_rate(phase) * share

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mean of every term over the validation speakers' tiled segments, with the same noise every time."""
        self.model.eval()
        generator = torch.Generator(self.device).manual_seed(self.training.seed)
        look = getattr(self.model, "look", self.model.loss)
        if hasattr(self.model, "begin_look"):
            self.model.begin_look(self.validation.everything())
        totals: dict[str, Tensor] = {}
        count = 0
        for batch in self.validation.tile(generator):
            _add(totals, self._terms(look, batch, generator))
            count += 1
        self.model.train()
        return _means(totals, count)

    def _look(self, line: dict[str, Any], progress: tqdm) -> None:
        """Record a look at the validation speakers, keep the best model, and make the state durable."""
        loss = line["valid"]["loss"]
        if not (math.isfinite(loss) and math.isfinite(line["train"]["loss"])):
            raise InputError(
                f"{self.out}: the loss is not a number at step {self.step}; "
                "lower training.learning_rate or set training.clip"
            )
        progress.set_postfix(loss=f"{line['train']['loss']:.1f}", valid=f"{loss:.1f}")
        better = loss < self.best
        self.best, self.worse = (loss, 0) if better else (self.best, self.worse + 1)
        if not self.writes:
            return
        with (self.out / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        _log(self.out, [line])
        current = replace(self.current, step=self.step, validation=line["valid"])
        for name in ["best"] * better + ["last"]:
            checkpoint.save(self.out / "checkpoints" / f"{name}.safetensors", current)
        self._save_state()

    @property
    def over(self) -> bool:
        """All steps are taken, or patience has ended."""
        return self.step >= self.training.steps or 0 < self.training.patience <= self.worse

    @property
    def _state_file(self) -> Path:
        return self.out / "checkpoints" / "last.state.pt"

    def _save_state(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "generator": self.generator.get_state(),
            "position": {"step": self.step, "best": self.best, "worse": self.worse},
        }
        with replacing(self._state_file) as partial:
            torch.save(state, partial)

    def resume(self) -> bool:
        """Take up the state that `out` holds; False if it holds none.

        Raises:
            InputError: the state is truncated, or a pickle that would run code.
        """
        if not self._state_file.exists():
            return False
        try:
            state = torch.load(self._state_file, map_location="cpu", weights_only=True)
            self.model.load_state_dict(state["model"])
            for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(_interned(saved))
            self.generator.set_state(state["generator"])
            position = state["position"]
            self.step, self.best, self.worse = position["step"], position["best"], position["worse"]
        except Exception as error:  # torch raises many kinds for a bad file
            reason = str(error).splitlines()[0]
            raise InputError(
                f"{self._state_file}: cannot resume from it ({reason}); delete it to begin anew"
            ) from None
        return True

    def restore_log(self) -> None:
        """Drop what a killed run logged after its last durable state, here and in TensorBoard."""
        file = self.out / "metrics.jsonl"
        lines = (
            [json.loads(text) for text in file.read_text().splitlines() if text.endswith("}")]
            if file.exists()
            else []
        )
        lines = [line for line in lines if line["step"] <= self.step]
        with replacing(file) as partial:
            partial.write_text("".join(json.dumps(line) + "\n" for line in lines))


def bfloat16_on_cpu() -> bool:
    """Whether this CPU trains in mixed precision: oneDNN has recurrences in bfloat16 for AVX-512 alone."""
    return "AVX512" in torch.backends.cpu.get_cpu_capability()


def _interned(tree: Any) -> Any:
    """`tree` with its names interned, as new ones are: pickle writes equal names once only if they are one object, and
    a resumed run's state shall have an unbroken run's bytes."""
    if isinstance(tree, dict):
        return {sys.intern(k) if isinstance(k, str) else k: _interned(v) for k, v in tree.items()}
    return [_interned(v) for v in tree] if isinstance(tree, list) else tree


def _add(totals: dict[str, Tensor], terms: dict[str, Tensor]) -> None:
    for name, term in terms.items():
        totals[name] = totals.get(name, 0) + term.detach()


def _means(totals: dict[str, Tensor], count: int) -> dict[str, float]:
    """Totals over `count` batches as floats, averaged over the ranks too."""
    values = torch.stack([t.float() for t in totals.values()]) / max(count, 1)
    if parallel.world() > 1:
        dist.all_reduce(values)
        values /= parallel.world()
    return dict(zip(totals, values.tolist(), strict=True))


def _log(out: Path, lines: list[dict[str, Any]]) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(out / "tb"), purge_step=lines[0]["step"]) as writer:
        for line in lines:
            for split in ("train", "valid"):
                for name, value in line[split].items():
                    writer.add_scalar(f"{name}/{split}", value, line["step"])
