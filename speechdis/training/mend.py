"""Checkpoints that were damaged while no one trained are written again when training is resumed."""

import logging
import math
from dataclasses import replace

from speechdis.errors import InputError
from speechdis.nn import parallel
from speechdis.training import checkpoint
from speechdis.training.loop import Trainer

_LOG = logging.getLogger(__name__)


def mend(trainer: Trainer) -> None:
    """Write again, from the state that `trainer` has taken up, which of `best` and `last` cannot be read; say so."""
    if not trainer.looked and math.isinf(trainer.best):
        return  # none is there yet
    for name in ("best", "last"):
        try:
            checkpoint.load(trainer.directory.checkpoint(name))
        except InputError as error:
            _LOG.warning("%s: the model of step %d takes its place", error, trainer.step)
            trainer.save(name, replace(trainer.current, step=trainer.step))
            if name == "best" and parallel.world() == 1:  # of several, all must know the same best
                trainer.best = math.inf  # the next look's is better
