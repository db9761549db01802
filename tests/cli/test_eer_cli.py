"""`speechdis trials` and `speechdis eer` as a user runs them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.data.archive import write_vectors
from speechdis.features.store import write_store
from speechdis.metrics.equal_error import eer
from speechdis.metrics.files.trials import read_trials


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data directory of 4 speakers x 5 utterances; its trials, scores and vectors."""
    utts = [f"s{s}-u{u}" for s in range(4) for u in range(5)]
    data = tmp_path / "data"
    data.mkdir()
    (data / "wav.scp").write_text("".join(f"{u} {u}.wav\n" for u in utts))
    (data / "utt2spk").write_text("".join(f"{u} {u[:2]}\n" for u in utts))
    assert main(["trials", "--data", str(data), "--out", str(tmp_path / "trials")]) == 0
    rng = np.random.default_rng(0)
    voices = rng.normal(size=(4, 8))
    vectors = {u: (voices[int(u[1])] + 0.7 * rng.normal(size=8)).astype(np.float32) for u in utts}
    write_vectors(tmp_path, "static", vectors.items())
    trials = read_trials(tmp_path / "trials")
    unit = np.array([v / np.linalg.norm(v) for v in vectors.values()])
    scores = zip(
        trials.pairs.i, trials.pairs.j, (unit[trials.pairs.i] * unit[trials.pairs.j]).sum(1), strict=True
    )
    (tmp_path / "scores").write_text("".join(f"{utts[i]} {utts[j]} {score:.7g}\n" for i, j, score in scores))
    return tmp_path


def result(folder: Path, *options: str) -> dict:
    assert main(["eer", *options, "--json", str(folder / "result.json")]) == 0
    return json.loads((folder / "result.json").read_text())


def test_what_the_features_skipped_makes_no_trials(folder: Path) -> None:
    made = [u.split()[0] for u in (folder / "data" / "wav.scp").read_text().splitlines()][1:]
    write_store(folder / "feats", [(u, u[:2], np.zeros((3, 4), np.float32)) for u in made], {"type": "fbank"})
    told = ["trials", "--data", str(folder / "data"), "--features", str(folder / "feats")]
    assert main([*told, "--out", str(folder / "fewer")]) == 0
    assert set(read_trials(folder / "fewer").utts) == set(made)


def test_scores_embeddings_and_labels_give_one_answer(folder: Path) -> None:
    trials = ["--trials", str(folder / "trials")]
    by_scores = result(folder, *trials, "--scores", str(folder / "scores"))
    pairs = read_trials(folder / "trials").pairs
    scores = np.array([float(line.split()[2]) for line in (folder / "scores").read_text().splitlines()])
    assert by_scores["eer_percent"] == 100 * eer(scores[pairs.target], scores[~pairs.target]).value
    assert (by_scores["target"], by_scores["nontarget"]) == (40, 150)
    assert (by_scores["speakers"], by_scores["utterances"]) == (4, 20)
    low, high = by_scores["interval_percent"]
    assert 0 <= low <= by_scores["eer_percent"] <= high <= 100
    by_vectors = result(
        folder,
        *trials,
        "--embeddings",
        str(folder / "static.scp"),
        "--utt2spk",
        str(folder / "data" / "utt2spk"),
    )
    assert by_vectors.pop("interval_percent") == pytest.approx([low, high], rel=1e-4)
    assert (by_scores.pop("interval_percent"), by_scores.pop("no_interval")) == ([low, high], None)
    assert by_vectors.pop("no_interval") is None
    assert by_vectors == pytest.approx(by_scores, rel=1e-4)
    (folder / "bare").write_text("".join(f"{s}\n" for s in scores))
    (folder / "labels").write_text("".join(f"{'target' if t else 'nontarget'}\n" for t in pairs.target))
    bare = result(folder, "--scores", str(folder / "bare"), "--labels", str(folder / "labels"))
    assert bare["eer_percent"] == by_scores["eer_percent"] and bare["interval_percent"] is None
    assert bare["no_interval"] == "no utterance ids"


def test_centering_takes_the_mean_off(folder: Path) -> None:
    from speechdis.data.archive import read_vectors

    vectors = read_vectors(folder / "static.scp")
    write_vectors(folder, "moved", ((u, v + 30) for u, v in vectors.items()))
    options = ["--trials", str(folder / "trials"), "--center"]
    here = result(folder, *options, str(folder / "static.scp"), "--embeddings", str(folder / "static.scp"))
    there = result(folder, *options, str(folder / "moved.scp"), "--embeddings", str(folder / "moved.scp"))
    assert there["eer_percent"] == pytest.approx(here["eer_percent"], abs=0.5)


def test_a_plot_is_of_the_format_that_its_suffix_names(folder: Path, capsys: pytest.CaptureFixture) -> None:
    files = ["--trials", str(folder / "trials"), "--scores", str(folder / "scores")]
    for suffix, magic in {"png": b"\x89PNG", "svg": b"<?xml", "PDF": b"%PDF"}.items():
        plots = [folder / f"{name}.{suffix}" for name in "de"]
        for plot in plots:
            result(folder, *files, "--plot", str(plot))
        assert plots[0].read_bytes().startswith(magic) and plots[0].read_bytes() == plots[1].read_bytes()
    for name in ("det.xyz", "det", "det.jpg"):
        files[1] = str(folder / "none")  # nothing is read before
        assert main(["eer", *files, "--plot", str(folder / name)]) == 2
        assert ".png, .svg or .pdf" in capsys.readouterr().err and not (folder / name).exists()


def test_a_protocol_with_other_counts_says_so(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    out = str(folder / "named")
    assert main(["trials", "--data", str(folder / "data"), "--protocol", "timit-core", "--out", out]) == 0
    assert "190 trials, 40 of them target (NOT timit-core, which has 18,336 and 672" in caplog.text
    assert (folder / "named").read_bytes() == (folder / "trials").read_bytes()


def lines(pairs: list[str]) -> str:
    return "".join(f"{pair}\n" for pair in pairs)


@pytest.mark.parametrize(
    ("trials", "scores", "says"),
    [
        (["a b target", "b c target"], ["a b 1", "b c 2"], "there is no non-target trial"),
        (["a b nontarget"], ["a b 1"], "no target trial"),
        (["a b target", "a c nontarget"], ["a b nan", "a c 0"], "scores:1: expected 'enroll test score'"),
        (["a b target", "a c nontarget"], ["a b 1", "a c inf"], "scores:2: expected 'enroll test score'"),
        (["a b target", "a c nontarget"], ["a b 1"], "no score for the trial 'a c'"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture, trials: list[str], scores: list[str], says: str
) -> None:
    (tmp_path / "trials").write_text(lines(trials))
    (tmp_path / "scores").write_text(lines(scores))
    assert main(["eer", "--trials", str(tmp_path / "trials"), "--scores", str(tmp_path / "scores")]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and str(tmp_path) in error


def test_bad_vectors_and_combinations_are_named(folder: Path, capsys: pytest.CaptureFixture) -> None:
    base = ["eer", "--trials", str(folder / "trials"), "--embeddings"]
    scp = (folder / "static.scp").read_text().splitlines()
    (folder / "less.scp").write_text("\n".join(scp[1:]) + "\n")
    assert main([*base, str(folder / "less.scp")]) == 2
    assert "no vector for utterance 's0-u0'" in capsys.readouterr().err
    bad = [(line.split()[0], np.full(8, np.nan if k == 3 else 1.0)) for k, line in enumerate(scp)]
    write_vectors(folder, "bad", bad)
    assert main([*base, str(folder / "bad.scp")]) == 2
    assert "vector of 's0-u3' holds NaN" in capsys.readouterr().err
    assert main(["eer", "--scores", str(folder / "scores")]) == 2
    assert "or give the labels by --trials or --labels" in capsys.readouterr().err
    assert main(["eer", "--labels", str(folder / "scores")]) == 2
    assert "give --trials and --scores" in capsys.readouterr().err
    assert main(["eer", "--trials", str(folder / "nowhere"), "--scores", str(folder / "scores")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_embeddings_without_trials_are_compared_in_all_pairs(folder: Path) -> None:
    vectors = ["--embeddings", str(folder / "static.scp"), "--utt2spk", str(folder / "data" / "utt2spk")]
    listed = result(folder, *vectors, "--trials", str(folder / "trials"))
    assert result(folder, *vectors, "--plot", str(folder / "det.png")) == listed


def test_labels_that_contradict_the_speakers_cost_the_interval_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (tmp_path / "t").write_text("s1 mix target\ns2 mix target\ns1 x nontarget\ns2 x target\n")
    (tmp_path / "s").write_text("s1 mix 2\ns2 mix 0.5\ns1 x 1\ns2 x 3\n")
    files = ["--trials", str(tmp_path / "t"), "--scores", str(tmp_path / "s")]
    (tmp_path / "utt2spk").write_text("s1 a\ns2 b\nmix a\nx b\n")
    for more, of in (([], "other target trials"), (["--utt2spk", str(tmp_path / "utt2spk")], "utt2spk")):
        found = result(tmp_path, *files, *more)
        assert found["eer_percent"] == pytest.approx(100 / 3) and found["interval_percent"] is None
        assert "contradict the speakers" in found["no_interval"] and f"by {of} it is" in found["no_interval"]
        assert f"no interval: {found['no_interval']}" in caplog.text


def test_cases_15_and_16(shared: Path, tmp_path: Path) -> None:
    cases = shared.parent / "cases" / "public"
    if not cases.is_dir():
        pytest.skip("the cases are not beside this checkout")
    case = cases / "15-multi-speaker-tests"
    found = result(tmp_path, "--trials", str(case / "trials"), "--scores", str(case / "scores"))
    bare = result(tmp_path, "--scores", str(case / "bare.scores"), "--labels", str(case / "bare.labels"))
    assert found["eer_percent"] == bare["eer_percent"] and "contradict" in found["no_interval"]
    case = cases / "16-trials-blank-line-bom"
    results = [
        result(tmp_path, "--trials", str(case / name), "--scores", str(case / "scores"))
        for name in ("trials", "bom.trials", "plain.trials")
    ]
    assert results[0] == results[1] == results[2]


def test_more_trials_than_a_list_may_hold_are_refused_before_one_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    utts = [f"s{speaker}-{k:05d}" for speaker in range(2) for k in range(23_000)]
    (tmp_path / "wav.scp").write_text("".join(f"{utt} a.wav\n" for utt in utts))
    (tmp_path / "utt2spk").write_text("".join(f"{utt} {utt[:2]}\n" for utt in utts))
    assert main(["trials", "--data", str(tmp_path), "--out", str(tmp_path / "more")]) == 2
    (error,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("speechdis"))
    assert "46,000 utterances make 1,057,977,000 trials, more than a list may hold" in error
    assert not (tmp_path / "more").exists()


def test_columns_are_told_once_a_file(folder: Path, capsys: pytest.CaptureFixture) -> None:
    lines = [line.split() for line in (folder / "scores").read_text().splitlines()]
    (folder / "turned").write_text("".join(f"{s} x {b} {a}\n" for a, b, s in lines))
    files = ["--trials", str(folder / "trials"), "--scores"]
    told = result(folder, *files, str(folder / "turned"), "--columns", "score,_,test,enroll")
    assert told == result(folder, *files, str(folder / "scores"))
    for columns in ("enroll,test,label,label", "enroll,score", "enroll,test", "a,b,score", "score,enroll"):
        with pytest.raises(SystemExit) as exit:
            main(["eer", *files, str(folder / "turned"), "--columns", columns])
        assert exit.value.code == 2 and "--columns" in capsys.readouterr().err
    assert main(["eer", "--scores", str(folder / "turned"), "--columns", "enroll,test,label"]) == 2
    assert "there is no file for it" in capsys.readouterr().err


def test_one_speaker_makes_no_trials(folder: Path, capsys: pytest.CaptureFixture) -> None:
    data = folder / "data"
    (data / "utt2spk").write_text("".join(f"{u} s\n" for u in read_trials(folder / "trials").utts))
    assert main(["trials", "--data", str(data), "--out", str(folder / "none")]) == 2
    assert "no non-target trial" in capsys.readouterr().err
    assert not (folder / "none").exists()


def test_a_small_file_is_answered_without_torch(folder: Path) -> None:
    code = (
        "import sys; from speechdis.cli import main; assert main(sys.argv[1:]) == 0; "
        "assert not {'torch', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules)"
    )
    command = ["eer", "--trials", str(folder / "trials"), "--scores", str(folder / "scores")]
    subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True)


def others(folder: Path, speakers: int = 12, each: int = 3) -> tuple[Path, Path]:
    """An index of vectors of other speakers, and their utt2spk."""
    rng = np.random.default_rng(1)
    voices = rng.normal(size=(speakers, 8))
    utts = [f"o{s:02d}-u{u}" for s in range(speakers) for u in range(each)]
    vectors = ((u, (voices[int(u[1:3])] + 0.7 * rng.normal(size=8)).astype(np.float32)) for u in utts)
    (folder / "others").mkdir()
    write_vectors(folder / "others", "static", vectors)
    (folder / "others" / "utt2spk").write_text("".join(f"{u} {u[:3]}\n" for u in utts))
    return folder / "others" / "static.scp", folder / "others" / "utt2spk"


def test_plda_and_a_cohort_score_listed_and_all_pairs_alike(folder: Path) -> None:
    scp, utt2spk = map(str, others(folder))
    vectors = ["--embeddings", str(folder / "static.scp"), "--utt2spk", str(folder / "data" / "utt2spk")]
    found = {}
    for name, more in {
        "cosine": [],
        "plda": ["--plda", scp, "--plda-utt2spk", utt2spk],
        "as-norm": ["--cohort", scp, "--top", "20"],
        "both": ["--plda", scp, "--plda-utt2spk", utt2spk, "--cohort", scp, "--top", "20"],
    }.items():
        found[name] = result(folder, *vectors, *more)
        assert found[name] == result(folder, *vectors, *more, "--trials", str(folder / "trials"))
    assert len({one["threshold"] for one in found.values()}) == 4


def test_options_of_scoring_that_do_not_fit_are_one_line(folder: Path, capsys: pytest.CaptureFixture) -> None:
    scp, utt2spk = map(str, others(folder))
    vectors = [
        "eer",
        "--embeddings",
        str(folder / "static.scp"),
        "--utt2spk",
        str(folder / "data" / "utt2spk"),
    ]
    short = [(f"o{k}", np.ones(3, np.float32)) for k in range(9)]
    write_vectors(folder, "short", short)
    for more, error in (
        (["--plda", scp], "--plda and --plda-utt2spk go together"),
        (["--cohort", scp], f"{scp}: --top 300: the cohort has 36 vectors, which allow 2 to 36"),
        (["--cohort", str(folder / "short.scp")], "vectors of 3 numbers, not 8 as in"),
        (
            ["--plda", str(folder / "static.scp"), "--plda-utt2spk", utt2spk],
            "is in the trials, but not in utt2spk",
        ),
    ):
        assert main([*vectors, *more]) == 2
        assert error in capsys.readouterr().err
    assert main(["eer", "--scores", str(folder / "scores"), "--cohort", scp]) == 2
    assert "--cohort goes with --embeddings" in capsys.readouterr().err
