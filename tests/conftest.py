"""Fixtures that every test may use."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

# No test is timed: on a busy machine a slow example is not a wrong one.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Small tensors: more threads only wait for one another, above all on a busy machine. Set before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell starts what it puts in the background deaf to Ctrl-C; tests that press it are then as in the foreground.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real speech beside the checkout; tests that need it skip where it is not."""
    path = Path(__file__).parents[2] / "shared" / "data"
    if not path.is_dir():
        pytest.skip("needs real speech: ../shared/data is not beside this checkout")
    return path


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> str:
    """The CPU, and a GPU where there is one: what runs on one alone has been missed before."""
    import torch

    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    return request.param


@pytest.fixture
def broken_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], AbstractContextManager[None]]:
    """Within `broken_at(step)`, training is interrupted once its state of that step is kept."""
    from speechdis.training.loop import Trainer

    save = Trainer._save_state

    @contextmanager
    def build(step: int) -> Iterator[None]:
        def save_and_break(self: Trainer) -> None:
            save(self)
            if self.step == step:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "_save_state", save_and_break)
            yield

    return build
