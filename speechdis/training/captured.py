"""A training step as a CUDA graph: recorded once, then begun by one call in place of thousands.

A step of small kernels waits for Python, which says them one by one. A graph says them all. It does the same to the
same memory each time. So what changes from step to step is in memory: the generator's offset, and learning rates.
The first steps are taken as ever: libraries choose their kernels, and optimisers make their state.
"""

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

WARM = 3  # steps that are taken as ever

Step = Callable[[], dict[str, Tensor]]
_LOG = logging.getLogger(__name__)


def recorded(step: Step, generator: torch.Generator) -> Step:
    """`step` as a graph: called, it runs on the device, and gives the same tensors, filled anew.

    Nothing is run yet.

    Args:
        step: waits for nothing on the device, and does the same at each call.
        generator: of all that it draws.
    """
    graph = torch.cuda.CUDAGraph()
    with warnings.catch_warnings(action="ignore"):  # newer versions find the generator themselves
        graph.register_generator_state(generator)
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # on a stream of its own
        terms = step()

    def replay() -> dict[str, Tensor]:
        graph.replay()
        return terms

    return replay


class Captured:
    """`step`, which is recorded at its fourth call; where that fails it is taken as ever, and a line says why.

    Args:
        step: as of `recorded`.
        generator: of all that it draws, on a GPU.
        record: how it is recorded.
    """

    def __init__(
        self,
        step: Step,
        generator: torch.Generator,
        record: Callable[[Step, torch.Generator], Step] = recorded,
    ) -> None:
        self.step, self.generator, self.record = step, generator, record
        self.left = WARM  # steps before the recording; below 0 it is done, or has failed

    def __call__(self) -> dict[str, Tensor]:
        if self.left == 0:
            self._replace()
        self.left -= 1
        with aside(self.generator.device if self.left >= 0 else None):
            return self.step()

    def _replace(self) -> None:
        before = self.generator.get_state()
        try:
            self.step = self.record(self.step, self.generator)
        except (RuntimeError, AssertionError) as error:  # of what cannot be recorded torch raises either
            self.generator.set_state(before)
            reason = str(error).strip().partition("\n")[0]
            _LOG.warning("steps are not captured as a CUDA graph, and take longer: %s", reason)


@contextmanager
def aside(device: torch.device | None) -> Iterator[None]:
    """On a GPU, on another stream than the usual one, which a graph may not be recorded on; elsewhere as ever.

    What the first steps leave for later ones, such as where gradients go, does then not hang on the usual one.
    """
    if device is None or device.type != "cuda":
        yield
        return
    here, side = torch.cuda.current_stream(device), torch.cuda.Stream(device)
    side.wait_stream(here)
    with torch.cuda.stream(side):
        yield
    here.wait_stream(side)


def prepare(optimisers: Iterable[torch.optim.Optimizer], device: torch.device) -> None:
    """Have `optimisers` keep on the device all that a step changes: learning rates, and how many steps were taken."""
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32, device=device)
            if "capturable" in group:
                group["capturable"] = True
        for state in optimiser.state.values():
            if "step" in state:
                state["step"] = torch.as_tensor(state["step"], dtype=torch.float32, device=device)


def release(optimisers: Iterable[torch.optim.Optimizer]) -> None:
    """Undo `prepare`, of optimisers whose state may come from a captured run."""
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = float(group["lr"])
            if "capturable" in group:
                group["capturable"] = False
