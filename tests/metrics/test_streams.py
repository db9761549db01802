"""A file that is read as a stream gives the figures of a file that is read as a list."""

import json
from pathlib import Path

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.data.archive import write_vectors
from speechdis.metrics.files import columns, streams
from speechdis.metrics.trials import all_pairs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Trials of 8 speakers, 6 utterances each, in no order; scores, vectors and speakers; read some lines at a time."""
    monkeypatch.setattr(columns, "_BLOCK", 1000)
    rng = np.random.default_rng(0)
    utts = [f"s{s}-u{u}" for s in range(8) for u in range(6)]
    voices = rng.normal(size=(8, 5))
    vectors = {u: (voices[int(u[1])] + rng.normal(size=5)).astype(np.float32) for u in utts}
    write_vectors(tmp_path, "static", vectors.items())
    (tmp_path / "utt2spk").write_text("".join(f"{u} {u[:2]}\n" for u in utts))
    i, j, target = all_pairs([u[:2] for u in utts])
    scores = (target + rng.normal(size=len(i))).astype(np.float32)
    lines = [
        (f"{utts[a]} {utts[b]}", "target" if t else "nontarget", f"{s:.9g}")
        for a, b, t, s in zip(i, j, target, scores, strict=True)
    ]
    lines = [lines[k] for k in rng.permutation(len(lines))]
    (tmp_path / "trials").write_text("".join(f"{pair} {label}\n" for pair, label, _ in lines))
    (tmp_path / "scored").write_text("".join(f"{pair} {score} {label}\n" for pair, label, score in lines))
    (tmp_path / "bare").write_text("".join(f"{score} {label}\n" for _, label, score in lines))
    return tmp_path


def result(folder: Path, *options: str) -> dict:
    assert main(["eer", *options, "--json", str(folder / "result.json")]) == 0
    return json.loads((folder / "result.json").read_text())


def both(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[dict, dict]:
    """Figures of the list, and of the stream."""
    listed = result(folder, *options)
    monkeypatch.setattr(streams, "LARGE", 0)
    return listed, result(folder, *options, "--plot", str(folder / "det.png"))


@pytest.mark.parametrize("speakers", [True, False])
@pytest.mark.parametrize("of", ["scores", "vectors", "bare"])
def test_the_figures_are_those_of_the_list(
    folder: Path, monkeypatch: pytest.MonkeyPatch, of: str, speakers: bool
) -> None:
    options = {
        "scores": ["--scores", str(folder / "scored")],
        "vectors": ["--trials", str(folder / "trials"), "--embeddings", str(folder / "static.scp")],
        "bare": ["--scores", str(folder / "bare")],
    }[of]
    if of != "bare" and speakers:
        options += ["--utt2spk", str(folder / "utt2spk")]
    listed, streamed = both(folder, monkeypatch, *options)
    assert (listed["interval_percent"] is None) == (of == "bare")
    intervals = [one.pop("interval_percent") or [0] for one in (listed, streamed)]
    assert intervals[0] == pytest.approx(intervals[1])  # the draws are the same: all trials
    for name, near in (("miss_at_1_percent", 1), ("miss_at_01_percent", 1), ("linkability", 0.02),
                       ("cllr", 1e-3), ("min_cllr", 1e-3)):  # fmt: skip
        assert streamed.pop(name) == pytest.approx(
            listed.pop(name), abs=near
        )  # of bins of scores, not of values
    assert streamed == pytest.approx(listed) and streamed["no_interval"] == listed["no_interval"]


def test_labels_that_contradict_the_speakers_cost_the_interval(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = (folder / "utt2spk").read_text().replace("s1-u3 s1", "s1-u3 s2")
    (folder / "utt2spk").write_text(names)
    options = ["--scores", str(folder / "scored"), "--utt2spk", str(folder / "utt2spk")]
    listed, streamed = both(folder, monkeypatch, *options)
    for one in (listed, streamed):
        assert "the labels of 11 trials contradict the speakers" in one["no_interval"]
        assert one["interval_percent"] is None and one["speakers"] is None
    assert streamed["eer_percent"] == pytest.approx(listed["eer_percent"])


def test_the_bootstrap_draws_some_of_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LARGE", 0)
    every = result(folder, "--scores", str(folder / "scored"))["interval_percent"]
    monkeypatch.setattr(streams, "BOOTSTRAP_TRIALS", 100)
    some = [result(folder, "--scores", str(folder / "scored"))["interval_percent"] for _ in range(2)]
    assert some[0] == some[1] != every


@pytest.mark.parametrize("kind", ["target", "nontarget"])
def test_one_kind_alone_and_bad_lines_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, kind: str
) -> None:
    monkeypatch.setattr(streams, "LARGE", 0)
    lines = (folder / "scored").read_text().splitlines(keepends=True)
    (folder / "one").write_text("".join(line for line in lines if line.split()[-1] == kind))
    assert main(["eer", "--scores", str(folder / "one")]) == 2
    assert "an error rate needs both kinds" in capsys.readouterr().err
    (folder / "bad").write_text("".join(lines) + "a b c d\n")
    assert main(["eer", "--scores", str(folder / "bad")]) == 2
    assert "bad:1129: expected" in capsys.readouterr().err
