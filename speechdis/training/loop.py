"""The one training loop: steps, looks at the validation speakers, and a state that resumes exactly."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from tqdm import tqdm

from speechdis.errors import InputError
from speechdis.nn import parallel
from speechdis.training import captured, checkpoint, state, stop
from speechdis.training.captured import Step
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.config import Training
from speechdis.training.log import JOURNAL, Figures
from speechdis.training.precision import bfloat16_on_cpu
from speechdis.training.run_directory import RunDirectory
from speechdis.training.steps import SHOW_EVERY, Steps
from speechdis.training.sums import add, means_of

KEEP_EVERY = 180.0  # seconds between states, where looks at the validation speakers are further apart
AGREE_EVERY = 10  # steps after which several processes may stop

_LOG = logging.getLogger(__name__)


class Source(Protocol):
    """Batches of one part of the data, of whatever a model's loss takes; see `Batches` and `PairBatches`."""

    device: torch.device

    @property
    def fixed(self) -> bool:
        """Batches of one shape are drawn from the same tensors at every step."""

    def enter(self, step: int) -> bool: ...
    def draw(self, generator: torch.Generator) -> Any: ...
    def tile(self, generator: torch.Generator) -> Iterator[Any]: ...
    def everything(self) -> Iterator[Any]: ...


class Trainer:
    """A model in training and everything its next step depends on.

    Args:
        current: the model with what its checkpoints shall say.
        training: how to train it.
        batches, validation: segments of the training and of the validation speakers.
        out: experiment directory; `metrics.jsonl`, `tb/` and `checkpoints/` appear in it.
        trained: the model is no beginner: it is looked at before the first step, so `best` is never worse than it.

    Raises:
        InputError: mixed precision on a CPU that has none.
    """

    def __init__(
        self,
        current: Checkpoint,
        training: Training,
        batches: Source,
        validation: Source,
        out: Path,
        trained: bool = False,
    ) -> None:
        self.current, self.training, self.out, self.trained = current, training, out, trained
        self.directory = RunDirectory(out)
        self.batches, self.validation = batches, validation
        self.model = current.model.train()
        self.device = batches.device
        if training.precision == "bfloat16" and self.device.type == "cpu" and not bfloat16_on_cpu():
            raise InputError(
                "training.precision=bfloat16 needs AVX-512, which this CPU has not; take float32"
            )
        self.generator = torch.Generator(self.device).manual_seed(training.seed)
        self.steps = Steps(self.model.phases(), training, self.device)
        self.take: Step | None = None
        self.step, self.best, self.worse = 0, math.inf, 0
        self.looked = 0  # the step of the last look at the validation speakers
        self.totals: dict[str, Tensor] = {}  # of every term over the steps since then
        self.writes = parallel.rank() == 0
        self.figures: Figures | None = None
        self.bar: dict[str, str] = {}  # what the progress bar shows beside the steps
        self.asked: Callable[[], int] = int  # which signal asks for a stop: none
        self.kept = time.monotonic()  # when the state was last kept

    def run(self) -> dict[str, Any]:
        """Train to the last step or until patience ends; returns step, best validation loss and speed.

        "seconds" are those since `from_step`, where this process took up the training.

        Raises:
            Interrupted: a signal has stopped it; the state is kept.
            InputError: the loss is not a number, or a file cannot be written; the last state is kept.
        """
        training, begun, first = self.training, time.perf_counter(), self.step
        with ExitStack() as stack:
            self.asked = stack.enter_context(stop.asked())
            if self.writes:
                self.figures = stack.enter_context(closing(Figures(self.out, self.looked)))
            told: dict[str, Any] = {"unit": "step", "desc": self.current.name}
            told |= {} if self.writes else {"disable": True}  # else TQDM_DISABLE decides
            progress = stack.enter_context(tqdm(total=training.steps, initial=first, **told))
            if self.trained and not self.step and math.isinf(self.best):
                self._look({"step": 0, "train": {}, "valid": self.validate()}, progress)
            while not self.over:
                # Looks are where they are in a run that was never broken, nor as short as this one once was.
                until = min(
                    (self.looked // training.validate_every + 1) * training.validate_every, training.steps
                )
                means = self._advance(until, progress)
                self._look({"step": self.step, "train": means, "valid": self.validate()}, progress)
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
        """Take steps up to `until`; returns the mean of every term since the last look (the only host sync)."""
        loss = torch.zeros(())
        if self.take is None:  # not before a state was taken up
            self.take = self.steps.taking(self.batches.draw, self.generator, self.batches.fixed)
        while self.step < until:
            if self.batches.enter(self.step):
                self._begin_pass()
            self.steps.set_learning_rates(self.step)
            terms = self.take()
            add(self.totals, terms)
            loss = terms["loss"]
            self.step += 1
            progress.update()
            if self.figures is not None and self.step % SHOW_EVERY == 0:
                self._show(loss, self.figures, progress)
            self._heed()
        return means_of(self.totals, until - self.looked)

    def _show(self, loss: Tensor, figures: Figures, progress: tqdm) -> None:
        """Send the loss, norms and learning rates of this step to TensorBoard, and what has arrived to the bar."""
        rates = {
            f"learning_rate/{name}": rate for name, rate in self.steps.learning_rates(self.step - 1).items()
        }
        norms = {f"gradient_norm/{name}": norm for name, norm in self.steps.norms.items()}
        figures.measured(self.step, {"loss/step": loss.detach(), **norms}, rates)
        arrived = figures.arrived()
        if arrived:
            self.bar["loss"] = f"{arrived['loss/step']:.1f}"
            progress.set_postfix(self.bar, refresh=False)

    def _heed(self) -> None:
        """Keep the state, and stop, if a signal asks for it; keep it, if that was long ago.

        Several processes agree on it: one that went on alone would wait for the others, and its state be lost.
        """
        number = self.asked()
        if parallel.world() > 1:
            number = parallel.greatest(number, self.device) if self.step % AGREE_EVERY == 0 else 0
        if number or (self.writes and time.monotonic() - self.kept >= KEEP_EVERY):
            self._save_state()
        if number:
            raise stop.interrupted(self.step, number)

    def _begin_pass(self) -> None:
        """Have a model with a row for each utterance set its rows; what the optimiser knew of the last ones goes."""
        for parameter in self.model.begin_pass(self.batches.everything()):
            for optimiser in self.steps.optimisers:
                optimiser.state.pop(parameter, None)

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mean of every term over the validation speakers' tiled segments, with the same noise every time."""
        self.model.eval()
        generator = torch.Generator(self.device).manual_seed(self.training.seed)
        self.model.begin_look(self.validation.everything())
        totals: dict[str, Tensor] = {}
        count = 0
        for batch in self.validation.tile(generator):
            self._heed()
            add(totals, self.steps.terms(self.model.validation_terms, batch, generator))
            count += 1
        self.model.train()
        return means_of(totals, count)

    def _look(self, line: dict[str, Any], progress: tqdm) -> None:
        """Record a look at the validation speakers, keep the best model, and make the state durable."""
        loss = line["valid"]["loss"]
        learnt = line["train"].get("loss", loss)  # before the first step there is none
        if not (math.isfinite(loss) and math.isfinite(learnt)):
            raise InputError(
                f"{self.out}: the loss is not a number at step {self.step}; "
                "lower training.learning_rate or set training.clip"
                + " (and some terms need a training.batch of 2 or more)"
                * (self.training.batch == 1)
            )
        self.bar = {"loss": f"{learnt:.1f}", "valid": f"{loss:.1f}"}
        progress.set_postfix(self.bar)
        better = loss < self.best
        self.best, self.worse = (loss, 0) if better else (self.best, self.worse + 1)
        self.looked, self.totals = self.step, {}
        if self.figures is None:
            return
        self.figures.look(line)
        told = "step %d: loss %.2f, validation loss %.2f%s"
        JOURNAL.info(told, self.step, learnt, loss, ", the best so far" * better)
        current = replace(self.current, step=self.step, validation=line["valid"])
        for name in ["best"] * better + ["last"]:
            self.save(name, current)
        self._save_state()

    def save(self, name: str, current: Checkpoint) -> None:
        """Write the checkpoint `name`, "best" or "last"."""
        file = self.directory.checkpoint(name)
        with state.writing(file):
            checkpoint.save(file, current)

    @property
    def over(self) -> bool:
        """All steps are taken and looked at, or patience has ended."""
        return self.looked >= self.training.steps or 0 < self.training.patience <= self.worse

    def _save_state(self) -> None:
        """Make the state durable; of several processes, the first one's, which is the others' but for `totals`."""
        self.kept = time.monotonic()
        if not self.writes:
            return
        since = {"looked": self.looked, "totals": {name: t.cpu() for name, t in self.totals.items()}}
        content = {
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.steps.optimisers],
            "generator": self.generator.get_state(),
            "position": {"step": self.step, "best": self.best, "worse": self.worse},
            "since": since,
        }
        state.save(self.directory.state, content)

    def resume(self) -> bool:
        """Take up the state that `out` holds, or the one before it, if the last is damaged; False if it holds none.

        Raises:
            InputError: none can be taken up, or more steps are taken than this training has.
        """
        wrong = state.restore(self.directory.state, self._take_up)
        if wrong is None:
            return False
        if wrong and self.writes:
            _LOG.warning("%s; going on from the state before it, of step %d", wrong, self.step)
        if self.step > self.training.steps:
            raise InputError(
                f"{self.out}: has taken {self.step} steps, more than training.steps={self.training.steps}; "
                f"give --set training.steps={self.step} or more"
            )
        return True

    def _take_up(self, content: dict[str, Any]) -> None:
        self.model.load_state_dict(content["model"])
        for optimiser, saved in zip(self.steps.optimisers, content["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        captured.release(self.steps.optimisers)
        self.generator.set_state(content["generator"])
        position = content["position"]
        self.step, self.best, self.worse = position["step"], position["best"], position["worse"]
        since = content.get("since", {"looked": self.step, "totals": {}})  # older states are all of looks
        self.looked = since["looked"]
        self.totals = {name: total.to(self.device) for name, total in since["totals"].items()}
