"""Mixtures: the density of torch.distributions, samples of that density."""

import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from speechdis.nn.gaussian import Gaussian
from speechdis.nn.mixture import Mixture, outputs


def mixture(components: int = 3, size: int = 2) -> Mixture:
    g = torch.Generator().manual_seed(0)
    return Mixture.of(torch.randn(4, 5, outputs(components, size), generator=g), components)


def test_density_and_mean_are_those_of_torch() -> None:
    ours = mixture()
    normal = Independent(Normal(ours.means, torch.exp(0.5 * ours.logvars)), 1)
    theirs = MixtureSameFamily(Categorical(logits=ours.logits), normal)
    x = torch.randn(4, 5, 2, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(ours.log_prob(x), theirs.log_prob(x))
    torch.testing.assert_close(ours.mean, theirs.mean)


def test_one_component_is_a_gaussian() -> None:
    ours, x = mixture(components=1), torch.ones(4, 5, 2)
    same = Gaussian(ours.means[..., 0, :], ours.logvars[..., 0, :])
    torch.testing.assert_close(ours.log_prob(x), same.log_prob(x).sum(-1))
    torch.testing.assert_close(ours.mean, same.mean)


def test_samples_have_the_moments_of_the_mixture() -> None:
    one = Mixture(*(v[0, :1] for v in mixture()))
    many = Mixture(*(v.expand(100_000, *v.shape[1:]) for v in one))
    drawn = many.sample(torch.Generator().manual_seed(0))
    weights = one.logits.softmax(-1)[0, :, None]
    second = (weights * (one.means[0].square() + one.logvars[0].exp())).sum(0)
    torch.testing.assert_close(drawn.mean(0), one.mean[0], rtol=0, atol=0.02)
    torch.testing.assert_close(drawn.square().mean(0), second, rtol=0.03, atol=0.02)
