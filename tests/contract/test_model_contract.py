"""The model contract (models/base.py) of every model that there is, and how a contributor learns of what is missing."""

import os
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import test_generator_models
import test_models
import test_paired_models
import test_sequence_models
import test_vocoder_models
import torch
import yaml
from laws import generator, known

from speechdis import models
from speechdis.models.base import (
    Batch,
    GeneratorModel,
    Model,
    PairedModel,
    Pairs,
    Phase,
    Posterior,
    SegmentModel,
    SequenceModel,
    Sound,
    StaticDynamicModel,
    VocoderModel,
)
from speechdis.nn.modality import View, kind
from speechdis.training import config

DOCS = Path(__file__).parents[2] / "docs" / "pages"
KINDS = (StaticDynamicModel, GeneratorModel, SequenceModel, PairedModel, VocoderModel)
SMALL = {
    "hidden_size": 16,
    "frame_size": 10,
    "content_channels": 16,
    "voice_channels": 10,
    "static_size": 5,
    "dynamic_size": 3,
    "state_size": 5,
    "layers": 2,
    "block_size": 16,
}
B, T, F, S, Z = 6, 8, 12, 5, 3
EVERY = pytest.mark.parametrize("name", models.names())


def build(name: str) -> Any:
    """The model at its defaults, but small."""
    module = models.load(name)
    told = module.Config(**known(module.Config, SMALL))
    bins = test_generator_models.PIXELS if issubclass(module.Model, GeneratorModel) else F
    return module.Model(
        bins, module.Model.for_utterances(told, B) if issubclass(module.Model, SegmentModel) else told
    )


def batch(model: Model) -> Batch | Pairs | Sound:
    x = torch.randn(3, B, T, F, generator=generator())
    if isinstance(model, PairedModel):
        images = View(torch.rand(B, 28, 28, generator=generator()))
        return Pairs({"speech": View(x[0], torch.full((B,), T)), "image": images})
    if isinstance(model, VocoderModel):
        return Sound(x[0], 0.1 * torch.randn(B, samples(model), generator=generator()))
    if isinstance(model, GeneratorModel):
        return test_generator_models.batch(B)
    return Batch(x[0], None, x[1], x[2], 100, torch.arange(B), torch.full((B,), 3))


def samples(model: VocoderModel) -> int:
    _, window, hop = model.framing
    return (T - 1) * hop + window


def missing(model: type[Model]) -> list[str]:
    """Members that a model's class does not define and that have no default."""
    return sorted(model.__abstractmethods__)


def test_the_cases_name_every_model() -> None:
    """Those of the contracts of each kind, in files beside this one."""
    cases = [*test_models.CASES, *test_sequence_models.CASES, *test_paired_models.CASES]
    cases += [*test_generator_models.CASES, *test_vocoder_models.CASES]
    assert {name for name, _ in cases} == {*models.names()}


@EVERY
def test_a_model_is_of_one_kind_and_has_every_member(name: str) -> None:
    model = models.load(name).Model
    kinds = [k.__name__ for k in KINDS if issubclass(model, k)]
    assert len(kinds) == 1, f"models/{name}.py: Model is of {kinds or 'no kind'}; one of {KINDS} is needed"
    lacking = ", ".join(missing(model))
    assert not lacking, (
        f"models/{name}.py: {kinds[0]} without {lacking}; docs/pages/contract.md says what to give"
    )


@EVERY
def test_a_config_is_frozen_and_says_the_width_of_hidden_layers(name: str) -> None:
    config = models.load(name).Config
    assert is_dataclass(config) and config.__dataclass_params__.frozen, (
        f"models/{name}.py: Config is not frozen"
    )
    own = {f.name for f in fields(config)}
    assert hasattr(config(), "hidden_size"), (
        f"models/{name}.py: Config without hidden_size; docs/pages/contract.md"
    )
    assert {"reconstruction", "loss"}.isdisjoint(own), f"models/{name}.py: a weight for what has none"


@EVERY
def test_terms_are_numbers_with_weights_and_phases_lower_them(name: str) -> None:
    model = build(name)
    draws = isinstance(
        model, GeneratorModel
    )  # it rebuilds nothing, and its discriminators are made by phases
    if draws:
        model.phases()
    terms, told = model.loss(batch(model), generator()), {f.name for f in fields(model.config)}
    unknown = terms.keys() - told - {"reconstruction", "loss"}
    assert ({"loss"} if draws else {"reconstruction", "loss"}) <= terms.keys() and not unknown, (
        f"Config without weights of {unknown}"
    )
    assert all(t.shape == () and t.isfinite() for t in terms.values())
    phases = model.phases()
    assert all(isinstance(phase, Phase) for phase in phases)
    assert {p for phase in phases for p in phase.parameters} == {*model.parameters()}
    for phase in phases:
        assert phase.terms(batch(model), generator())[phase.minimised].isfinite()
    model.eval()
    model.begin_look([batch(model)])
    assert model.validation_terms(batch(model), generator())["loss"].isfinite()


@EVERY
@torch.no_grad()
def test_members_give_what_the_contract_says(name: str) -> None:
    model = build(name).eval()
    if isinstance(model, PairedModel):
        return gives_samples(model)
    if isinstance(model, VocoderModel):
        assert model.speak(torch.randn(B, T, F, generator=generator())).shape == (B, samples(model))
        return None
    if isinstance(model, GeneratorModel):
        static, dynamic = model.sample_prior(B, T, generator())
        assert (static.shape, dynamic.shape) == ((B, S), (B, T, Z))
        assert model.decode(static, dynamic).mean.shape == (B, T, test_generator_models.PIXELS)
        return None
    x = torch.randn(B, T, F, generator=generator())
    static, dynamic = model.embed(x)
    assert (static.shape, dynamic.shape) == ((B, S), (B, T, Z))
    assert torch.equal(model.static_mean(x), static)
    assert model.decode(static, dynamic).mean.shape == x.shape
    assert model.shrinkage >= 0 and model.static_frames >= 0
    constant = torch.equal(dynamic, dynamic[:, :1].expand_as(dynamic))
    assert model.dynamic_of_segment == constant
    if model.reads_twins is not None:
        field, _, value = model.reads_twins.partition("=")
        assert field in {f.name for f in fields(model.config)} and value
    if isinstance(model, StaticDynamicModel):
        q = model.encode(x, None, generator())
        assert isinstance(q, Posterior) and (q.static_sample.shape, q.dynamic_sample.shape) == (
            (B, S),
            (B, T, Z),
        )
        static, dynamic = model.sample_prior(4, 5, generator())
        assert (static.shape, dynamic.shape) == ((4, S), (4, 5, Z))
        assert model.transfer(static, static[:2]).shape == (4, S)
        return None
    assert isinstance(model, SequenceModel)
    assert model.reconstruct(x).shape == x.shape
    assert model.generate(4, 5, generator(), x[:4]).shape == (4, 5, F)
    assert model.log_weights(x, None, 3, generator()).shape == (3, B)
    assert {"reconstruction", "kl_dynamic"} <= model.loss(batch(model), generator()).keys()
    assert model.adversarial_loss(batch(model), generator()).keys() <= {"adversarial"}
    return None


def gives_samples(model: PairedModel) -> None:
    views = batch(model).views
    assert {kind(name) for name in model.names} <= {"speech", "image"}
    for name in model.names:
        codes = {code: q.mean for code, q in model.infer(name, views[kind(name)]).items()}
        speech = kind(name) == "speech"
        lengths = model.frames(name, codes) if speech else None
        shape = (B, int(lengths.max()), F) if speech else (B, 28, 28)
        assert model.generate(name, codes, lengths).shape == shape


FORGETFUL = """
from dataclasses import dataclass
from typing import final
from speechdis.models.base import {kind}

@dataclass(frozen=True)
class Config:
    pass

@final
class Model({kind}):
    config: Config
"""
ALL = {  # what has no default
    StaticDynamicModel: {"loss", "encode", "decode", "sample_prior"},
    SequenceModel: {"loss", "embed", "decode", "reconstruct", "generate", "log_weights"},
    GeneratorModel: {"loss", "sample_prior", "decode"},
    PairedModel: {"loss", "names", "infer", "generate", "frames"},
    VocoderModel: {"loss", "framing", "speak"},
}


@pytest.mark.parametrize("of", KINDS)
def test_who_forgets_a_member_is_told_its_name(of: type[Model]) -> None:
    module: dict[str, Any] = {}
    exec(FORGETFUL.format(kind=of.__name__), module)
    assert set(missing(module["Model"])) == ALL[of]
    for member in ALL[of]:  # alone missing
        others = dict.fromkeys(ALL[of] - {member}, lambda self: None)
        with pytest.raises(TypeError, match=rf"abstract .*\b{member}\b"):
            type("Model", (module["Model"],), others)()


def test_the_type_checker_names_forgotten_members_too(tmp_path: Path) -> None:
    """Without a look at torch itself, which takes ten times as long."""
    for of in KINDS:
        (tmp_path / f"{of.__name__.lower()}.py").write_text(FORGETFUL.format(kind=of.__name__))
    (tmp_path / "mypy.ini").write_text("[mypy]\n[mypy-torch.*]\nfollow_imports = skip\n")
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--cache-dir", "cache", "."]
    seen = {**os.environ, "MYPYPATH": str(Path(models.__file__).parents[2])}
    said = subprocess.run(command, cwd=tmp_path, env=seen, capture_output=True, text=True, check=False).stdout
    for of in KINDS:
        about = [line for line in said.splitlines() if line.startswith(of.__name__.lower())]
        for member in {f'"{member}"' for member in ALL[of]} | {"hidden_size"}:
            assert any(member in line for line in about), said


def test_the_page_lists_every_member() -> None:
    """docs/pages/contract.md, in its tables, each member of each class."""
    listed = set(re.findall(r"^\| `(\w+)", (DOCS / "contract.md").read_text(), re.MULTILINE))
    members = {
        m for c in (Model, SegmentModel, *KINDS) for m in {*vars(c), *c.__annotations__} if m[0] != "_"
    }
    assert listed == members | {k.__name__ for k in KINDS}


def test_the_tutorial_makes_a_model_that_keeps_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (DOCS / "tutorials" / "add-a-model.md").read_text()
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    (tmp_path / "bag.py").write_text(blocks["python"])
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path)])
    recipe = config.recipe(yaml.safe_load(blocks["yaml"]), "the page")
    assert "bag" in models.names() and recipe.model == models.load("bag").Config(kl_static=0.1)
    test_a_model_is_of_one_kind_and_has_every_member("bag")
    test_a_config_is_frozen_and_says_the_width_of_hidden_layers("bag")
    test_terms_are_numbers_with_weights_and_phases_lower_them("bag")
    test_members_give_what_the_contract_says("bag")
    sys.modules.pop("speechdis.models.bag")
