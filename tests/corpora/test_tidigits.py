"""TIDIGITS: names become digits, trees in either letter case, adults or all, and other roots are told apart."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechdis.cli import main
from speechdis.corpora import tidigits, timit
from speechdis.data.audio import write_audio
from speechdis.errors import InputError

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "300"))
SPEAKERS = {
    "train/man": ["ae", "aj", "al"],
    "train/woman": ["ac"],
    "train/boy": ["ib"],
    "test/man": ["ah"],
    "test/girl": ["ec"],
}
NAMES = ["1a", "ob", "zo19a"]


def write_tree(root: Path, upper: bool = False, top: str = "tidigits") -> Path:
    """A few speakers of each group with three recordings, all links to one."""
    root.mkdir(parents=True, exist_ok=True)
    write_audio(root / "one", np.sin(np.arange(2000)), 20000, format="SHORTEN")
    for group, spks in SPEAKERS.items():
        for spk in spks:
            for name in NAMES:
                place = f"{top}/{group}/{spk}/{name}.wav"
                file = root / (place.upper() if upper else place)
                file.parent.mkdir(parents=True, exist_ok=True)
                os.link(root / "one", file)
    return root


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("inside", [False, True])
def test_a_tree_is_found_in_either_case_by_itself_or_by_its_parent(
    tmp_path: Path, upper: bool, inside: bool
) -> None:
    root = write_tree(tmp_path / "t", upper)
    splits = tidigits.prepare(next(f for f in root.iterdir() if f.is_dir()) if inside else root)
    assert {name: len({u.spk for u in us}) for name, us in splits.items()} == {
        "train": 3,
        "dev": 1,
        "test": 1,
    }
    first, second, third = splits["test"]
    assert [u.utt for u in splits["test"]] == ["ah_1a", "ah_ob", "ah_zo19a"]
    assert (first.text, second.text, third.text) == ("one", "oh", "zero oh one nine")
    assert (first.spk, first.gender) == ("ah", "m")
    assert {u.gender for us in splits.values() for u in us if u.spk == "ac"} == {"f"}


def test_the_order_of_the_later_release_is_read_too(tmp_path: Path) -> None:
    splits = tidigits.prepare(write_tree(tmp_path, top="tidigits/data/adults"))
    assert len(splits["train"]) + len(splits["dev"]) == 4 * len(NAMES)


def test_children_on_demand_and_isolated_digits(tmp_path: Path) -> None:
    root = write_tree(tmp_path)
    everybody = tidigits.prepare(root, all=True)
    assert {u.spk: u.gender for u in everybody["test"]} == {"ah": "m", "ec": "f"}
    assert {u.text for us in tidigits.prepare(root, isolated=True).values() for u in us} == {"one", "oh"}


def test_the_seed_chooses_the_dev_speakers(tmp_path: Path) -> None:
    root = write_tree(tmp_path)
    dev = [frozenset(u.spk for u in tidigits.prepare(root, seed=seed)["dev"]) for seed in range(20)]
    assert dev[0] == frozenset(u.spk for u in tidigits.prepare(root, seed=0)["dev"])
    assert set().union(*dev) == {"ae", "aj", "al", "ac"}
    with pytest.raises(InputError, match="hold out 4 of 4 speakers: choose 1 to 3"):
        tidigits.prepare(root, dev_speakers=4)
    with pytest.raises(InputError, match=r"0 speaker\(s\) to hold 1 out of"):
        tidigits.prepare(root / "tidigits/test")


def test_a_strange_name_is_reported_and_left_out(tmp_path: Path) -> None:
    root = write_tree(tmp_path)
    for name in ("0a.wav", "12.wav", "notes.txt", "1a.wav.wav"):
        (root / "tidigits/test/man/ah" / name).touch()
    errors: list[InputError] = []
    assert len(tidigits.prepare(root, report=errors.append)["test"]) == 3
    assert [Path(str(e).split(":")[0]).name for e in errors] == ["0a.wav", "12.wav"]
    with pytest.raises(InputError, match=r"0a\.wav: '0a' is not digits"):
        tidigits.prepare(root)


def test_a_root_of_another_corpus_is_recognised(tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "TIMIT/TRAIN/DR1/FCJF0").mkdir(parents=True)
    with pytest.raises(InputError, match=r"it looks like TIMIT; TIDIGITS is LDC93S10.*generate"):
        tidigits.prepare(other)
    with pytest.raises(InputError, match=r"as TIMIT has; it looks like TIDIGITS"):
        timit.prepare(write_tree(tmp_path / "t") / "tidigits")
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "3_jackson_12.wav").touch()
    with pytest.raises(InputError, match="it looks like FSDD"):
        tidigits.prepare(tmp_path / "f")
    with pytest.raises(InputError, match=r"no train/man.*generate"):
        tidigits.prepare(tmp_path / "absent")


def test_a_missing_decoder_is_one_line_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_tree(tmp_path / "t")
    monkeypatch.setitem(sys.modules, "av", None)
    assert main(["prepare", "tidigits", "--root", str(root), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "pip install 'speechdis[formats]'" in error
    assert not (tmp_path / "out").exists()


def test_a_truncated_header_is_one_skipped_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = write_tree(tmp_path / "t")
    bad = root / "tidigits/test/man/ah/1a.wav"
    head = bad.read_bytes()[:60]
    bad.unlink()
    bad.write_bytes(head)
    assert main(["prepare", "tidigits", "--root", str(root), "--out", str(tmp_path / "out")]) == 0
    assert "1a.wav: truncated: its SPHERE header has no end_head" in caplog.text
    assert len((tmp_path / "out/test/wav.scp").read_text().splitlines()) == 2


@given(st.lists(st.sampled_from("zo123456789"), min_size=1, max_size=9), st.sampled_from("ab"), st.booleans())
@settings(max_examples=EXAMPLES)
def test_a_name_says_its_digits(letters: list[str], take: str, upper: bool) -> None:
    name = "".join(letters) + take
    text, parsed = tidigits.parse(name.upper() if upper else name)
    assert parsed == take
    assert [next(k for k, v in tidigits.LETTERS.items() if v == word) for word in text.split()] == letters


@given(st.one_of(st.text(max_size=12), st.text("zoZO0123456789ab.", max_size=12)))
@settings(max_examples=EXAMPLES)
def test_any_name_is_parsed_or_refused(name: str) -> None:
    try:
        text, take = tidigits.parse(name)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert set(text.split()) <= set(tidigits.LETTERS.values()) and len(take) == 1
