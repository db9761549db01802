"""Scenarios of attackers, on frames whose voices are known: who is found out, by what he was compared with."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from speechdis.cli import main
from speechdis.data.audio import write_audio
from speechdis.data.directory import write_directory
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.evaluation import privacy
from speechdis.evaluation.privacy import List, Side
from speechdis.features.store import Store
from speechdis.judges.ladder import Ladder, Rung
from speechdis.judges.sequences import Sequences
from speechdis.metrics.scoring import cosine
from speechdis.metrics.trials import Pairs, Trials


def store(spks: list[str], voices: dict[str, int], rng: np.random.Generator, shift: float = 0.0) -> Store:
    """40 frames (40, 8) of noise an utterance `spk-k`, louder in the dimension that is the speaker's."""
    frames = []
    for spk in spks:
        one = rng.normal(size=(40, 8))
        one[:, voices[spk]] += 4
        frames.append((one + shift).astype(np.float32))
    made = Store.of(frames, {})
    return replace(made, utts=tuple(f"{spk}-{k}" for k, spk in enumerate(spks)), spks=tuple(spks))


def mean(of: Sequences) -> np.ndarray:
    """An attacker that needs no training: the mean frame."""
    return np.stack([of.frames[a : a + n].mean(0) for a, n in zip(of.first, of.counts, strict=True)])


MEAN = Ladder([Rung("mean", mean, cosine, 8, 0.0, {})], {"mean": (0.0, 1.0)}, 1.0)


def test_a_speaker_is_the_mean_of_the_utterances_that_are_enrolled() -> None:
    rng = np.random.default_rng(0)
    enroll = store(["a", "a", "b", "b"], {"a": 0, "b": 1}, rng)
    heard = store(["b", "a"], {"a": 0, "b": 1}, rng)
    compared = privacy.pairs(enroll, ["a-0", "b-2", "b-3"], List(heard, None), "all")
    assert compared.names == ["a", "b"]
    assert compared.target.tolist() == [False, True, True, False]
    found = privacy.scored(MEAN, enroll, ["a-0", "b-2", "b-3"], heard, compared)["mean"]
    vectors = {utt: enroll[k].mean(0) for k, utt in enumerate(enroll.utts)}
    known = np.stack([vectors["a-0"], (vectors["b-2"] + vectors["b-3"]) / 2])
    tests = np.stack([heard[k].mean(0) for k in range(2)])
    cosines = known @ tests.T / np.linalg.norm(known, axis=1)[:, None] / np.linalg.norm(tests, axis=1)
    assert found == pytest.approx(cosines.ravel(), abs=1e-6)


def test_a_list_names_speakers_or_utterances_and_all_of_them_must_be_there() -> None:
    rng = np.random.default_rng(0)
    enroll = store(["a", "b"], {"a": 0, "b": 1}, rng)
    heard = store(["a", "b"], {"a": 0, "b": 1}, rng)

    def listed(*rows: tuple[str, str, bool]) -> List:
        utts = tuple(dict.fromkeys(name for row in rows for name in row[:2]))
        i, j = (np.array([utts.index(row[k]) for row in rows], np.int32) for k in (0, 1))
        return List(heard, Trials(utts, Pairs(i, j, np.array([row[2] for row in rows]))))

    rows = [("a", "a-0", True), ("b-1", "a-0", False)]
    compared = privacy.pairs(enroll, None, listed(*rows), "list")
    assert (compared.names, compared.spk_a.tolist()) == (["a", "b-1"], [0, 1])
    for row, says in ((("c", "a-0", False), "'c' of the trials is not enrolled"),
                      (("a", "z-9", False), "'z-9' of the trials has no recording")):  # fmt: skip
        with pytest.raises(InputError, match=says):
            privacy.pairs(enroll, None, listed(*rows, row), "list")
    with pytest.raises(InputError, match="needs target and non-target trials"):
        privacy.pairs(enroll, None, listed(rows[0]), "list")


def test_each_scenario_hears_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anonymised speech has other voices in enrolment and trials: an attacker by the mean finds nobody in it."""
    rng, names = np.random.default_rng(1), [f"s{k}" for k in range(6) for _ in range(4)]
    was = {f"s{k}": k for k in range(6)}
    learnt: list[tuple[np.ndarray, Ladder | None]] = []

    def climb(known: Sequences, *rest: object, begin: Ladder | None, **options: object) -> Ladder:
        learnt.append((known.frames, begin))
        return MEAN

    monkeypatch.setattr(privacy, "climb", climb)

    def side(enrolled: dict[str, int], heard: dict[str, int]) -> Side:
        trials = store(names, heard, rng)
        trials = replace(trials, utts=tuple(f"t{utt}" for utt in trials.utts))
        return Side(store(names, was, rng), store(names, enrolled, rng), {"all": List(trials, None)})

    original, hidden = side(was, was), side(was, {f"s{k}": (k + 1) % 6 for k in range(6)})
    found = privacy.attacked(original, hidden, 1)["scenarios"]
    assert list(found) == ["original", "ignorant", "lazy-informed", "semi-informed"]
    rates = {name: one["lists"]["all"]["eer"] for name, one in found.items()}
    assert rates["original"] == 0 and min(rate for name, rate in rates.items() if name != "original") > 0.5
    assert [one[0] is side.train.frames for one, side in zip(learnt, (original, hidden), strict=True)] == [
        True,
        True,
    ]
    assert [begin for _, begin in learnt] == [None, MEAN]
    assert list(privacy.attacked(Side(None, None, {}), hidden, 1)["scenarios"]) == ["semi-informed"]
    with pytest.raises(InputError, match="no scenario has"):
        privacy.attacked(Side(None, None, {}), Side(None, None, {}), 1)


def test_directories_of_any_system_are_enough(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command on tones: the directories alone, and a table beside a published one."""
    rng, t = np.random.default_rng(2), np.arange(4000) / 16000
    for name, people in (("train", range(4)), ("test", range(4, 7))):
        utterances = []
        for spk in people:
            for k in range(4):
                path = tmp_path / "wav" / f"{spk}-{k}.wav"
                path.parent.mkdir(exist_ok=True)
                tone = np.sin(2 * np.pi * (200 + 150 * spk) * t) + 0.1 * rng.normal(size=len(t))
                write_audio(path, (0.2 * tone).astype(np.float32), 16000)
                utterances.append(Utterance(f"{spk}-{k}", str(spk), path))
        write_directory(tmp_path / name, utterances)
    (tmp_path / "test" / "enrolls").write_text("".join(f"{spk}-0\n" for spk in range(4, 7)))
    published = Path(__file__).parents[2] / "egs" / "voiceprivacy" / "results" / "published.json"
    data = [str(tmp_path / name) for name in ("train", "test", "test")]
    words = [word for pair in zip(("--train", "--enroll", "--trials"), data, strict=True) for word in pair]
    monkeypatch.chdir(tmp_path)
    assert main(["privacy", *words, "--attacker-steps", "0", "--words", "0", "--device", "cpu",
                 "--beside", str(published), "--json", "told.json"]) == 0  # fmt: skip
    assert "B5 VQ-48 of wav2vec 2.0 | 34.3 | 21.3 | 4.37" in caplog.text
    told = json.loads(Path("told.json").read_text())
    assert list(told["scenarios"]) == ["original"]
    figures = told["scenarios"]["original"]["lists"]["test"]
    assert (figures["target"], figures["nontarget"], figures["speakers"]) == (9, 18, 3)
    assert {"eer", "interval", "linkability", "miss_at_1"} <= set(figures)
    assert main(["privacy", *words, "--trials-anon", *data[:2]]) == 2
    assert "as many directories" in capsys.readouterr().err
