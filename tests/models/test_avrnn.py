"""A-VRNN: what each phase moves and how, and what its critic measures."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from speechdis.models import avrnn
from speechdis.models.base import Batch
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.config import Training
from speechdis.training.loop import Trainer

CONFIG = avrnn.Config(dynamic_size=2, state_size=5, hidden_size=6, critic_size=7, critic_layer=4)
MOVES = [
    {"encode_x", "encode_z", "rnn", "emission", "proposal"},  # Algorithm 1: theta, phi, tau
    {"critic"},  # Algorithm 2: eta
    {"transition", "proposal"},  # omega, tau
]
OPTIONS = [{}, {"update": "text"}, {"update": "line"}, {"lipschitz": "penalty"}, {"conditioned": True},
           {"lipschitz": "penalty", "conditioned": True, "components": 2}]  # fmt: skip


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(**settings: object) -> avrnn.Model:
    torch.manual_seed(0)
    return avrnn.Model(4, replace(CONFIG, **settings))


def batch(size: int = 8, frames: int = 6) -> Batch:
    return Batch(torch.randn(size, frames, 4, generator=generator()))


class Source:
    """What a Trainer draws from."""

    device = torch.device("cpu")

    def draw(self, generator: torch.Generator) -> Batch:
        return batch()


def trainer(model: avrnn.Model, tmp_path) -> Trainer:
    current = Checkpoint(model, "avrnn", {}, 6, None, None, step=0)
    return Trainer(current, Training(learning_rate=1e-2), Source(), Source(), tmp_path)


def parts(model: avrnn.Model) -> dict[str, list[Tensor]]:
    return {name: [p.detach().clone() for p in m.parameters()] for name, m in model.named_children()}


@pytest.mark.parametrize("settings", OPTIONS, ids=str)
def test_a_phase_moves_every_parameter_the_algorithm_names_and_no_other(settings: dict, tmp_path) -> None:
    made = trainer(build(**settings), tmp_path)
    assert len(made.steps.phases) == 3
    for phase, optimiser, moved in zip(made.steps.phases, made.steps.optimisers, MOVES, strict=True):
        assert isinstance(optimiser, torch.optim.RMSprop)
        before = parts(made.model)
        made.steps.take(phase, optimiser, made.batches.draw(made.generator), made.generator)
        for name, values in parts(made.model).items():
            same = [torch.equal(a, b) for a, b in zip(values, before[name], strict=True)]
            assert not any(same) if name in moved else all(same), name


def test_the_clip_holds_after_each_step_of_the_critic(tmp_path) -> None:
    made = trainer(build(clip_weights=0.05), tmp_path)
    model = made.model
    for _ in range(5):
        for phase, optimiser in zip(made.steps.phases, made.steps.optimisers, strict=True):
            made.steps.take(phase, optimiser, made.batches.draw(made.generator), made.generator)
            if phase.minimised == "critic_loss":
                assert max(p.abs().max() for p in model.critic.parameters()) <= 0.05
    assert max(p.abs().max() for p in model.proposal.parameters()) > 0.05
    assert trainer(build(lipschitz="penalty"), tmp_path).steps.phases[1].weight_limit == 0


def test_signs_of_the_losses() -> None:
    """A critic's step lowers D(prior) - D(posterior); the adversarial one raises it, along fixed noise."""
    model, data = build(clip_weights=1.0), batch(64)
    model.transition.head.linear.bias.data[:2] = 3.0  # priors that lie apart from the posteriors
    for phase, name in zip(model.phases()[1:], ("critic", "adversarial"), strict=True):
        optimiser = torch.optim.SGD(phase.parameters, lr=1e-2)
        before = phase.terms(data, generator())[phase.minimised]
        before.backward(inputs=phase.parameters)
        optimiser.step()
        assert phase.terms(data, generator())[name] < before
    assert (
        model.critic_loss(data, generator())["critic"]
        == -model.adversarial_loss(data, generator())["adversarial"]
    )


def test_a_critic_that_is_a_mean_measures_the_shift() -> None:
    """D(z) = mean over frames of LReLU(LSTM(z)), made a multiple of z: L_dis is that multiple of the shift."""
    model, tiny = build().double(), 1e-5
    for p in model.parameters():
        p.data.zero_()
    model.transition.head.linear.bias.data[0] = 0.5
    for head in (model.transition.head, model.proposal.head):
        head.linear.bias.data[2:] = -8.0
    critic = model.critic
    critic.rnn.bias_ih_l0.data[:7], critic.rnn.bias_ih_l0.data[7:14], critic.rnn.bias_ih_l0.data[21:] = (
        50,
        -50,
        50,
    )
    critic.rnn.weight_ih_l0.data[14, 0] = tiny
    critic.score[0].weight.data[0, 0], critic.score[0].bias.data[0] = 1.0, 1.0
    critic.score[2].weight.data[0, 0] = 1 / tiny
    data = Batch(batch(256).x.double())
    assert model.critic_loss(data, generator())["critic"].item() == pytest.approx(0.5, abs=0.002)


def test_the_penalty_is_the_distance_of_the_slope_from_one() -> None:
    """A critic of zeros has no slope: the penalty is 1."""
    model = build(lipschitz="penalty", gradient_penalty=3.0)
    for p in model.critic.parameters():
        p.data.zero_()
    terms = model.critic_loss(batch(), generator())
    assert (terms["critic"].item(), terms["critic_loss"].item()) == (0.0, pytest.approx(3.0, abs=1e-4))


@pytest.mark.parametrize("conditioned", [False, True])
def test_equal_priors_and_posteriors_leave_nothing_to_tell(conditioned: bool) -> None:
    """Where q = p and states do not hear z, no critic tells them apart; the KL is 0."""
    model = build(conditioned=conditioned)
    for part in (model.transition, model.proposal, model.encode_z):
        for p in part.parameters():
            p.data.zero_()
    data = batch(2000)
    assert abs(model.critic_loss(data, generator())["critic"].item()) < 0.01
    assert model.loss(data, generator())["kl_dynamic"] == 0


def test_only_a_conditioned_critic_sees_that_posteriors_know_their_frames() -> None:
    """Trajectories with the states of other segments: a critic on z alone cannot tell, one on both can."""
    model, data = build(conditioned=True), batch(64)
    posterior, _, real = model._trajectories(data, generator())
    mixed = torch.cat([posterior[..., :2], posterior[:, torch.randperm(64, generator=generator()), 2:]], -1)
    plain = copy.deepcopy(model.critic)
    plain.rnn.weight_ih_l0.data[:, 2:] = 0  # blind to the states
    torch.testing.assert_close(plain(posterior, real), plain(mixed, real))
    assert not torch.allclose(model.critic(posterior, real), model.critic(mixed, real))


def test_padding_is_not_judged() -> None:
    model, data = build(), batch(3)
    lengths = torch.tensor([6, 2, 4])
    posterior, _, real = model._trajectories(Batch(data.x, lengths), generator())
    scores = model.critic(posterior, real)
    for i, length in enumerate(lengths):
        alone = model.critic(posterior[:length, i : i + 1], torch.ones(length, 1))
        torch.testing.assert_close(scores[i : i + 1], alone)
