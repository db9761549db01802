"""The whole chain as a person runs it, and what is left of it when it is killed at any moment."""

import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch

from speechdis.cli import main
from speechdis.evaluation import attacking

ROOT = Path(__file__).parents[1]
OPTIONS = [
    "--generated", "--speakers", "12", "--jobs", "1", "--versions", "1", "--device", "cpu",
    "--attacker-steps", "0", "--phone-steps", "3", "--config", str(ROOT / "recipes/cdsvae/demo.yaml"),
    "--set", "training.steps=120 training.validate_every=20 training.batch=16",
]  # fmt: skip
pytest.importorskip("espeakng_loader", reason="needs the [generate] extra")


def command(work: Path, *more: str) -> list[str]:
    return ["bash", str(ROOT / "egs/timit/run.sh"), *OPTIONS, "--work", str(work), *more]


def run(work: Path, *more: str) -> subprocess.CompletedProcess:
    words = command(work, *more)
    return subprocess.run(
        words, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )


def digests(work: Path, *homes: Path) -> dict[str, str]:
    """Every file but logs of time and place, by content; `homes` are other folders that files may name."""

    def content(file: Path) -> bytes:
        data = file.read_bytes()
        for home in (work, *homes):
            data = data.replace(str(home).encode(), b"WORK")
        return data

    told = ("tb", "run.json", "train.log", "results.json", "swap.wav", "det.png", "report")
    return {
        str(file.relative_to(work)): sha256(content(file)).hexdigest()
        for file in sorted(work.rglob("*"))
        if file.is_file() and not any(part in told for part in file.parts)
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("whole")
    done = run(work)
    assert done.returncode == 0, done.stderr[-3000:]
    stages = [line.split(":")[0] for line in done.stderr.splitlines() if line.startswith("stage ")]
    assert stages == [f"stage {k}" for k in range(6)]
    assert "attacker on z EER" in done.stderr
    return work


def test_the_chain_ends_with_figures_and_sound(whole: Path) -> None:
    exp = whole / "exp" / "timit-generated-cdsvae"
    row = json.loads((exp / "results.json").read_text())["row"]
    assert {"static", "dynamic", "flattened", "attacker", "probes", "reconstruction"} <= set(row)
    assert 0 <= row["static"]["channel"]["centred"]["eer"] <= 1
    assert {"phones_dynamic", "phones_static", "energy_dynamic", "phone_errors_dynamic"} <= set(row["probes"])
    assert (exp / "swap.wav").stat().st_size > 10_000
    assert (exp / "det.png").exists()
    sounds = [file.name for file in (exp / "report" / "audio").glob("*.flac")]
    recordings = sum(name.startswith("recording-") for name in sounds)
    assert (
        recordings > 1 and len(sounds) == recordings + recordings**2
    )  # every voice with the words of every one


@pytest.mark.parametrize(("stage", "seconds"), [(0, 1.0), (1, 4.0), (2, 4.0), (3, 9.0), (4, 6.0)])
def test_a_killed_stage_can_be_run_again(whole: Path, tmp_path: Path, stage: int, seconds: float) -> None:
    """Whenever kill -9 strikes, running the stage again ends with the bytes of an unbroken run."""
    subprocess.run(["cp", "-r", f"{whole}/.", str(tmp_path)], check=True)
    produced = {0: ["generated", "data"], 1: ["feats"], 2: ["feats"], 3: ["exp"], 4: ["exp"]}[stage]
    expected = digests(whole)
    if stage in (1, 3):  # from nothing; elsewhere over an earlier output
        for name in produced:
            subprocess.run(["rm", "-r", str(tmp_path / name)], check=True)
    words = command(tmp_path, "--stage", str(stage), "--stop-stage", str(stage))
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = run(tmp_path, "--stage", str(stage))
    assert done.returncode == 0, done.stderr[-3000:]
    found = digests(tmp_path, whole)
    assert {k: v for k, v in found.items() if expected.get(k) != v} == {}
    assert set(found) == set(expected)


def test_floors_and_ceilings_alone(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    feats, kept = whole / "feats" / "timit-generated-fbank", tmp_path / "kept.json"
    words = ["evaluate", "--data", str(whole / "data" / "timit-generated"), "--features", str(feats)]
    words += ["--attacker-steps", "0", "--phone-steps", "0"]
    assert main([*words, "--references", str(kept)]) == 0
    systems = [row["system"] for row in json.loads(kept.read_text())["rows"]]
    assert (len(systems), systems[0]) == (4, "random vectors")
    for more, fault in ([], "give --checkpoint, or"), (["--swaps", "3"], "give its --checkpoint"):
        assert main([*words, "--references", str(kept), *more] if more else words) == 2
        assert fault in capsys.readouterr().err


def test_codes_of_several_models_are_attacked_side_by_side(whole: Path) -> None:
    exp, feats = whole / "exp" / "timit-generated-cdsvae", whole / "feats" / "timit-generated-fbank"
    of = [whole / "data" / "timit-generated", feats, None]
    one, two = (attacking.read(*of, models, "test", torch.device("cpu"), 0) for models in ([exp], [exp] * 2))
    for single, double in ((one.known, two.known), (one.test, two.test)):
        assert np.array_equal(double.frames, np.tile(single.frames, 2))
        assert np.array_equal(double.counts, single.counts)


def test_without_timit_two_lines_say_what_to_do(tmp_path: Path) -> None:
    words = ["bash", str(ROOT / "egs/timit/run.sh"), "--stage", "0", "--work", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    told = done.stderr.splitlines()[1:]
    assert len(told) == 2
    assert "LDC93S1" in told[0]
    assert "--generated" in told[1]
    assert not list(tmp_path.iterdir())


def test_options_are_checked_and_listed() -> None:
    words = ["bash", str(ROOT / "egs/timit/run.sh")]
    done = subprocess.run([*words, "--modl", "x"], capture_output=True, text=True, check=False)
    assert (done.returncode, "no option '--modl'" in done.stderr) == (2, True)
    done = subprocess.run([*words, "--help"], capture_output=True, text=True, check=True)
    for option in ("--stage", "--stop-stage", "--timit-root", "--generated", "--model"):
        assert option in done.stdout


def test_a_killed_benchmark_goes_on_to_the_same_table(whole: Path, tmp_path: Path) -> None:
    suite, recipe = tmp_path / "two.yaml", ROOT / "recipes/cdsvae/demo.yaml"
    suite.write_text(
        f"budget: {{training.steps: 40, training.validate_every: 20, training.batch: 16}}\nsystems:\n"
        f"  one: {{recipe: {recipe}}}\n  other: {{recipe: {recipe}, set: {{model.contrast_dynamic: 0}}}}\n"
    )

    def words(out: Path, *more: str) -> list[str]:
        told = ["--suite", str(suite), "--corpus", str(whole / "data" / "timit-generated"), "--out", str(out)]
        few = ["--attacker-steps", "0", "--phone-steps", "3", "--versions", "1", "--device", "cpu"]
        return [sys.executable, "-m", "speechdis", "benchmark", *told, *few, *more]

    def table(out: Path) -> list[dict]:
        content = json.loads((out / "two.json").read_text())
        assert content["commit"] and content["hardware"] and content["columns"][1] == "static EER"
        systems = content["rows"][-2:]  # after floors and ceilings
        for system in systems:
            del system["training, min"]
        return systems

    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    said = subprocess.run(words(unbroken), check=True, capture_output=True, text=True, env=environment).stderr
    for part, times in {
        "utterances skipped -> ": 6, "twins skipped -> ": 2, "floors and ceilings -> ": 1,
        "one, seed 0 -> ": 1, "cdsvae: 40 steps, ": 2, ": every figure -> ": 2, "two: 2 systems": 1,
    }.items():  # fmt: skip
        assert said.count(part) == times, part
    both = words(broken, "--jobs", "2")
    killed = subprocess.Popen(both, stderr=subprocess.DEVNULL, env=environment)
    while not list(broken.glob("exp/two/timit-generated-fbank/*/checkpoints/best*")):
        assert killed.poll() is None
        time.sleep(0.1)
    killed.kill()
    killed.wait()
    assert not (broken / "two.md").exists()
    subprocess.run(both, check=True, capture_output=True, env=environment)
    assert table(broken) == table(unbroken)
    assert [system["system"] for system in table(broken)] == ["one", "other"]
    lines = (broken / "two.md").read_text().splitlines()
    assert [line.split(" | ")[0] for line in (lines[2], *lines[-2:])] == [
        "| random vectors",
        "| one",
        "| other",
    ]
    other = subprocess.run(
        words(broken, "--set", "training.steps=7"), capture_output=True, text=True, env=environment
    )
    assert other.returncode == 2 and "training.steps was 40, now 7" in other.stderr
