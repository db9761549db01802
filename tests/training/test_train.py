"""Training from the command line: it learns, a killed run ends as an unbroken one, two processes are as one."""

import json
import os
import pickle
from pathlib import Path

import pytest
import runs
import torch
from runs import Arguments, curve, digests
from safetensors.torch import load_file, save_file

from speechdis.cli import main
from speechdis.training import loop


def test_it_learns_and_says_what_it_made(arguments: Arguments, tmp_path: Path) -> None:
    assert main(arguments(tmp_path / "exp", "--json", str(tmp_path / "run.json"))) == 0
    lines = curve(tmp_path / "exp")
    assert [line["step"] for line in lines] == [5, 10, 15, 20, 25, 30]
    assert lines[-1]["train"]["reconstruction"] < lines[0]["train"]["reconstruction"]
    assert set(lines[0]["train"]) >= {
        "kl_static",
        "kl_dynamic",
        "contrast_static",
        "contrast_dynamic",
        "loss",
    }
    made = json.loads((tmp_path / "run.json").read_text())
    assert made["step"] == 30
    assert {"commit", "torch", "hardware", "seed", "segments_per_second"} <= set(made)
    assert list((tmp_path / "exp" / "tb").iterdir())


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(
    arguments: Arguments, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        assert main(arguments(tmp_path / name)) == 0
    assert main(arguments(tmp_path / "c", "--set", "training.seed=1")) == 0
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a") != digests(tmp_path / "c")


def test_a_killed_run_ends_as_an_unbroken_one(arguments: Arguments, tmp_path: Path) -> None:
    runs.killed_run_ends_as_an_unbroken_one(arguments, tmp_path, steps=400)


def test_the_weight_that_holds_a_rate_goes_on_where_it_was(arguments: Arguments, tmp_path: Path) -> None:
    told = ("--set", "model.rate_dynamic=3")
    assert main(arguments(tmp_path / "whole", *told)) == 0
    for steps in (15, 30):
        words = (*told, "--set", f"training.steps={steps}", "--resume")
        assert main(arguments(tmp_path / "parts", *words)) == 0
    assert digests(tmp_path / "parts") == digests(tmp_path / "whole")
    weights = [line["train"]["weight_dynamic"] for line in curve(tmp_path / "whole")]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] < weights[0] < 1


@pytest.mark.parametrize("name", ["dsvae", "cdsvae", "s3vae", "rwae"])
def test_two_processes_are_one_with_the_whole_batch(arguments: Arguments, tmp_path: Path, name: str) -> None:
    runs.two_processes_are_one_with_the_whole_batch(arguments, tmp_path, "--set", f"model.name={name}")


class TestBadInput:
    """One line, exit code 2, nothing half-written."""

    def line(self, capsys: pytest.CaptureFixture, arguments: list[str]) -> str:
        assert main(arguments) == 2
        lines = [text for text in capsys.readouterr().err.splitlines() if text.startswith("speechdis")]
        assert len(lines) == 1
        return lines[0]

    def test_a_run_is_not_overwritten_nor_resumed_with_other_numbers(
        self, arguments: Arguments, tmp_path: Path, capsys: pytest.CaptureFixture
    ) -> None:
        out = tmp_path / "exp"
        assert main(arguments(out)) == 0
        before = digests(out)
        assert "add --resume" in self.line(capsys, arguments(out))
        changed = arguments(out, "--resume", "--set", "training.learning_rate=0.5")
        assert "training.learning_rate was 0.001, now 0.5" in self.line(capsys, changed)
        assert digests(out) == before

    def test_features(self, arguments: Arguments, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
        words = arguments(tmp_path / "exp")
        words[words.index("--features") + 1] = str(tmp_path / "nowhere")
        assert "not a frame store" in self.line(capsys, words)
        assert not (tmp_path / "exp").exists()

    def test_mixed_precision_is_refused_where_the_cpu_has_none(
        self,
        arguments: Arguments,
        tmp_path: Path,
        capsys: pytest.CaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(loop, "bfloat16_on_cpu", lambda: False)
        words = arguments(tmp_path / "exp", "--set", "training.precision=bfloat16")
        assert "take float32" in self.line(capsys, words)
        assert not (tmp_path / "exp").exists()

    def test_twins_are_asked_for(
        self, arguments: Arguments, tmp_path: Path, capsys: pytest.CaptureFixture
    ) -> None:
        words = arguments(tmp_path / "exp")
        at = words.index("--augmented")
        assert "give --augmented" in self.line(capsys, words[:at] + words[at + 2 :])

    @pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
    def test_no_gpu(self, arguments: Arguments, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
        assert "torch finds none" in self.line(capsys, arguments(tmp_path / "exp", "--device", "cuda"))
        assert not (tmp_path / "exp").exists()

    def test_a_state_with_code_in_it(
        self, arguments: Arguments, tmp_path: Path, capsys: pytest.CaptureFixture
    ) -> None:
        out, ran = tmp_path / "exp", tmp_path / "ran"
        (out / "checkpoints").mkdir(parents=True)

        class Trap:
            def __reduce__(self) -> tuple:
                return os.mkdir, (str(ran),)

        (out / "checkpoints" / "last.state.pt").write_bytes(pickle.dumps(Trap()))
        assert "cannot resume from it" in self.line(capsys, arguments(out, "--resume"))
        assert not ran.exists()

    def test_checkpoints(
        self, arguments: Arguments, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture
    ) -> None:
        out = tmp_path / "exp"
        assert main(arguments(out)) == 0
        best = out / "checkpoints" / "best.safetensors"
        whole = best.read_bytes()
        features = str(corpus / "features" / "dev")

        def embed(checkpoint: Path) -> str:
            words = [
                "embed",
                "--checkpoint",
                str(checkpoint),
                "--features",
                features,
                "--out",
                str(tmp_path / "e"),
            ]
            return self.line(capsys, words)

        best.write_bytes(whole[: len(whole) // 2])
        assert "truncated or not a safetensors checkpoint" in embed(out)
        best.write_bytes(pickle.dumps({"model": 1}))
        assert "truncated or not a safetensors checkpoint" in embed(out)
        save_file({"x": torch.zeros(1)}, best)
        assert "not a speechdis checkpoint" in embed(out)
        best.write_bytes(whole.replace(b"cdsvae", b"dsvae "))
        assert embed(out)
        best.write_bytes(whole)
        tensors = load_file(best)
        assert "cmvn.mean" in tensors
        assert "no checkpoint there" in embed(tmp_path / "nothing")
        assert not (tmp_path / "e").exists()
