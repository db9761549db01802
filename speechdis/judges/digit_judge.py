"""A small supervised classifier of spoken or written digits, to say which digit a generated one is."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from speechdis.nn.modality import View, encoder
from speechdis.training.paired_batches import Samples

HIDDEN, BATCH, RATE = 128, 64, 4e-3


@dataclass(frozen=True)
class DigitJudge:
    """A trained classifier of one modality; it has an encoder as PVAE's, but a smaller one of its own."""

    network: nn.Module

    @classmethod
    def train(cls, name: str, samples: Samples, steps: int = 1500, seed: int = 0) -> "DigitJudge":
        """Train on all `samples` of modality `name`: `steps` of Adam over one cycle. Global random state is kept."""
        devices = [samples.device] if samples.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            bins = samples.frames.shape[1]
            network = nn.Sequential(encoder(name, bins, HIDDEN), nn.Dropout(0.3), nn.Linear(HIDDEN, 10))
            network.to(samples.device)
            optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps)
            rng = np.random.default_rng(seed)
            for _ in tqdm(range(steps), desc=f"judge of {name}", unit="step", leave=False):
                chosen = rng.integers(len(samples), size=BATCH)
                digits = torch.from_numpy(samples.digits[chosen]).to(samples.device)
                loss = nn.functional.cross_entropy(network(samples.view(chosen)), digits)
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 5.0)
                optimiser.step()
                schedule.step()
        return cls(network.eval())

    @torch.no_grad()
    def digits(self, view: View) -> np.ndarray:
        """The likeliest digit of each sample, (B,)."""
        return self.network(view).argmax(-1).cpu().numpy()

    def accuracy(self, samples: Samples, batch: int = 500) -> float:
        """Share of real samples whose digit it finds."""
        parts = np.split(np.arange(len(samples)), range(batch, len(samples), batch))
        found = np.concatenate([self.digits(samples.view(part)) for part in parts])
        return float((found == samples.digits).mean())
