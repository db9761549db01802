"""PVAE, JMVAE-kl and VAE by hand: every term of their objectives, directions of the divergences, gradients."""

import math
from typing import Any

import pytest
import torch
from gradients import assert_gradient
from torch import Tensor
from torch.distributions import Independent, Normal, kl_divergence

from speechdis.errors import InputError
from speechdis.models import jmvae, pvae, vae
from speechdis.models.base import Pairs
from speechdis.nn.gaussian import Gaussian
from speechdis.nn.hinge import semantic_hinge
from speechdis.nn.modality import SpeechDecoder, View, modalities

BINS = 3


def views(size: int = 4, dtype: torch.dtype = torch.float32) -> dict[str, View]:
    g = torch.Generator().manual_seed(0)
    lengths = torch.tensor([5, 2, 3, 4, 1, 5])[:size]
    inside = (torch.arange(5) < lengths[:, None]).to(dtype)[..., None]
    speech = torch.randn(size, 5, BINS, generator=g).to(dtype) * inside
    return {
        "speech": View(speech, lengths),
        "image": View(torch.rand(size, 28, 28, generator=g).to(dtype)),
        "speech2": View(speech.flip(-1), lengths),
    }


def assert_close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def batch(size: int = 4, dtype: torch.dtype = torch.float32) -> Pairs:
    return Pairs(views(size, dtype))


def small(names: str = "speech image", **settings: Any) -> pvae.Model:
    torch.manual_seed(0)
    config = pvae.Config(modalities=names, semantic_size=3, style_size=2, hidden_size=8, **settings)
    return pvae.Model(BINS, config)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def normal(q: Gaussian) -> Independent:
    return Independent(Normal(q.mean, (0.5 * q.logvar).exp()), 1)


def standard(q: Gaussian) -> Independent:
    return Independent(Normal(torch.zeros_like(q.mean), torch.ones_like(q.mean)), 1)


def log_prob(decoder: Any, view: View, code: Tensor) -> Tensor:
    """Sample by sample, by torch.distributions, and frames one at a time."""
    rows = []
    for i in range(len(code)):
        if isinstance(decoder, SpeechDecoder):
            length, state, total = int(view.lengths[i]), None, 0.0
            for t in range(length):
                out, state = decoder.rnn(code[i : i + 1, None], state)
                total += Normal(decoder.frame(out)[0, 0], 1.0).log_prob(view.x[i, t]).sum()
            count = decoder.log_frames(code[i])[0]
            rows.append(total + Normal(count, 1.0).log_prob(torch.tensor(math.log(length))))
        else:
            rows.append(Normal(decoder(code[i : i + 1])[0], decoder.pixel_std).log_prob(view.x[i]).sum())
    return torch.stack(rows)


@pytest.mark.parametrize("names", ["speech image", "speech image speech2"])
def test_every_term_of_pvae_by_another_library(names: str) -> None:
    model, data = small(names, margin=0.7, kernel_width=0.3, pixel_std=0.4), batch()
    joint = model.encode(data.views)
    g = generator()
    semantic = joint.semantic.sample(g)
    expected = dict.fromkeys(("reconstruction", "kl_style", "coherence"), 0.0)
    for name in names.split():
        style, alone = joint.style[name], model.infer(name, data.views[name])
        code = torch.cat([semantic, style.sample(g)], -1)
        expected["reconstruction"] -= log_prob(model.decoders[name], data.views[name], code).mean()
        expected["kl_style"] += kl_divergence(normal(style), standard(style)).mean()
        for one, other in ((joint.semantic, alone["semantic"]), (style, alone["style"])):
            expected["coherence"] += kl_divergence(
                normal(one), normal(other)
            ).mean()  # multimodal || unimodal
    expected["kl_semantic"] = kl_divergence(normal(joint.semantic), standard(joint.semantic)).mean()
    means = [model.infer(n, data.views[n])["semantic"].mean for n in names.split()]
    expected["contrast"] = semantic_hinge(means, 0.7, 0.3).mean()
    terms = model.loss(data, generator())
    assert set(terms) == {*expected, "loss"}
    for name, value in expected.items():
        assert_close(terms[name], value)


def test_with_zero_weights_only_the_data_are_left() -> None:
    """All codes N(0, I), all means 0: divergences vanish, likelihoods are log N(x; 0, I)."""
    model, data = small(margin=0.25), batch()
    for parameter in model.parameters():
        parameter.data.zero_()
    terms = model.loss(data, generator())
    assert terms["kl_semantic"] == terms["kl_style"] == terms["coherence"] == 0
    assert_close(terms["contrast"], torch.tensor(0.5))  # k = 1 for all: two margins
    speech, image = data.views["speech"], data.views["image"]
    values = int(speech.lengths.sum()) * BINS + 4 * 784 + 4
    squares = speech.x.square().sum() + image.x.square().sum() + speech.lengths.log().square().sum()
    by_hand = 0.5 * (squares + values * math.log(2 * math.pi)) / 4
    assert_close(terms["reconstruction"], by_hand)


def test_dropped_styles_are_drawn_from_the_prior() -> None:
    """With all dropped, what is decoded knows nothing of the styles; with a share, about that many samples."""
    model = small(style_dropout=1.0)
    style = Gaussian(torch.full((2_000, 2), 9.0), torch.full((2_000, 2), -20.0))
    drawn = model._decoded_style(style, generator())
    assert drawn.mean().abs() < 0.1 and abs(drawn.std() - 1) < 0.05
    drawn = small(style_dropout=0.25)._decoded_style(style, generator())
    own = (drawn - 9).abs() < 1e-3
    assert (own.all(1) | ~own.any(1)).all() and abs(own[:, 0].float().mean() - 0.75) < 0.03


def test_jmvae_and_vae_by_another_library() -> None:
    torch.manual_seed(0)
    data = batch()
    joint_model = jmvae.Model(BINS, jmvae.Config(latent_size=4, hidden_size=8, coherence=0.1))
    q, terms = joint_model.encode(data.views), joint_model.loss(data, generator())
    z = q.sample(generator())
    alone = [joint_model.infer(n, data.views[n])["latent"] for n in joint_model.names]
    likelihood = sum(log_prob(joint_model.decoders[n], data.views[n], z) for n in joint_model.names)
    assert_close(terms["reconstruction"], -likelihood.mean())
    assert_close(terms["kl_latent"], kl_divergence(normal(q), standard(q)).mean())
    apart = sum(kl_divergence(normal(q), normal(a)) for a in alone).mean()
    assert_close(terms["coherence"], apart)
    for modality in ("speech", "image"):
        model = vae.Model(BINS, vae.Config(modality=modality, latent_size=4, hidden_size=8))
        q = model.infer(modality, data.views[modality])["latent"]
        terms = model.loss(data, generator())
        expected = log_prob(model.decoder, data.views[modality], q.sample(generator())).mean()
        assert_close(terms["reconstruction"], -expected)
        assert_close(terms["kl_latent"], kl_divergence(normal(q), standard(q)).mean())


@pytest.mark.parametrize("term", ["reconstruction", "kl_semantic", "kl_style", "coherence", "contrast"])
def test_gradients_agree_with_finite_differences(term: str) -> None:
    model, data = small(kernel_width=0.3).double(), batch(3, torch.double)
    model.decoders["speech"].log_frames.weight.data.zero_()  # its gradient stays out of the code, by design
    chosen = {
        "reconstruction": [model.decoders["speech"].frame.weight, model.joint_semantic.linear.weight],
        "kl_semantic": [model.joint_semantic.linear.weight],
        "kl_style": [model.joint_style["image"].linear.weight],
        "coherence": [model.semantic["speech"].linear.weight, model.joint_style["speech"].linear.weight],
        "contrast": [model.semantic["image"].linear.weight],
    }[term]
    for parameter in chosen:
        assert_gradient(
            lambda: model.loss(data, generator())[term], parameter, atol=1e-5
        )  # of a loss near 10^3


def test_the_number_of_frames_teaches_only_its_own_layer() -> None:
    decoder = SpeechDecoder(2, BINS, 4)
    code, other = torch.zeros(1, 2, requires_grad=True), torch.zeros(1, 2, requires_grad=True)
    view = View(torch.zeros(1, 5, BINS))
    decoder.log_prob(view, code).sum().backward()
    with torch.no_grad():
        decoder.log_frames.bias.add_(1.0)
    decoder.log_prob(view, other).sum().backward()
    torch.testing.assert_close(code.grad, other.grad)


def test_the_paper_s_sizes() -> None:
    """Appendix B: LSTMs of 512, linear layers of 512, 784 = 7 x 7 x 16, one for all heads, 32-d codes."""
    model = pvae.Model(80, pvae.Config())
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}
    assert (
        shapes["features.speech.rnn.weight_hh_l0"]
        == shapes["decoders.speech.rnn.weight_hh_l0"]
        == (2048, 512)
    )
    assert shapes["decoders.speech.rnn.weight_ih_l0"] == (2048, 64)
    assert shapes["decoders.image.layers.2.weight"] == (784, 512)
    assert shapes["decoders.image.layers.5.weight"] == (16, 8, 4, 4)
    assert shapes["joint_semantic.linear.weight"] == (64, 1024)
    assert shapes["semantic.image.linear.weight"] == (64, 512)
    assert jmvae.Config().latent_size == 3 * 32


@pytest.mark.parametrize("names", ["", "speech speech", "speech smell"])
def test_modalities_that_are_none(names: str) -> None:
    with pytest.raises(InputError, match="expected different ones of the kinds speech and image"):
        modalities(names)
