"""Revoice: what each code is read from, what is rebuilt, and the bound by hand."""

from dataclasses import replace

import pytest
import torch
from gradients import assert_gradient

from speechdis.errors import InputError
from speechdis.models import revoice
from speechdis.models.base import Batch, Spoken

CONFIG = revoice.Config(
    static_size=3,
    dynamic_size=2,
    content_channels=6,
    voice_channels=4,
    layers=2,
    prior="normal",
    static_shortest=1.0,
)
BINS, FRAMES = 5, 9
X, TWIN, OTHER = torch.randn(3, 4, FRAMES, BINS, generator=torch.Generator().manual_seed(0))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def build(**settings: object) -> revoice.Model:
    torch.manual_seed(0)
    return revoice.Model(BINS, replace(CONFIG, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("own", [0.0, 1.0])
def test_the_bound_by_hand(own: float) -> None:
    """Words of the twin, voice of the other segment or of the same one, frames of the original."""
    model = build(own_static=own)
    terms = model.loss(Batch(X, twin=TWIN, static_view=OTHER), generator())
    voice, words = model.encode_static(X if own else OTHER), model.encode_dynamic(TWIN)
    g = generator()
    torch.rand(4, 1, generator=g)  # which segments are rebuilt with their own s
    s, z = voice.sample(g), words.sample(g)
    density = torch.distributions.Normal(model.decode(s, z).mean, 1.0).log_prob(X)
    torch.testing.assert_close(terms["reconstruction"], -density.sum() / 4)
    unit = torch.distributions.Normal(0.0, 1.0)
    for name, q in (("kl_static", voice), ("kl_dynamic", words)):
        own = torch.distributions.Normal(q.mean, (0.5 * q.logvar).exp())
        torch.testing.assert_close(terms[name], torch.distributions.kl_divergence(own, unit).sum() / 4)


def test_consistency_is_how_far_the_words_of_the_twin_are_from_those_of_the_segment() -> None:
    model = build()
    terms = model.loss(Batch(X, twin=TWIN, static_view=OTHER), generator())
    twin, own = (
        torch.distributions.Normal(q.mean, (0.5 * q.logvar).exp())
        for q in map(model.encode_dynamic, (TWIN, X))
    )
    torch.testing.assert_close(terms["consistency"], torch.distributions.kl_divergence(twin, own).sum() / 4)
    assert model.loss(Batch(X, twin=X, static_view=OTHER), generator())["consistency"] == 0


def test_other_segments_are_cut_short() -> None:
    """Their last frame is never read, the first ones always are; uncut, all are."""
    for shortest in (0.5, 1.0):
        model = build(own_static=0.0, contrast_static=0.0, static_shortest=shortest)
        losses = []
        for frame in (None, 0, 3, FRAMES - 1):
            other = OTHER.clone()
            if frame is not None:
                other[:, frame] += 1
            losses.append(model.loss(Batch(X, twin=TWIN, static_view=other), generator())["loss"])
        same = [torch.equal(loss, losses[0]) for loss in losses[1:]]
        assert same == [False, False, shortest < 1]


def test_a_voice_or_channel_that_stays_the_same_does_not_reach_the_words() -> None:
    """Instance normalisation takes out bins shifted and scaled all through the segment, and the mean of z."""
    model, gain = build(), torch.rand(4, 1, BINS, generator=generator()) + 0.5
    changed = X * gain + torch.randn(4, 1, BINS, generator=generator())
    torch.testing.assert_close(
        model.encode_dynamic(changed).mean, model.encode_dynamic(X).mean, rtol=1e-3, atol=1e-3
    )
    assert not torch.allclose(model.encode_static(changed).mean, model.encode_static(X).mean, atol=1e-2)
    torch.testing.assert_close(
        model.encode_dynamic(changed).mean.mean(1), model.encode_dynamic(X.flip(0)).mean.mean(1)
    )
    without = build(instance_norm=False)
    assert not torch.allclose(without.encode_dynamic(changed).mean, without.encode_dynamic(X).mean, atol=1e-2)


@pytest.mark.parametrize(
    ("setting", "unread"),
    [({"twin": False}, "twin"), ({"contrast_static": 0.0}, "none")],
    ids=str,
)
def test_parts_are_settings(setting: dict[str, object], unread: str) -> None:
    model = build(**setting)
    terms = model.loss(Batch(X, twin=TWIN, static_view=OTHER), generator())
    assert ("contrast_static" in terms) == (setting.get("contrast_static") is None)
    another = model.loss(Batch(X, twin=TWIN.flip(0), static_view=OTHER), generator())
    assert torch.equal(terms["loss"], another["loss"]) == (unread == "twin")


def test_every_layer_of_the_decoder_is_modulated_or_none() -> None:
    assert all(block.modulation is not None for block in build().decoder)
    assert all(block.modulation is None for block in build(modulate=False).decoder)


def test_the_voice_is_pooled_from_every_layer_or_the_last() -> None:
    """What the first layer alone has changed reaches s past the last one, whose output is held."""
    for all_layers in (True, False):
        model = build(all_layers=all_layers)
        held = torch.zeros(4, CONFIG.voice_channels, FRAMES)
        model.voice[-1].register_forward_hook(lambda *_, held=held: held)
        another = model.encode_static(OTHER).mean
        assert torch.equal(model.encode_static(X).mean, another) != all_layers


def test_what_needs_twins() -> None:
    assert build().reads_twins == "twin=false"
    assert build(twin=False).reads_twins is None


@pytest.mark.parametrize("prior", ["normal", "learnt"])
def test_gradient_agrees_with_finite_differences(prior: str) -> None:
    model = build(prior=prior).double()
    batch = Batch(X.double(), twin=TWIN.double(), static_view=OTHER.double())
    assert_gradient(lambda: model.loss(batch, generator())["loss"], model.dynamic_head.linear.weight)


def test_a_rate_is_held_instead_of_a_weight() -> None:
    """The loss is the Lagrangian, at the weight before the step; looks move nothing."""
    fixed, held = (
        build(prior="learnt", kl_dynamic=0.3),
        build(prior="learnt", kl_dynamic=0.3, rate_dynamic=0.5),
    )
    batch = Batch(X, twin=TWIN, static_view=OTHER)
    own, terms = fixed.loss(batch, generator()), held.loss(batch, generator())
    torch.testing.assert_close(terms["rate"], own["kl_dynamic"] / FRAMES)
    torch.testing.assert_close(terms["weight_dynamic"], torch.tensor(0.3))
    torch.testing.assert_close(terms["loss"], own["loss"] - 0.3 * 0.5 * FRAMES)
    later = held.loss(batch, generator())["weight_dynamic"]
    assert (later > 0.3) == (terms["rate"] > 0.5)
    held.eval()
    assert held.loss(batch, generator())["weight_dynamic"] == held.loss(batch, generator())["weight_dynamic"]
    assert fixed.state_dict().keys() | {"rate.log_weight"} == held.state_dict().keys()


@pytest.mark.parametrize("stride", [2, 4])
def test_frames_share_codes(stride: int) -> None:
    """z is the same at the frames that share a code; each of them is rebuilt otherwise; the bound counts codes once."""
    model = build(dynamic_stride=stride)
    codes, count = model.encode_dynamic(X), -(-FRAMES // stride)
    assert codes.mean.shape == (4, count, 2)
    static, dynamic = model.embed(X)
    for t in range(FRAMES):
        torch.testing.assert_close(dynamic[:, t], codes.mean[:, t // stride])
    decoded = model.decode(static, dynamic).mean
    assert decoded.shape == X.shape
    assert not torch.allclose(decoded[:, 0], decoded[:, 1])
    terms = model.loss(Batch(X, twin=TWIN, static_view=OTHER), generator())
    torch.testing.assert_close(terms["kl_dynamic"], model.encode_dynamic(TWIN).kl().sum() / 4)
    drawn = model.encode(X, None, generator()).dynamic_sample
    assert drawn[:, :stride].unique(dim=1).shape[1] == 1


def test_what_is_said_is_told_from_z_of_whole_utterances_by_a_map_that_is_not_kept() -> None:
    model = build(ctc=2.0)
    before = build().state_dict()
    model.learn_units(4)
    assert model.kept().keys() == before.keys()
    assert all(torch.equal(model.kept()[name], before[name]) for name in before)
    lengths = torch.tensor([FRAMES, 6])
    x = X[:2].clone()
    x[1, 6:] = 0
    said, sizes = torch.tensor([[1, 2], [3, 0]]), torch.tensor([2, 1])
    batch = Batch(X, static_view=OTHER, spoken=Spoken(x, lengths, said, sizes))
    terms = model.loss(batch, generator())
    g = generator()
    model.loss(replace(batch, spoken=None), g)
    z = model.encode_dynamic(x, lengths).sample(g)
    loss = torch.nn.CTCLoss(reduction="none")
    nats = loss(model.units(z).log_softmax(-1).transpose(0, 1), said, lengths, sizes)
    torch.testing.assert_close(terms["ctc"], FRAMES * (nats[0] / FRAMES + nats[1] / 6) / 2)
    assert (model.label, build().label) == ("supervised", None)


@pytest.mark.parametrize("prior", ["normal", "learnt"])
def test_quantised_words_by_hand(prior: str) -> None:
    """What is decoded are codes of the book; they cost their surprise, and a distance; the prior moves no encoder."""
    model = build(quantise=4, prior=prior, consistency=0.0).eval()
    terms = model.loss(Batch(X, twin=TWIN, static_view=OTHER), generator())
    raw, book = model.encode_dynamic(TWIN).mean, model.quantiser.book
    number = torch.cdist(raw, book[None]).argmin(-1)
    z = model.embed(TWIN)[1]
    torch.testing.assert_close(z, book[number])
    torch.testing.assert_close(terms["commitment"], (raw - z).square().sum() / 4)
    ahead = model.prior(z)
    p = torch.full((4, FRAMES, 4), 0.25) if ahead is None else ahead.logits.softmax(-1)
    torch.testing.assert_close(terms["kl_dynamic"], -p.log().gather(-1, number[..., None]).sum() / 4)
    if prior == "learnt":
        terms["kl_dynamic"].backward()
        assert model.prior_head.weight.grad.any()
        assert model.words_in.weight.grad is None
    drawn = model.sample_prior(3, 5, generator())[1]
    assert (torch.cdist(drawn, book[None]).min(-1).values < 1e-3).all()


def test_a_rate_cannot_be_held_of_quantised_words() -> None:
    with pytest.raises(InputError, match="rate_dynamic"):
        build(quantise=4, rate_dynamic=1.0)
