"""speechocean762: the published release and a Kaldi directory pair give the same utterances."""

from pathlib import Path

import numpy as np
import pytest

from speechdis.corpora import speechocean762
from speechdis.data.audio import write_audio
from speechdis.errors import InputError


def write_release(root: Path) -> Path:
    """Two training speakers and one for test, in the layout of openslr.org/101."""
    (root / "resource").mkdir(parents=True)
    phones = []
    for split, spks in {"train": ["0001", "0005"], "test": ["0003"]}.items():
        (root / split).mkdir()
        tables: dict[str, str] = dict.fromkeys(("wav.scp", "utt2spk", "text", "spk2gender", "spk2age"), "")
        for spk in spks:
            utt = f"0{spk}0011"
            place = f"WAVE/SPEAKER{spk}/{utt}.WAV"
            (root / place).parent.mkdir(parents=True)
            write_audio((root / place).with_suffix(".wav"), np.sin(np.arange(1600)), 16000)
            (root / place).with_suffix(".wav").rename(root / place)
            rows = {"wav.scp": place, "utt2spk": spk, "text": "WE CALL"}
            tables = {
                name: text + (f"{utt}\t{rows[name]}\n" if name in rows else "")
                for name, text in tables.items()
            }
            tables["spk2gender"] += f"{spk}\tm\n"
            tables["spk2age"] += f"{spk}\t6\n"
            phones += [f"{utt}.0\tW_B IY0_E\n", f"{utt}.1\tK_B AO0_I L_E\n"]
        for name, text in tables.items():
            (root / split / name).write_text(text)
    (root / "resource" / "text-phone").write_text("".join(phones))
    return root


def test_the_published_release(tmp_path: Path) -> None:
    splits = speechocean762.prepare(write_release(tmp_path / "so"), dev_speakers=1)
    assert {u.spk for u in splits["train"]} | {u.spk for u in splits["dev"]} == {"0001", "0005"}
    (u,) = splits["test"]
    assert (u.utt, u.spk, u.gender, u.text) == ("0003-000030011", "0003", "m", "WE CALL")
    assert u.text_phone == "W IY K AO L"
    assert u.path.is_absolute() and u.path.exists()


def test_phone_marks_are_dropped() -> None:
    assert speechocean762.plain_phones("W_B AY0_I | HH EY1_E AH2 | Z_S") == "W AY HH EY AH Z"
    assert speechocean762.plain_phones("IH0_B T_E | W_B AH1_I Z_E | AY_S") == "IH T W AH Z AY"
    assert speechocean762.plain_phones("") == ""


def test_the_kaldi_directories_beside_the_checkout(shared: Path) -> None:
    root = shared / "speechocean762"
    splits = speechocean762.prepare(root)
    counts = {name: (len(us), len({u.spk for u in us})) for name, us in splits.items()}
    assert counts == {"train": (1320, 110), "dev": (180, 15), "test": (600, 60)}
    phones = {phone for us in splits.values() for u in us for phone in u.text_phone.split()}
    assert len(phones) == 39 and all(phone.isalpha() for phone in phones)
    dev = {seed: {u.spk for u in speechocean762.prepare(root, seed=seed)["dev"]} for seed in (0, 1)}
    assert dev[0] == {u.spk for u in splits["dev"]} != dev[1]


def test_what_is_not_the_corpus(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"test/wav\.scp; fetch"):
        speechocean762.prepare(tmp_path)
    with pytest.raises(InputError, match="hold out 2 of 2 speakers: choose 1 to 1"):
        speechocean762.prepare(write_release(tmp_path / "so"), dev_speakers=2)
