"""`speechdis evaluate` in small: what it says is missing, its table on a terminal, and faults before any work."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch

from speechdis import models
from speechdis.cli import main
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.evaluation import measure, table
from speechdis.evaluation.results import Results
from speechdis.features import settings_of
from speechdis.features.store import write_store
from speechdis.judges import ladder
from speechdis.training.checkpoint import Checkpoint, save

SETTINGS = settings_of("fbank")


def make_speech(root: Path, phones: bool, dev: int = 0) -> None:
    """DATA/train, dev of so many speakers and test of noise in voices, their stores, and those of CHANNEL."""
    rng = np.random.default_rng(0)
    for split, people in (("train", 4), ("test", 3), ("dev", dev)):
        if not people:
            continue
        voices = {f"{split}{s}": rng.normal(size=80) for s in range(people)}
        said = [
            Utterance(f"{spk}-{k}", spk, root / "none.wav", text_phone="AA B" if phones else "")
            for spk in voices
            for k in range(4)
        ]
        frames = [rng.normal(size=(25, 80)) + voices[u.spk] - 8 for u in said]
        write_directory(root / "data" / split, said)
        for name, shift in (("feats", 0), ("channel", 1)):
            rows = [(u.utt, u.spk, (x + shift).astype(np.float32)) for u, x in zip(said, frames, strict=True)]
            write_store(root / name / split, rows, SETTINGS)


def make_model(path: Path) -> Path:
    torch.manual_seed(0)
    config = models.load("dsvae").Config(static_size=4, dynamic_size=3, hidden_size=8)
    built = models.build("dsvae", 80, config).eval()
    ones = np.ones(80, np.float32)
    save(
        path / "checkpoints" / "best.safetensors",
        Checkpoint(built, "dsvae", SETTINGS, 20, -8 * ones, ones, 4),
    )
    (path / "config.yaml").write_text("model: {name: dsvae}\n")
    return path


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ladder, "CODEBOOKS", ((4, False),))
        patch.setattr(ladder, "KERNELS", (60,))
        yield


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("evaluate")
    make_speech(found, phones=False)
    make_model(found / "exp")
    return found


def words(root: Path, *more: str) -> list[str]:
    told = ["--data", str(root / "data"), "--features", str(root / "feats"), "--attacker-steps", "0"]
    return ["evaluate", "--checkpoint", str(root / "exp"), *told, "--phone-steps", "3", *more]


@pytest.fixture(scope="module")
def measured(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, str]:
    """Its figures, and what it prints."""
    capture = tmp_path_factory.mktemp("out")
    said = StringIO()
    kept = logging.StreamHandler(said)
    logging.getLogger("speechdis").addHandler(kept)
    more = ["--channel-features", str(root / "channel"), "--references", str(capture / "kept.json")]
    assert main(words(root, *more, "--markdown", str(capture / "table.md"))) == 0
    logging.getLogger("speechdis").removeHandler(kept)
    results = json.loads((root / "exp" / "results.json").read_text())
    assert (capture / "table.md").read_text() == table.markdown(
        [Results.read(row, "it") for row in (*results["references"], results["row"])]
    )
    return results, said.getvalue()


def test_the_attackers_are_told_by_condition(measured: tuple[dict, str]) -> None:
    results = measured[0]
    for row in (results["row"], results["references"][-1]):
        assert set(row["attackers"]) == set(row["attacker"]) == {"clean", "channel"}
        for condition, told in row["attackers"].items():
            every = {rung["attacker"]: rung for rung in told["rungs"]}
            assert list(every) == ladder.names(0) == results["protocol"]["attackers"]
            chosen = every[told["strongest"]]
            assert told["validation"] == chosen["validation"] == min(r["validation"] for r in told["rungs"])
            figures = row["attacker"][condition]["raw"]
            assert {name: chosen["test"][name] for name in figures} == figures
            assert {"miss_at_1", "miss_at_01", "min_cllr", "linkability"} <= set(chosen["test"])
            assert told["training"] == chosen["training"]
            assert told["speakers"] == {"training": 4, "held_out": 4, "test": 3}
    assert len(results["protocol"]["digests"]) == 4
    assert len(set(results["protocol"]["digests"].values())) == 4


def test_the_table_fits_a_terminal(measured: tuple[dict, str]) -> None:
    said = measured[1]
    block = said[said.index("system") :]
    assert max(map(len, block[: block.rindex("static EER")].splitlines())) <= 100
    for figure in ("attacker on z EER, channel", "attacker's D_sys", "squared error"):
        assert figure in said
    assert "attackers on z, channel:" in said and said.count("(strongest)") == 2


def test_what_is_not_measured_is_said(root: Path, measured: tuple[dict, str]) -> None:
    assert "data/train: no 'text_phone', so phone errors" in measured[1]
    assert "no phone probe either" in measured[1]
    assert "no attacker learns through channels" not in measured[1]


def test_without_training_channels_the_column_is_empty_and_said(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "part").mkdir()
    (root / "part" / "test").symlink_to(root / "channel" / "test")
    out = root / "part.json"
    assert (
        main(words(root, "--channel-features", str(root / "part"), "--out", str(out), "--phone-steps", "0"))
        == 0
    )
    row = json.loads(out.read_text())["row"]
    assert set(row["attackers"]) == {"clean"}
    assert set(row["static"]) == {"clean", "channel"}
    assert "part/train: not there, so no attacker learns through channels" in caplog.text


def test_speakers_of_dev_choose_the_attacker(tmp_path: Path) -> None:
    make_speech(tmp_path, phones=False, dev=12)
    told = ["--data", str(tmp_path / "data"), "--features", str(tmp_path / "feats"), "--device", "cpu"]
    told += ["--channel-features", str(tmp_path / "channel"), "--phone-steps", "0"]
    assert main(["evaluate", *told, "--references", str(tmp_path / "kept.json")]) == 0
    content = json.loads((tmp_path / "kept.json").read_text())
    for found in content["rows"][-1]["attackers"].values():
        assert found["speakers"] == {"training": 4, "held_out": 12, "test": 3}
    assert content["protocol"]["attacker_steps"] == 0  # without networks, on a CPU
    assert {"held out, clean", "held out, channel"} < set(content["protocol"]["digests"])
    assert main(["evaluate", *told, "--references", str(tmp_path / "dev.json"), "--split", "dev"]) == 0
    content = json.loads((tmp_path / "dev.json").read_text())
    assert content["rows"][-1]["attackers"]["clean"]["speakers"] == {"training": 4, "held_out": 4, "test": 12}


def no_work(*_: object) -> None:
    raise AssertionError("work began")


def test_faults_come_before_work(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "model_row", no_work)
    monkeypatch.setattr(measure, "reference_rows", no_work)
    files = {
        "list.json": "[]", "cut.json": '{"row": {', "empty.json": "", "other.json": '{"row": {}}',
        "row.json": '{"row": [1], "protocol": {}}', "text.json": '{"row": "x", "protocol": {}}',
        "nameless.json": '{"row": {}, "protocol": {}}', "twice.json": "[" * 3000,
        "word.json": '{"row": {"system": "a", "static": {"clean": {"raw": {"eer": "x"}}}}, "protocol": {}}',
        "end.json": '{"row": {"system": "a", "static": {"clean": {"raw": {"eer": 0, "interval": [1]}}}}, "protocol":0}',
        "name.json": '{"row": {"system": 3, "probes": {"energy_dynamic": 1}}, "protocol": {}}',
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    beside = [["--beside", str(tmp_path / name)] for name in (*files, "bytes.json", "none.json", ".")]
    (tmp_path / "rows.json").write_text('{"rows": 3, "protocol": {}}')
    other = [
        ["--references", str(tmp_path / "rows.json")],
        ["--lda", "4"],
        ["--out", str(tmp_path)],
        ["--markdown", str(tmp_path)],
        ["--channel-features", str(tmp_path)],
    ]
    for more in (*beside, *other):
        assert main(words(root, *more)) == 2, more
        lines = capsys.readouterr().err.strip().splitlines()
        assert [line for line in lines if line.startswith("speechdis evaluate:")] == lines[-1:]
        assert more[1].rstrip(".") in lines[-1], lines
    for option in ("--phone-steps", "--lda", "--swaps"):
        with pytest.raises(SystemExit):
            main(words(root, option, "-1"))
        assert "must be 0 or more" in capsys.readouterr().err


def test_phones_of_training_alone_are_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Probes are left out and a line says so; the rest is measured."""
    make_speech(tmp_path, phones=True)
    make_model(tmp_path / "exp")
    (tmp_path / "data" / "test" / "text_phone").unlink()
    assert main(words(tmp_path)) == 0
    assert "data/test: no 'text_phone', so phone errors" in caplog.text
    row = json.loads((tmp_path / "exp" / "results.json").read_text())["row"]
    assert "phone_errors_dynamic" not in row["probes"]
    assert "energy_dynamic" in row["probes"]


def test_normal_scores_are_attacked_and_named(root: Path, tmp_path: Path, measured: tuple[dict, str]) -> None:
    assert (
        main(words(root, "--attacker-steps", "0", "--normal-scores", "--out", str(tmp_path / "out.json")))
        == 0
    )
    row = json.loads((tmp_path / "out.json").read_text())["row"]
    assert row["label"] == "normal scores" and row["static"]["clean"] == measured[0]["row"]["static"]["clean"]
    assert row["attackers"]["clean"]["rungs"] != measured[0]["row"]["attackers"]["clean"]["rungs"]
