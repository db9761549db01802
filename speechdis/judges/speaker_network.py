"""A small supervised speaker network: the ceiling, the informed attacker and the judge of voices.

ECAPA-TDNN (Desplanques, Thienpondt & Demuynck 2020, arXiv 2005.07143), SpeechBrain's, trained with an
additive angular margin (Deng et al. 2019, arXiv 1801.07698) on random crops of utterances with known speakers.
On features its EER for other speakers is what supervision reaches (the ceiling of "static"); on dynamic codes it
is the informed attacker of the VoicePrivacy challenges: how much voice a trained listener still finds in them.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from speechdis.errors import InputError
from speechdis.judges.ecapa import Ecapa
from speechdis.metrics.moments import moments
from speechdis.training.precision import judges_in_bfloat16

RATE = 1e-3  # of Adam: the top of one cycle, or after WARM steps where training stops by itself
WARM, MEMORY = 100, 200  # steps; MEMORY of the mean of weights that is kept where training stops by itself


@dataclass(frozen=True)
class Stopping:
    """When training stops by itself, in steps.

    Attributes:
        check: between looks at held-out speakers.
        patience: without a lower error.
        least: before it may stop: where there is little voice to find, the error does not fall at once.
    """

    check: int = 100
    patience: int = 400
    least: int = 1000


class SpeakerNetwork:
    """A trained network; see `train`.

    Args:
        network: (B, T, D) to (B, 1, E).
        mean, std: (D,) statistics of the training frames.
        crop: frames it was trained on at a time; shorter utterances are repeated to that length.

    Attributes:
        steps: of training that it is the result of.
    """

    def __init__(self, network: nn.Module, mean: Tensor, std: Tensor, crop: int) -> None:
        self.network, self.mean, self.std, self.crop = network.eval(), mean, std, crop
        self.steps = 0
        self.speakers: tuple[str, ...] = ()
        self.cosines: nn.Module = nn.Identity()  # of embeddings to the training speakers

    @classmethod
    def train(
        cls,
        frames: np.ndarray,
        first: np.ndarray,
        counts: np.ndarray,
        speakers: Sequence[str] | np.ndarray,
        steps: int = 800,
        crop: int = 100,
        batch: int = 32,
        channels: int = 96,
        size: int = 96,
        seed: int = 0,
        device: torch.device | str = "cpu",
        label: str = "speaker network",
        error: "Callable[[SpeakerNetwork], float] | None" = None,
        begin: "SpeakerNetwork | None" = None,
        stopping: Stopping = Stopping(),
        augment: Callable[[Tensor, np.random.Generator], Tensor] | None = None,
    ) -> "SpeakerNetwork":
        """Train on utterances whose speakers are known. The global random state is left as it was.

        Without `error`, for `steps` over one cycle of the learning rate. With it, at a constant rate until `error`
        falls no more, `steps` at most; what is kept is the mean of recent weights (Polyak & Juditsky 1992) where
        `error` was least. So no schedule hangs on how many steps were allowed.

        Args:
            frames: (N, D) features or codes, memory-mapped or not.
            first, counts: (U,) first row and number of frames of each utterance.
            speakers: (U,) names.
            steps: of Adam, at most.
            crop: frames of a training example, cut anywhere in an utterance.
            batch: examples a step.
            channels, size: width of the network and of its embedding.
            seed: initial weights and crops.
            device: where to train.
            label: what the progress bar says.
            error: of a network, on speakers that are not among `speakers`.
            begin: a network trained on the same speakers and D, from whose weights this one goes on; one of other
                speakers is left alone.
            stopping: where there is an `error`.
            augment: changes the crops (B, T, D) of each step, of normalised frames.

        Raises:
            InputError: fewer than two speakers.
        """
        from speechbrain.lobes.models.ECAPA_TDNN import Classifier
        from speechbrain.nnet.losses import AdditiveAngularMargin, LogSoftmaxWrapper

        names, codes = np.unique(np.asarray(speakers), return_inverse=True)
        if len(names) < 2:
            raise InputError(f"{label}: needs two speakers to tell apart, got {len(names)}")
        mean, std = (torch.as_tensor(s, dtype=torch.float32, device=device) for s in moments(frames))
        devices = [device] if torch.device(device).type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            model = cls(Ecapa(frames.shape[1], channels, size).to(device), mean, std, crop)
            model.cosines = Classifier(size, out_neurons=len(names)).to(device)
        model.speakers = tuple(names.tolist())
        if begin is not None and begin.speakers != model.speakers:
            begin = None
        if begin is not None:
            model.network.load_state_dict(begin.network.state_dict())
            model.cosines.load_state_dict(begin.cosines.state_dict())
        margin_loss = LogSoftmaxWrapper(AdditiveAngularMargin(margin=0.2, scale=30))
        optimizer = torch.optim.Adam(
            [*model.network.parameters(), *model.cosines.parameters()], lr=RATE, fused=True
        )
        rng = np.random.default_rng(seed)
        place = torch.device(device)
        mixed = judges_in_bfloat16(place)

        def step() -> None:
            chosen = rng.integers(len(counts), size=batch)
            x = model._normalised(frames[_crops(first[chosen], counts[chosen], crop, rng)])
            if augment is not None:
                x = augment(x, rng)
            with torch.autocast(place.type, torch.bfloat16, enabled=mixed):
                embedded = model.network(x)
            found = model.cosines(embedded.float())
            loss = margin_loss(found, torch.as_tensor(codes[chosen, None], device=device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

        with tqdm(total=steps, desc=label, unit="step", leave=False) as progress:
            if error is not None:
                if begin is not None:
                    stopping = replace(stopping, least=0)
                return model._until_no_better(progress, steps, stopping, step, optimizer, error)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=steps)
            model.network.train()
            for model.steps in range(1, steps + 1):
                step()
                schedule.step()
                progress.update()
        model.network.eval()
        return model

    def _until_no_better(
        self,
        progress: "tqdm[Any]",
        steps: int,
        stopping: Stopping,
        step: Callable[[], None],
        optimizer: torch.optim.Optimizer,
        error: "Callable[[SpeakerNetwork], float]",
    ) -> "SpeakerNetwork":
        """The mean of recent weights at the check of least error."""
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: min(1.0, (k + 1) / WARM))
        average = copy.deepcopy(self.network)
        means, values = (_numbers(of) for of in (average, self.network))
        best, least = copy.deepcopy(self), np.inf
        for number in range(1, steps + 1):
            self.network.train()
            step()
            schedule.step()
            torch._foreach_lerp_(means, values, max(1 / MEMORY, 1 / number))
            progress.update()
            if number % stopping.check == 0 or number == steps:
                found = SpeakerNetwork(average, self.mean, self.std, self.crop)
                found.cosines, found.speakers = self.cosines, self.speakers
                wrong = error(found)
                if wrong < least:
                    best, least = copy.deepcopy(found), wrong
                    best.steps = number
                progress.set_postfix_str(f"{100 * wrong:.1f} % on held-out speakers")
                if number >= max(best.steps + stopping.patience, stopping.least):
                    break
        return best

    @torch.no_grad()
    def embed(self, frames: np.ndarray, first: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Embeddings of whole utterances, (U, E) float32; arguments as of `train`."""
        vectors = []
        for begin, count in zip(first.tolist(), counts.tolist(), strict=True):
            x = self._normalised(frames[begin : begin + count]).repeat(-(-self.crop // count), 1)
            vectors.append(self.network(x[None])[0, 0])
        return torch.stack(vectors).cpu().numpy()

    def _normalised(self, frames: np.ndarray) -> Tensor:
        x = torch.from_numpy(np.array(frames, np.float32)).to(self.mean.device)
        return (x - self.mean) / self.std


def _crops(first: np.ndarray, counts: np.ndarray, crop: int, rng: np.random.Generator) -> np.ndarray:
    """Rows (B, crop) of a random stretch of each utterance; one that is shorter is repeated."""
    start = rng.integers(np.maximum(counts - crop, 0) + 1)
    return first[:, None] + (start[:, None] + np.arange(crop)) % counts[:, None]


def _numbers(network: nn.Module) -> list[Tensor]:
    """Weights and statistics of a network, which means are taken of: the first MEMORY alike, then older ones less."""
    return [t.detach() for t in network.state_dict().values() if t.is_floating_point()]
