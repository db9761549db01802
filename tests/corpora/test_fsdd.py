"""FSDD: names, both splits, and what is not FSDD."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechdis.corpora import fsdd
from speechdis.data.audio import write_audio
from speechdis.errors import InputError


def write_tree(root: Path, takes: int = 8, spks: tuple[str, ...] = ("ann", "bob", "cy")) -> Path:
    """A tree of 2 digits."""
    (root / "recordings").mkdir(parents=True)
    for spk in spks:
        for take in range(takes):
            for digit in (0, 7):
                file = root / "recordings" / f"{digit}_{spk}_{take}.wav"
                write_audio(file, np.sin(np.arange(800) / 3), fsdd.RATE)
    return root


def takes_of(utterances: list) -> set[int]:
    return {int(u.utt.rpartition("-")[2]) for u in utterances}


def test_the_official_split(tmp_path: Path) -> None:
    root = write_tree(tmp_path)
    splits = fsdd.prepare(root, dev_takes=1)
    assert {name: len(us) for name, us in splits.items()} == {"train": 12, "dev": 6, "test": 30}
    assert takes_of(splits["test"]) == {0, 1, 2, 3, 4}
    assert takes_of(splits["train"]) | takes_of(splits["dev"]) == {5, 6, 7}
    assert not takes_of(splits["train"]) & takes_of(splits["dev"])
    u = next(u for u in splits["test"] if u.utt == "bob-7-03")
    assert (u.spk, u.text, u.path.name) == ("bob", "seven", "7_bob_3.wav")
    assert fsdd.prepare(root / "recordings", dev_takes=1) == splits
    drawn = {frozenset(takes_of(fsdd.prepare(root, dev_takes=1, seed=k)["dev"])) for k in range(20)}
    assert len(drawn) == 3


def test_a_speaker_held_out(tmp_path: Path) -> None:
    root = write_tree(tmp_path)
    splits = fsdd.prepare(root, split="speakers", held_out="bob")
    spks = {name: {u.spk for u in us} for name, us in splits.items()}
    assert spks["test"] == {"bob"} and len(spks["dev"]) == len(spks["train"]) == 1
    assert len(spks["train"] | spks["dev"] | spks["test"]) == 3
    drawn = {next(iter(fsdd.prepare(root, split="speakers", seed=k)["test"])).spk for k in range(20)}
    assert drawn == {"ann", "bob", "cy"}


def test_the_corpus_beside_the_checkout(shared: Path) -> None:
    splits = fsdd.prepare(shared / "fsdd")
    assert {name: len(us) for name, us in splits.items()} == {"train": 2400, "dev": 300, "test": 300}
    splits = fsdd.prepare(shared / "fsdd", split="speakers")
    assert {name: len(us) for name, us in splits.items()} == {"train": 2000, "dev": 500, "test": 500}


def test_what_is_not_fsdd(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        fsdd.prepare(tmp_path / "none")
    (tmp_path / "timit" / "TRAIN" / "DR1").mkdir(parents=True)
    with pytest.raises(InputError, match=r"no recordings named like 7_george_3\.wav; it looks like TIMIT"):
        fsdd.prepare(tmp_path / "timit")
    root = write_tree(tmp_path / "fsdd")
    with pytest.raises(InputError, match="no speaker 'dora'; there are: ann, bob, cy"):
        fsdd.prepare(root, split="speakers", held_out="dora")
    with pytest.raises(InputError, match="--dev-takes 3: choose from 1 to 2"):
        fsdd.prepare(root, dev_takes=3)
    (root / "recordings" / "seven_bob_1.wav").write_bytes(b"")
    with pytest.raises(InputError, match=r"seven_bob_1\.wav: not named DIGIT_SPEAKER_TAKE"):
        fsdd.prepare(root, dev_takes=1)
    bad: list[InputError] = []
    assert len(fsdd.prepare(root, dev_takes=1, report=bad.append)["test"]) == 30
    assert len(bad) == 1


@given(st.text("0123456789_abAB.wv", max_size=14))
def test_any_name_is_a_recording_or_reported(name: str) -> None:
    match = fsdd._NAME.fullmatch(name)
    assert (match is not None) == bool(re.fullmatch(r"[0-9]_[a-zA-Z]+_[0-9]+\.[wW][aA][vV]", name))
