"""Corpora that are combined: what each had, together; speakers whose ids collide; prefixes."""

from pathlib import Path

import pytest
from trees import plant, recording

from speechdis.cli import main
from speechdis.data.directory import read_directory, write_directory
from speechdis.data.utterance import Utterance


def corpus(root: Path, train: str, test: str) -> Path:
    """A prepared corpus of two utterances of a speaker in `train`, and in `test`."""
    for part, spk in (("train", train), ("test", test)):
        plant(root, {f"{spk}-{take}.wav": recording() for take in (1, 2)})
        utterances = [Utterance(f"{spk}-{t}", spk, root / f"{spk}-{t}.wav", text="a b") for t in (1, 2)]
        write_directory(root / part, utterances)
    return root


def combine(out: Path, *folders: Path, prefixes: tuple[str, ...] = ()) -> int:
    more = ["--prefix", *prefixes] if prefixes else []
    return main(["combine", "--data", *map(str, folders), "--out", str(out), *more])


def test_splits_of_all_together(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    one, other = corpus(tmp_path / "one", "84", "61"), corpus(tmp_path / "other", "p225", "p226")
    (one / "test" / "trials_o").write_text("61-1 61-2 target\n")
    (other / "train").rename(other / "dev")
    assert combine(tmp_path / "both", one, other) == 0
    found = {part: read_directory(tmp_path / "both" / part) for part in ("train", "dev", "test")}
    assert {part: [u.utt for u in us] for part, us in found.items()} == {
        "train": ["84-1", "84-2"],
        "dev": ["p225-1", "p225-2"],
        "test": ["61-1", "61-2", "p226-1", "p226-2"],
    }
    assert found["test"][3] == Utterance("p226-2", "p226", other / "p226-2.wav", text="a b")
    assert "one/test/trials_o: left out" in caplog.text


def test_ids_that_collide_are_one_line_and_a_prefix_mends_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = corpus(tmp_path / "one", "84", "61"), corpus(tmp_path / "other", "7", "84")
    assert combine(tmp_path / "both", one, other) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and not (tmp_path / "both").exists()
    assert f"speaker '84' is in {one} and in {other}" in error and "--prefix A B" in error
    assert combine(tmp_path / "both", one, other, prefixes=("a",)) == 2
    assert "1 prefixes for 2 folders" in capsys.readouterr().err
    assert combine(tmp_path / "both", one, other, prefixes=("a", "b")) == 0
    spks = [{u.spk for u in read_directory(tmp_path / "both" / part)} for part in ("train", "test")]
    assert spks == [{"a-84", "b-7"}, {"a-61", "b-84"}]
    assert combine(tmp_path / "more", one / "train", other) == 2
    assert "give the folder of its train, dev and test" in capsys.readouterr().err
