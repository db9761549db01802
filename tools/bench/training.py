"""Training speed: our DSVAE and C-DSVAE steps against the same steps written plainly, in one run.

The plain step is what released code does: one encoder pass a view, a Python loop over LSTM cells for the
posterior and for the prior, and MWS on a (T, B, B, D) tensor. Same equations, widths, batch and optimiser.
Also printed: the share of a step that gathers frames, and segments per second at the recipe's settings.
With --keep both are spared the page faults of freed memory (`training/memory.py`).

    python tools/bench/training.py [--batch 256] [--hidden 128] [--keep]
"""

import argparse
import math
import tempfile
from pathlib import Path

from timing import measure, table  # first: it holds numpy and torch to one core

# isort: split
import numpy as np
import torch
from torch import Tensor, nn

from speechdis.features.store import Store, write_store
from speechdis.models import cdsvae, dsvae
from speechdis.models.base import Batch, weighted
from speechdis.nn.contrastive import contrastive_information
from speechdis.nn.gaussian import LOG_2PI, Gaussian
from speechdis.training import memory
from speechdis.training.batches import Batches
from speechdis.training.config import Training


class Plain(nn.Module):
    """The nested-posterior model of `ours`, sharing its weights, computed the obvious way."""

    def __init__(self, ours: dsvae.Model) -> None:
        super().__init__()
        self.ours, size = ours, ours.config.hidden_size
        self.prior_cell = nn.LSTMCell(ours.config.dynamic_size, size)

    def encode(self, x: Tensor, generator: torch.Generator) -> tuple[Gaussian, Gaussian, Tensor, Tensor]:
        frames = self.ours.frame(x)
        _, (state, _) = self.ours.static_rnn(frames)
        static = self.ours.static_head(torch.cat([state[0], state[1]], -1))
        s = static.sample(generator)
        z, hidden = x.new_zeros(len(x), self.ours.config.dynamic_size), None
        posteriors, samples = [], []
        for t in range(x.shape[1]):
            hidden = self.ours.dynamic_rnn(torch.cat([frames[:, t], z], -1), hidden)
            posteriors.append(self.ours.dynamic_head(hidden[0]))
            z = posteriors[-1].sample(generator)
            samples.append(z)
        dynamic = Gaussian(*(torch.stack(p, 1) for p in zip(*posteriors, strict=True)))
        return static, dynamic, s, torch.stack(samples, 1)

    def prior(self, samples: Tensor) -> Gaussian:
        z, hidden, priors = torch.zeros_like(samples[:, 0]), None, []
        for t in range(samples.shape[1]):
            hidden = self.prior_cell(z, hidden)
            priors.append(self.ours.prior_head(hidden[0]))
            z = samples[:, t]
        return Gaussian(*(torch.stack(p, 1) for p in zip(*priors, strict=True)))

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        static, dynamic, s, z = self.encode(batch.x, generator)
        tiled = s[:, None].expand(-1, z.shape[1], -1)
        mean = self.ours.decode_frame(self.ours.decode_dynamic(z) + self.ours.decode_static(tiled))
        terms = {
            "reconstruction": (0.5 * (batch.x - mean).square() + 0.5 * LOG_2PI).sum((1, 2)).mean(),
            "kl_static": static.kl().sum(-1).mean(),
            "kl_dynamic": dynamic.kl(self.prior(z)).sum((1, 2)).mean(),
        }
        if isinstance(self.ours.config, cdsvae.Config):
            assert batch.static_view is not None and batch.twin is not None
            shuffled = self.encode(batch.static_view, generator)
            twin = self.encode(batch.twin, generator)
            terms["contrast_static"] = -contrastive_information(static.mean, shuffled[0].mean)
            terms["contrast_dynamic"] = -contrastive_information(
                dynamic.mean.flatten(1), twin[1].mean.flatten(1)
            )
            terms["mutual_information"] = naive_information(s, static, z, dynamic, batch.population)
        return weighted(terms, self.ours.config)


def naive_information(s: Tensor, static: Gaussian, z: Tensor, dynamic: Gaussian, population: int) -> Tensor:
    """Sum over frames of MWS I(s; z_t), every pair of the batch and every dimension held at once."""
    log_s = Gaussian(static.mean[None], static.logvar[None]).log_prob(s[:, None]).sum(-1)
    z, dynamic = z.transpose(0, 1), Gaussian(*(p.transpose(0, 1) for p in dynamic))
    log_z = Gaussian(dynamic.mean[:, None], dynamic.logvar[:, None]).log_prob(z[:, :, None]).sum(-1)
    joint, alone = (log_s + log_z).logsumexp(-1), log_s.logsumexp(-1) + log_z.logsumexp(-1)
    return (joint - alone + math.log(len(s) * population)).sum(0).mean()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--keep", action="store_true", help="keep freed memory, as `speechdis train` does")
    args = parser.parse_args()
    if args.keep:
        memory.keep_freed()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        utterances = [
            (f"u{i:04}", f"s{i % 50}", rng.normal(size=(400, 80)).astype(np.float32)) for i in range(500)
        ]
        twins = [(f"{utt}#{v}", spk, x) for v in range(2) for utt, spk, x in utterances]
        settings = {"type": "fbank", "config": {"rate": 16000}}
        write_store(Path(folder) / "x", utterances, settings)
        write_store(Path(folder) / "twins", twins, settings)
        store = Store.read(Path(folder) / "x")
        training = Training(batch=args.batch)
        cpu = torch.device("cpu")
        batches = Batches(store, Store.read(Path(folder) / "twins"), training, store.mean, store.std, cpu)
        generator = torch.Generator().manual_seed(0)
        batch = batches.draw(generator)
        steps = {"gather": lambda: batches.draw(generator)}
        for module in (dsvae, cdsvae):
            name = module.__name__.rsplit(".", 1)[1]
            ours = module.Model(80, module.Config(hidden_size=args.hidden, posterior="nested"))
            steps[f"{name} plain"] = step(Plain(ours), batch, generator)
            for posterior in ("nested", "causal", "smooth", "factorised"):
                model = module.Model(80, module.Config(hidden_size=args.hidden, posterior=posterior))
                steps[f"{name} {posterior}"] = step(model, batch, generator)
        seconds = measure(steps)
    rows: list[dict[str, object]] = []
    for name, value in seconds.items():
        plain = seconds.get(f"{name.split()[0]} plain")
        rows.append(
            {
                "step": name,
                "CPU ms": 1000 * value,
                "segments per CPU s": args.batch / value,
                "times the plain step": "" if plain is None else plain / value,
            }
        )
    rows[0]["times the plain step"] = (
        f"{100 * seconds['gather'] / seconds['cdsvae nested']:.1f}% of cdsvae nested"
    )
    table(rows)


def step(model: nn.Module, batch: Batch, generator: torch.Generator):
    """One optimiser step as a function of nothing."""
    optimiser = torch.optim.Adam(model.parameters(), fused=True)

    def take() -> None:
        optimiser.zero_grad()
        model.loss(batch, generator)["loss"].backward()  # type: ignore[operator]
        optimiser.step()

    return take


if __name__ == "__main__":
    main()
