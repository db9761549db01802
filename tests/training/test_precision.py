""" "auto" is a named precision of the device, and a run goes on in its own."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from runs import Arguments, digests

from speechdis.cli import main
from speechdis.training import precision

AUTO = ("--set", "training.precision=auto", "--set")
needs_avx512 = pytest.mark.skipif(not precision.bfloat16_on_cpu(), reason="this CPU has no AVX-512")


def on(monkeypatch: pytest.MonkeyPatch, multiplies: bool) -> None:
    """A CPU that multiplies in bfloat16, or not; the training runs on the one that there is."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": multiplies})


@needs_avx512
@pytest.mark.parametrize(("multiplies", "named"), [(True, "bfloat16"), (False, "float32")])
def test_a_run_is_that_of_the_named_precision_and_goes_on_in_it_elsewhere(
    multiplies: bool, named: str, arguments: Arguments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(monkeypatch, multiplies)
    assert main(arguments(tmp_path / "auto", *AUTO, "training.steps=5")) == 0
    assert json.loads((tmp_path / "auto" / "run.json").read_text())["precision"] == named
    assert yaml.safe_load((tmp_path / "auto" / "config.yaml").read_text())["training"]["precision"] == named
    on(monkeypatch, not multiplies)
    assert main(arguments(tmp_path / "auto", *AUTO, "training.steps=10", "--resume")) == 0
    told = ("--set", f"training.precision={named}", "--set")
    for steps in (5, 10):
        assert main(arguments(tmp_path / "told", *told, f"training.steps={steps}", "--resume")) == 0
    assert digests(tmp_path / "auto") == digests(tmp_path / "told")


def test_only_cards_that_multiply_in_it_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for capability, multiplies in (((7, 5), False), ((8, 0), True), ((9, 0), True)):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, has=capability: has)
        assert precision.multiplies_bfloat16(torch.device("cuda")) is multiplies
    assert not precision.multiplies_bfloat16(torch.device("mps"))
