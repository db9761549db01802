"""Sequence models from training to table, figures and sound, as the commands leave them."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from speechdis import features
from speechdis.cli import main
from speechdis.evaluation import learning
from speechdis.evaluation.bounds import bounds
from speechdis.features.store import Store, write_store
from speechdis.training import checkpoint

RATE = 16000
SIZES = {"dynamic_size": 2, "state_size": 6, "hidden_size": 8, "importance_samples": 4}


def recordings(count: int, seed: int) -> list[tuple[str, str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    tones = (np.sin(np.arange(6400) * 2 * np.pi * rng.uniform(100, 400) / RATE) for _ in range(count))
    return [(f"s{i}-u", f"s{i}", (0.3 * tone + 0.01 * rng.normal(size=6400))) for i, tone in enumerate(tones)]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, settings = tmp_path_factory.mktemp("stores"), features.settings_of("waveform")
    for part, (count, seed) in {"train": (8, 0), "dev": (4, 1), "test": (4, 2)}.items():
        rows = [(u, s, features.extract(x, settings)) for u, s, x in recordings(count, seed)]
        write_store(root / part, rows, settings)
    return root


@pytest.fixture(scope="module")
def experiments(stores: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root, made = tmp_path_factory.mktemp("exp"), {}
    for name in ("vrnn", "avrnn"):
        model = {"name": name, **SIZES} | ({"critic_size": 6, "critic_layer": 4} if name == "avrnn" else {})
        training = {"steps": 12, "batch": 4, "segment": 10, "validate_every": 4}
        file = root / f"{name}.yaml"
        file.write_text(yaml.safe_dump({"model": model, "training": training}))
        made[name] = root / name
        words = ["train", "--config", file, "--features", stores, "--out", made[name], "--device", "cpu"]
        assert main([str(word) for word in words]) == 0
    return made


def test_a_look_logs_every_measure(experiments: dict[str, Path]) -> None:
    lines = {
        name: [json.loads(line) for line in (exp / "metrics.jsonl").read_text().splitlines()]
        for name, exp in experiments.items()
    }
    assert [line["step"] for line in lines["avrnn"]] == [4, 8, 12]
    measures = {"reconstruction", "kl_dynamic", "loss", "elbo", "iwae"}
    assert set(lines["vrnn"][0]["valid"]) == measures
    assert set(lines["avrnn"][0]["valid"]) == measures | {"critic"}
    assert set(lines["avrnn"][0]["train"]) >= {"reconstruction", "kl_dynamic", "critic", "adversarial"}
    for found in (line["valid"] for line in lines["vrnn"]):
        assert found["elbo"] == pytest.approx(-found["loss"], rel=1e-5)
        assert found["iwae"] >= found["elbo"]


def test_bounds_on_whole_segments_are_those_of_the_model(experiments: dict[str, Path], stores: Path) -> None:
    """Many draws of one segment each: the mean over frames is what `log_weights` says, and IWAE is above."""
    trained, store = checkpoint.load(experiments["vrnn"]), Store.read(stores / "test")
    found = bounds(trained, store, torch.device("cpu"), samples=64)
    assert (found.segments, found.frames) == (len(store.frames) // 10 + 4 * (32 % 10 > 0), len(store.frames))
    assert found.critic is None
    assert found.elbo == pytest.approx(found.reconstruction - found.kl)
    assert found.elbo < found.iwae
    x = torch.from_numpy((store[0][:10] - trained.mean) / trained.std)[None]
    with torch.no_grad():
        weights = trained.model.log_weights(x, None, 2000, torch.Generator().manual_seed(0))
    one = bounds(trained, store, torch.device("cpu"), samples=2000, most=1)
    assert one.elbo == pytest.approx(weights.mean().item() / 10, rel=0.01)
    assert one.elbo == pytest.approx(one.reconstruction - one.kl)


def test_experiments_of_one_name_are_told_apart_by_the_user(
    experiments: dict[str, Path], stores: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    told = [
        "--exp",
        str(experiments["vrnn"]),
        "--exp",
        str(tmp_path / "vrnn"),
        "--features",
        str(stores / "test"),
    ]
    assert main(["bounds", *told, "--out", str(tmp_path / "out")]) == 2
    assert "two experiments are called 'vrnn'" in capsys.readouterr().err


def test_the_command_draws_and_tabulates(
    experiments: dict[str, Path], stores: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    told = [f"--exp={exp}" for exp in experiments.values()]
    rest = ["--features", str(stores / "test"), "--samples", "8", "--device", "cpu"]
    for out in ("a", "b"):
        assert main(["bounds", *told, *rest, "--out", str(tmp_path / out)]) == 0
    result = json.loads((tmp_path / "a" / "bounds.json").read_text())
    assert set(result["systems"]) == {"vrnn", "avrnn"}
    assert result["systems"]["avrnn"]["critic"] is not None
    rows = (tmp_path / "a" / "learning.tsv").read_text().splitlines()
    assert rows[0] == "experiment\tstep\tsplit\tterm\tvalue"
    assert {line.split("\t")[3] for line in rows[1:]} == {
        "reconstruction", "kl", "elbo", "iwae", "critic", "adversarial"
    }  # fmt: skip
    for file in ("bounds.json", "learning.png", "learning.tsv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_curves_are_nats_a_frame(experiments: dict[str, Path]) -> None:
    line = json.loads((experiments["vrnn"] / "metrics.jsonl").read_text().splitlines()[0])["valid"]
    rows = {
        (step, split, term): value for _, step, split, term, value in learning.logged([experiments["vrnn"]])
    }
    assert rows[4, "valid", "reconstruction"] == pytest.approx(-line["reconstruction"] / 10)
    assert rows[4, "valid", "elbo"] == pytest.approx(line["elbo"] / 10, rel=1e-5)


def test_rollouts_of_a_waveform_are_sound(experiments: dict[str, Path], tmp_path: Path) -> None:
    from speechdis.data.audio import read_audio, write_audio

    recording = recordings(1, 5)[0][2].astype(np.float32)
    write_audio(tmp_path / "x.wav", recording, RATE)
    words = ["rollout", "--checkpoint", experiments["avrnn"], "--recording", tmp_path / "x.wav", "--out"]
    told = ["--seconds", "0.25", "--prompt", "0.1", "--count", "2"]
    assert main([*(str(w) for w in words), str(tmp_path / "out"), *told]) == 0
    lengths = {}
    for file in (tmp_path / "out").glob("*.wav"):
        with wave.open(str(file)) as opened:
            lengths[file.stem] = opened.getnframes()
    assert lengths == {"teacher-forced": 6400, "continued": 1600 + 4000, "free-0": 4000, "free-1": 4000}
    heard, _ = read_audio(tmp_path / "out" / "continued.wav", RATE)
    np.testing.assert_allclose(heard[:1600], recording[:1600], atol=1e-3)


@pytest.mark.parametrize("command", ["bounds", "rollout", "swap", "evaluate"])
def test_what_a_model_is_not_for_is_said_in_a_line(
    command: str, experiments: dict[str, Path], stores: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    wav = tmp_path / "x.wav"
    from speechdis.data.audio import write_audio

    write_audio(wav, recordings(1, 5)[0][2].astype(np.float32), RATE)
    told = {
        "bounds": ["--exp", tmp_path, "--features", stores / "test", "--out", tmp_path / "b"],
        "rollout": ["--checkpoint", experiments["vrnn"], "--out", tmp_path / "r"],
        "swap": [
            "--checkpoint",
            experiments["vrnn"],
            "--voice",
            wav,
            "--content",
            wav,
            "--out",
            tmp_path / "y.wav",
        ],
        "evaluate": [
            "--checkpoint",
            experiments["vrnn"],
            "--features",
            stores,
            "--data",
            tmp_path,
            "--swaps",
            "2",
        ],
    }[command]
    said = {
        "bounds": "not an experiment",
        "rollout": "--recording or --data",
        "swap": "no static and dynamic",
        "evaluate": "no static and dynamic",
    }
    assert main([command, *(str(word) for word in told)]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert said[command] in error
