"""TIMIT: the published split and folding, found in either letter case, bad labels named."""

import os
from pathlib import Path

import numpy as np
import pytest

from speechdis.corpora import timit
from speechdis.data.audio import write_audio
from speechdis.data.utterance import Interval
from speechdis.errors import InputError


def test_the_lists_are_those_of_the_s5_recipe() -> None:
    dev, test = timit.read_speakers(timit.DEV_SPEAKERS), timit.read_speakers(timit.TEST_SPEAKERS)
    assert (len(dev), len(test), len(dev & test)) == (50, 24, 0)
    assert sum(spk[0] == "m" for spk in test) == 16  # the core test: two men and a woman of each region


def test_folding_goes_from_61_to_48_to_39() -> None:
    labels = [line.split()[0] for line in (timit.CONF / "phones.60-48-39.map").read_text().splitlines()]
    assert len(labels) == 61
    assert len(set(timit.fold(labels, 48))) == 48
    assert len(set(timit.fold(labels, 39))) == 39
    told = ["h#", "sh", "ix", "q", "ax-h", "dcl", "zh", "el"]
    assert timit.fold(told) == ["sil", "sh", "ih", "ah", "sil", "sh", "l"]
    assert timit.fold(told, 48) == ["sil", "sh", "ix", "ax", "vcl", "zh", "el"]
    with pytest.raises(InputError, match="'xx' is not one"):
        timit.fold(["xx"])


def write_tree(root: Path, upper: bool = True) -> Path:
    """A training, a dev and a test speaker, and one of TEST who is in neither list."""
    names = ["TRAIN/DR1/FCJF0", "TEST/DR1/FAKS0", "TEST/DR1/MDAB0", "TEST/DR1/MREB9"]
    for speaker in names:
        for sentence in ("SA1", "SX127", "SI648"):
            files = {
                "TXT": '0 16000 Don\'t ask -- "why," she said!\n',
                "PHN": "0 8000 h#\n8000 12000 q\n12000 16000 iy\n",
                "WRD": "8000 16000 don't\n",
            }
            path = root / (f"{speaker}/{sentence}" if upper else f"{speaker}/{sentence}".lower())
            path.parent.mkdir(parents=True, exist_ok=True)
            suffixes = {suffix: f".{suffix if upper else suffix.lower()}" for suffix in (*files, "WAV")}
            write_audio(path.with_suffix(suffixes["WAV"]), np.sin(np.arange(16000)), 16000, "NIST")
            for suffix, text in files.items():
                path.with_suffix(suffixes[suffix]).write_text(text)
    return root


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("level", ["", "timit", "TIMIT/TIMIT"])
def test_a_tree_is_found_in_either_case(tmp_path: Path, upper: bool, level: str) -> None:
    write_tree(tmp_path / level, upper)
    splits = timit.prepare(tmp_path)
    assert {name: [u.utt for u in us] for name, us in splits.items()} == {
        "train": ["fcjf0_si648", "fcjf0_sx127"],
        "dev": ["faks0_si648", "faks0_sx127"],
        "test": ["mdab0_si648", "mdab0_sx127"],
    }
    u = splits["train"][0]
    assert (u.spk, u.gender, u.text, u.text_phone) == ("fcjf0", "f", "don't ask why she said", "sil iy")
    assert u.phones == (Interval(0, 0.5, "sil"), Interval(0.75, 1, "iy"))
    as_transcribed = timit.prepare(tmp_path, phones=61)["train"][0].phones
    assert as_transcribed == (Interval(0, 0.5, "h#"), Interval(0.5, 0.75, "q"), Interval(0.75, 1, "iy"))
    assert u.words == (Interval(0.5, 1, "don't"),)


def test_sa_sentences_are_kept_on_demand_and_lists_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("MREB9\n")
    splits = timit.prepare(write_tree(tmp_path / "t"), sa=True, test_speakers=tmp_path / "list")
    assert [u.utt for u in splits["test"]] == ["mreb9_sa1", "mreb9_si648", "mreb9_sx127"]


def test_a_riff_copy_beside_the_sphere_file_is_not_a_second_utterance(tmp_path: Path) -> None:
    wav = write_tree(tmp_path) / "TRAIN/DR1/FCJF0/SX127.WAV"
    os.link(wav, f"{wav}.wav")
    assert len(timit.prepare(tmp_path)["train"]) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [("0 h#\n", "1: expected"), ("0 8 h#\n9 8 iy\n", "2: starts at 9"), ("0 8 xx\n", "'xx' is not one")],
)
def test_a_bad_label_file_is_reported_and_its_utterance_left_out(
    tmp_path: Path, text: str, message: str
) -> None:
    (write_tree(tmp_path) / "TRAIN/DR1/FCJF0/SX127.PHN").write_text(text)
    errors: list[InputError] = []
    assert [u.utt for u in timit.prepare(tmp_path, report=errors.append)["train"]] == ["fcjf0_si648"]
    assert len(errors) == 1
    assert "SX127.PHN" in str(errors[0]) and message in str(errors[0])
    with pytest.raises(InputError):
        timit.prepare(tmp_path)


def test_what_is_no_timit_tree_says_where_timit_comes_from(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match=r"LDC93S1.*generate"):
            timit.prepare(root)
    with pytest.raises(InputError, match="no such file"):
        timit.prepare(write_tree(tmp_path / "t"), dev_speakers=tmp_path / "nothing")


def test_a_full_tree_gives_the_counts_of_the_protocol(tmp_path: Path) -> None:
    """462 training and 168 test speakers of ten sentences: 3,696, 400 and 192 utterances without SA."""
    write_audio(tmp_path / "one.WAV", np.sin(np.arange(160)), 16000, "NIST")
    listed = sorted(timit.read_speakers(timit.DEV_SPEAKERS) | timit.read_speakers(timit.TEST_SPEAKERS))
    train = [f"mxx{i}" for i in range(462)]
    others = [f"fyy{i}" for i in range(168 - len(listed))]
    for part, spks in {"TRAIN": train, "TEST": [*listed, *others]}.items():
        for spk in spks:
            folder = tmp_path / part / "DR1" / spk.upper()
            folder.mkdir(parents=True)
            for sentence in ("SA1", "SA2", *(f"SI{i}" for i in range(3)), *(f"SX{i}" for i in range(5))):
                os.link(tmp_path / "one.WAV", folder / f"{sentence}.WAV")
    for sa, each in ((False, 8), (True, 10)):
        splits = timit.prepare(tmp_path, sa=sa)
        assert {name: len(us) / each for name, us in splits.items()} == {"train": 462, "dev": 50, "test": 24}
