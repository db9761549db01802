"""`speechdis attack` on another system's codes: the table, the figures, the fit, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.evaluation import attacking
from speechdis.judges import ladder


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Discrete units of 14 training and 6 test speakers; a speaker likes some units more than others."""
    monkeypatch.setattr(ladder, "CODEBOOKS", ((4, False),))
    monkeypatch.setattr(ladder, "KERNELS", (60,))
    rng = np.random.default_rng(0)
    for split, people in (("train", 14), ("test", 6)):
        data, codes = tmp_path / "data" / split, tmp_path / "codes" / split
        data.mkdir(parents=True)
        codes.mkdir(parents=True)
        utts = [(f"{split}{s}-{k}", f"{split}{s}") for s in range(people) for k in range(6)]
        (data / "utt2spk").write_text("".join(f"{utt} {spk}\n" for utt, spk in sorted(utts)))
        (data / "wav.scp").write_text("".join(f"{utt} {utt}.wav\n" for utt, _ in sorted(utts)))
        liking = {spk: rng.dirichlet(np.full(5, 0.5)) for _, spk in utts}
        for utt, spk in utts:
            np.save(codes / f"{utt}.npy", rng.choice(5, size=60, p=liking[spk]))
    return tmp_path


def words(tree: Path, *more: str) -> list[str]:
    return ["attack", "--data", str(tree / "data"), "--codes", str(tree / "codes"), *more, "--device", "cpu"]


def test_units_of_another_system_are_attacked(tree: Path, caplog: pytest.LogCaptureFixture) -> None:
    more = ["--attacker-steps", "0", "--out", str(tree / "out.json"), "--plot", str(tree / "ladder.svg")]
    with caplog.at_level("INFO", "speechdis"):
        assert main(words(tree, *more)) == 0
    found = json.loads((tree / "out.json").read_text())["codes"]
    assert found["speakers"] == {"training": 12, "held_out": 2, "test": 6}
    by_name = {rung["attacker"]: rung for rung in found["rungs"]}
    least = min(rung["validation"] for rung in found["rungs"])
    assert by_name[found["strongest"]]["validation"] == least
    assert by_name["linear"]["test"]["eer"] < 0.3
    assert "(strongest)" in caplog.text and "misses at 1 %" in caplog.text
    curve = found["curve"]
    assert [n for n, _ in curve["measured"]] == [2, 3, 6, 12] and curve["extrapolated"][-1][0] == 120
    assert "extrapolated" in (tree / "ladder.svg").read_text()


def test_the_fit_finds_its_own_curve() -> None:
    points = [(n, attacking.logistic(n, -0.6, 1.5)) for n in (10, 20, 40, 80)]
    assert attacking.fit_logistic(points) == pytest.approx((-0.6, 1.5))
    assert attacking.logistic(1e-9, -0.6, 1.5) == pytest.approx(0.5, abs=1e-3)  # of nobody, chance
    far, farther = (attacking.logistic(n, -0.6, 1.5) for n in (1e9, 1e10))
    assert farther / far == pytest.approx(10**-0.6, rel=1e-3)  # of many, a power law


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("nobody.npy", np.zeros((3, 2)), "'nobody' is no utterance of"),
        ("train0-0.npy", np.zeros((3, 2)), "codes of different dimensions"),
        ("train0-0.npy", np.array([-1, 2]), "discrete units are numbered from 0"),
        ("train0-0.npy", np.array([{}]), "without pickle"),
    ],
)
def test_codes_that_cannot_be_read_are_named(
    tree: Path, capsys: pytest.CaptureFixture, name: str, array: np.ndarray, said: str
) -> None:
    np.save(tree / "codes" / "train" / name, array, allow_pickle=True)
    assert main(words(tree)) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_options_go_together(tree: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(words(tree, "--floors", "text")) == 2
    assert "--checkpoint and --floors go with --features" in capsys.readouterr().err
    assert main(["attack", "--data", str(tree / "data")]) == 2
    assert "give --features, or --codes" in capsys.readouterr().err


def test_normal_scores_of_codes_are_attacked(tree: Path) -> None:
    """Gaussian codes whose scales are the voice: normal scores have none."""
    rng = np.random.default_rng(0)
    scales: dict[str, np.ndarray] = {}
    for path in sorted((tree / "codes").glob("*/*.npy")):
        scale = scales.setdefault(path.stem.split("-")[0], np.exp(rng.standard_normal(6)))
        np.save(path, (scale * rng.standard_normal((60, 6))).astype(np.float32))
    wrong = {}
    for name, more in {"raw": [], "normal": ["--normal-scores"]}.items():
        out = tree / f"{name}.json"
        assert main(words(tree, "--attacker-steps", "0", "--out", str(out), *more)) == 0
        wrong[name] = json.loads(out.read_text())["codes"]["rungs"][0]["test"]["eer"]
    assert wrong["raw"] < 0.15 < 0.35 < wrong["normal"]
