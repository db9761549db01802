"""Curves of information: sign and offset by hand, and which experiments a figure shows."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from speechdis.models import spyl
from speechdis.report.curves import INFORMATION, Estimate, information
from speechdis.report.experiment import Experiment

CONTRAST, MWS = "I(s; x), by contrast", "I(s; x), by minibatch-weighted sampling"


def experiment(name: str, terms: dict[str, float], **model: Any) -> Experiment:
    lines = tuple({"step": step, "train": terms, "valid": terms} for step in (10, 20))
    told = {"model": {"name": name, **model}, "training": {"batch": 32}}
    return Experiment(name, Path("exp"), told, lines, {}, {})


def test_spyl_s_contrast_is_information_again() -> None:
    """A contrast that finds nothing says 0 nats: eq 7 is log(n + 1) minus the cross-entropy that SPYL logs."""
    config = spyl.Config(static_size=3, dynamic_size=2, hidden_size=6, frame_size=5)
    model = spyl.Model(4, config)
    for parameter in model.parameters():
        parameter.data.zero_()  # every code is the same, so all candidates are alike
    x = torch.randn(32, 5, 4, generator=torch.Generator().manual_seed(0))
    terms = model.loss(spyl.Batch(x, population=50), torch.Generator().manual_seed(0))
    logged = {name: float(value.detach()) for name, value in terms.items()}
    assert logged["contrast_static"] == pytest.approx(math.log(1 + 64))
    estimate = INFORMATION[CONTRAST](experiment("spyl", logged, negatives=2, bank=4))
    assert estimate is not None
    assert estimate.sign * logged["contrast_static"] + estimate.offset == pytest.approx(0, abs=1e-5)


def test_a_contrast_that_holds_its_logarithm_is_only_turned() -> None:
    e = experiment("revoice", {"contrast_static": -2.5})
    assert INFORMATION[CONTRAST](e) == Estimate("contrast_static", -1, 0.0)


def test_what_is_trained_by_mws_is_not_shown_as_contrast(tmp_path: Path) -> None:
    logged = {"loss": 1.0, "contrast_static": -3.0, "contrast_dynamic": -4.0, "mutual_information": 2.0}
    sampled = experiment("cdsvae", logged, information="mws")
    assert INFORMATION[CONTRAST](sampled) is None
    assert INFORMATION[MWS](sampled) == Estimate("contrast_static", -1)
    captions = [f.alt for f in information(tmp_path, [sampled])]
    assert len(captions) == 3
    assert not any("by contrast" in text for text in captions)
    assert "3 at step 10" in captions[1]


def test_a_figure_compares_a_run_by_contrast_with_one_by_mws(tmp_path: Path) -> None:
    """As figure 6 does: both by MWS."""
    sampled = experiment("cdsvae", {"contrast_static": -3.0}, information="mws")
    contrast = experiment("cdsvae", {"contrast_static": -1.0, "mws_static": 2.5}, information="contrast")
    told = {f.title: f.alt for f in information(tmp_path, [sampled, contrast])}
    assert "2.5 at step" in told[MWS] and "3 at step" in told[MWS]
    assert "1 at step" in told[CONTRAST] and "3 at step" not in told[CONTRAST]
