"""Training speed of VRNN and A-VRNN: our step against the same step as a plain loop over frames, in one run.

The plain loop is what released code does: at every frame encoders, prior, posterior, emission and LSTM cell, each a
call of its module, and the terms of the loss added up; autograd does the rest. Same equations, weights, batch and
optimisers. In the phases of A-VRNN that need no emission the plain loop leaves it out, and its critic's phase needs no
gradient of the loop, as ours does not. The critic is one fused call in "plain", as in ours, and a loop over
frames as well in "plain, critic too".

    python tools/bench/vrnn.py [--batch 32] [--frames 20] [--state 128] [--bins 80] [--keep]
"""

import argparse
from typing import Any

from timing import measure, table  # first: it holds numpy and torch to one core

# isort: split
import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from speechdis.models import avrnn, vrnn
from speechdis.models.base import Batch
from speechdis.nn.sequence import SLOPE
from speechdis.training import memory


class Plain:
    """Terms of `model`'s losses, computed a frame at a time, the critic's too if told; "vrnn" updates only."""

    def __init__(self, model: Any, critic_too: bool = False) -> None:
        self.model, self.critic_too = model, critic_too

    def loop(self, x: Tensor, generator: torch.Generator, emit: bool) -> dict[str, Any]:
        m = self.model
        h = c = x.new_zeros(len(x), m.config.state_size)
        likelihood = divergence = x.new_zeros(len(x))
        posterior, prior = [], []
        for t in range(x.shape[1]):
            encoded = leaky_relu(m.encode_x(x[:, t]), SLOPE)
            q, p = m.proposal(torch.cat([encoded, h], -1)), m.transition(h)
            z = q.sample(generator)
            if emit:
                likelihood = likelihood + m.emitted(h, z).log_prob(x[:, t])
                divergence = divergence + q.kl(p).sum(-1)
            else:
                prior.append(p.sample(generator))
            posterior.append(z)
            seen = torch.cat([encoded, leaky_relu(m.encode_z(z), SLOPE)], -1)
            h, c = torch.lstm_cell(seen, (h, c), *m.rnn.all_weights[0])
        found: dict[str, Any] = {"reconstruction": -likelihood.mean(), "kl_dynamic": divergence.mean()}
        found["loss"] = found["reconstruction"] + found["kl_dynamic"]
        return found if emit else {"posterior": torch.stack(posterior), "prior": torch.stack(prior)}

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        return self.loop(batch.x, generator, emit=True)

    def critic_loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        with torch.no_grad():
            found = self.loop(batch.x, generator, emit=False)
        return {"critic_loss": self._judged(found["prior"]) - self._judged(found["posterior"])}

    def adversarial_loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        found = self.loop(batch.x, generator, emit=False)
        return {"adversarial": self._judged(found["posterior"]) - self._judged(found["prior"])}

    def _judged(self, trajectories: Tensor) -> Tensor:
        critic = self.model.critic
        if not self.critic_too:
            return critic(trajectories, trajectories.new_ones(trajectories.shape[:2])).mean()
        h = c = trajectories.new_zeros(trajectories.shape[1], critic.rnn.hidden_size)
        scores = []
        for z in trajectories:
            h, c = torch.lstm_cell(z, (h, c), *critic.rnn.all_weights[0])
            scores.append(critic.score(h))
        return torch.stack(scores).mean()


def step(model: Any, losses: Any, batch: Batch) -> Any:
    """One training step, all phases, as a function of nothing; `losses` computes the terms."""
    generator = torch.Generator().manual_seed(0)
    phases = model.phases()
    optimisers = [p.optimiser(p.parameters, lr=1e-6) for p in phases]

    def take() -> None:
        for phase, optimiser in zip(phases, optimisers, strict=True):
            terms = getattr(losses, phase.terms.__name__)(batch, generator)  # type: ignore[attr-defined]
            optimiser.zero_grad()
            terms[phase.minimised].backward(inputs=phase.parameters)
            optimiser.step()

    return take


def agree(model: Any, batch: Batch) -> None:
    """Fail unless both compute the same bound: with no spread in the posterior nothing is random."""
    narrow = [model.proposal.head.linear.bias, model.proposal.head.linear.weight]
    kept = [p.detach().clone() for p in narrow]
    with torch.no_grad():
        for p in narrow:
            p[model.config.dynamic_size :] = 0
        narrow[0][model.config.dynamic_size :] = -8.0
        ours, plain = (
            losses.loss(batch, torch.Generator().manual_seed(0)) for losses in (model, Plain(model))
        )
        for p, value in zip(narrow, kept, strict=True):
            p.copy_(value)
    torch.testing.assert_close(ours["loss"], plain["loss"], rtol=0.02, atol=1.0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (("batch", 32), ("frames", 20), ("state", 128), ("latent", 16), ("bins", 80)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--keep", action="store_true", help="keep freed memory, as `speechdis train` does")
    args = parser.parse_args()
    if args.keep:
        memory.keep_freed()
    batch = Batch(torch.randn(args.batch, args.frames, args.bins, generator=torch.Generator().manual_seed(0)))
    sizes = {"dynamic_size": args.latent, "state_size": args.state, "hidden_size": args.state}
    models: dict[str, Any] = {
        "vrnn": vrnn.Model(args.bins, vrnn.Config(**sizes)),
        "avrnn": avrnn.Model(args.bins, avrnn.Config(**sizes)),
    }
    steps = {}
    for name, model in models.items():
        agree(model, batch)
        steps[name, "plain"] = step(model, Plain(model), batch)
        if name == "avrnn":
            steps[name, "plain, critic too"] = step(model, Plain(model, critic_too=True), batch)
        steps[name, "ours"] = step(model, model, batch)
    seconds = measure(steps)
    table(
        [
            {
                "model": name,
                "step": kind,
                "CPU ms": 1000 * value,
                "ms a frame step": 1000 * value / args.frames,
                "times the plain step": seconds[name, "plain"] / value,
            }
            for (name, kind), value in seconds.items()
        ]
    )


if __name__ == "__main__":
    main()
