"""SecuVoice: manifest and pattern say the same, the device of higher dynamic range is kept, bad lines are named."""

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechdis import cli
from speechdis.corpora import secuvoice
from speechdis.corpora.secuvoice import dynamic_range
from speechdis.data.audio import write_audio
from speechdis.errors import InputError

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "300"))
PATTERN = r"audio/(?P<speaker>[^/]+)/(?P<device>[^/]+)/(?P<digits>\d+)_(?P<take>\d+)\.wav"
RATE = 8000


def write_tree(root: Path, speakers: int = 5) -> Path:
    """Half a second of tone after half a second of noise: quieter noise on phone b of even speakers, a of odd ones."""
    rng = np.random.default_rng(0)
    rows = ["\t".join(secuvoice.FIELDS)]
    tone = np.where(np.arange(RATE) < RATE // 2, 0, 0.1 * np.sin(np.arange(RATE)))
    for number in range(speakers):
        for device in "ab":
            noise = 1e-3 if (device == "b") == (number % 2 == 0) else 1e-2
            for digits in ("0457", "3"):
                place = f"audio/s{number}/{device}/{digits}_1.wav"
                (root / place).parent.mkdir(parents=True, exist_ok=True)
                write_audio(root / place, tone + rng.normal(0, noise, RATE), RATE)
                rows.append(f"{place}\ts{number}\t{device}\t{digits}\t1")
    (root / "manifest.tsv").write_text("\n".join(rows) + "\n")
    return root


def test_manifest_and_pattern_give_the_same(tmp_path: Path) -> None:
    root = write_tree(tmp_path)
    splits = secuvoice.prepare(root)
    assert (
        splits
        == secuvoice.prepare(root, pattern=PATTERN)
        == secuvoice.prepare(root, manifest=root / "manifest.tsv")
    )
    assert {name: len({u.spk for u in us}) for name, us in splits.items()} == {
        "train": 3,
        "dev": 1,
        "test": 1,
    }
    u = next(u for us in splits.values() for u in us if u.utt == "s2-b-0457-1")
    assert (u.spk, u.text, u.path) == ("s2", "cero cuatro cinco siete", root / "audio/s2/b/0457_1.wav")


def test_of_each_speaker_the_device_with_the_higher_dynamic_range_is_kept(tmp_path: Path) -> None:
    kept = {
        u.utt.split("-")[0]: u.utt.split("-")[1]
        for us in secuvoice.prepare(write_tree(tmp_path)).values()
        for u in us
    }
    assert kept == {"s0": "b", "s1": "a", "s2": "b", "s3": "a", "s4": "b"}


def test_dynamic_range_is_that_of_the_levels() -> None:
    """Square waves have the same energy in every frame: 40 dB between them, a frame's width of mixture aside."""
    square = np.sign(np.sin(2 * np.pi * 200 * (np.arange(2 * RATE) + 0.5) / RATE))
    steps = square * np.where(np.arange(2 * RATE) < RATE, 0.5, 0.005)
    assert dynamic_range(steps, RATE) == pytest.approx(40, abs=0.01)
    assert dynamic_range(0.1 * steps, RATE) == pytest.approx(40, abs=0.1)
    assert dynamic_range(square, RATE) == pytest.approx(0, abs=1e-9)
    assert dynamic_range(square[:10], RATE) == pytest.approx(0, abs=1e-9)


def test_the_better_device_of_a_generated_tree_is_the_quieter_one(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader", reason="needs the extra [generate]")
    from speechdis.corpora.generated import secuvoice as generated

    assert sum(generated.generate(tmp_path, speakers=6, seed=0, sequences=1, takes=1)) == 6 * 11 * 2
    noise: dict[str, dict[str, float]] = {}
    for line in (tmp_path / "DOC/DEVICES.TSV").read_text().splitlines()[1:]:
        spk, device, level, *_ = line.split("\t")
        noise.setdefault(spk, {})[device] = float(level)
    quieter = {spk: min(levels, key=levels.__getitem__) for spk, levels in noise.items()}
    assert set(quieter.values()) == {"wide", "narrow"}
    splits = secuvoice.prepare(tmp_path)
    matched = secuvoice.prepare(tmp_path, pattern=PATTERN)
    assert all(set(splits[name]) == set(matched[name]) for name in splits)
    assert {u.spk: u.utt.split("-")[1] for us in splits.values() for u in us} == quieter


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (
            r"(?P<speaker>.)/(?P<digits>\d+)\.wav",
            r"lacks the named group\(s\) \(\?P<device>\.\.\.\), \(\?P<take>",
        ),
        ("(", "no regular expression"),
        (
            PATTERN.replace("wav", "sph"),
            r"matches none of 20 recordings, the first being 'audio/s0/a/0457_1\.wav'",
        ),
    ],
)
def test_a_bad_pattern(tmp_path: Path, pattern: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        secuvoice.prepare(write_tree(tmp_path), pattern=pattern)


def test_a_manifest_with_empty_lines_and_columns(tmp_path: Path, shared: Path) -> None:
    case = shared.parent / "cases" / "public" / "12-bom-manifest"
    if not case.is_dir():
        pytest.skip("needs the cases")
    plain = (case / "manifest.tsv").read_text("utf-8-sig")
    for text in ("\n\n" + plain + "\n", plain.replace("\n", "\t\n"), plain.replace("path", "Path ")):
        (tmp_path / "m.tsv").write_text(text)
        out = tmp_path / "out"
        words = ["prepare", "secuvoice", "--root", str(case), "--manifest", str(tmp_path / "m.tsv")]
        assert cli.main([*words, "--out", str(out)]) == 0
        shutil.rmtree(out)


def test_a_bad_manifest(tmp_path: Path) -> None:
    root = write_tree(tmp_path)
    file = root / "manifest.tsv"
    lines = file.read_text().splitlines()
    for text, message in {
        "path\tspeaker\n": "manifest.tsv:1: .*lacks device, digits, take",
        "\n".join([lines[0], "a\tb"]): "manifest.tsv:2: 2 fields, but 5 columns",
        "": "manifest.tsv:1: ",
    }.items():
        file.write_text(text)
        with pytest.raises(InputError, match=message):
            secuvoice.prepare(root)
    file.unlink()
    with pytest.raises(InputError, match=r"no such manifest.*--pattern"):
        secuvoice.prepare(root)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("audio/s0/a/3_1.wav\ts0\ta\tx3\t2", "digits 'x3' are not numerals"),
        ("audio/s0/a/3_1.wav\ts 0\ta\t3\t2", "speaker: 's 0' is empty, or holds a blank"),
        ("audio/s0/a/3_1.wav\ts0\t\t3\t2", "device: '' is empty"),
        ("audio/s0/a/3_1.wav\ts0\ta\t3\t1", r"those of .*manifest\.tsv:3"),
        ("audio/s0/a/9_9.wav\ts0\ta\t9\t9", r"9_9\.wav: no such audio file"),
    ],
)
def test_a_bad_row_is_reported_and_left_out(tmp_path: Path, row: str, message: str) -> None:
    root = write_tree(tmp_path)
    good = secuvoice.prepare(root)
    with (root / "manifest.tsv").open("a") as file:
        file.write(row + "\n")
    errors: list[InputError] = []
    assert secuvoice.prepare(root, report=errors.append) == good
    assert len(errors) == 1 and re.search(message, str(errors[0]))
    with pytest.raises(InputError, match=message):
        secuvoice.prepare(root)


PIECES = st.sampled_from(
    [
        "(?P<speaker>",
        "(?P<device>",
        "(?P<digits>",
        "(?P<take>",
        ")",
        "[^/]+",
        r"\d+",
        "/",
        "_",
        "(",
        "|",
        "[",
        "{9}",
        "?",
    ]
)


@given(st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=14).map("".join)))
@settings(max_examples=EXAMPLES)
def test_any_pattern_is_used_or_refused(pattern: str) -> None:
    try:
        compiled = secuvoice.compile_pattern(pattern)
    except InputError as error:
        assert str(error).startswith("--pattern ")
    else:
        assert set(secuvoice.FIELDS[1:]) <= set(compiled.groupindex)


@given(st.one_of(st.text(max_size=80), st.lists(st.text(max_size=6), max_size=6).map("\t".join)))
@settings(max_examples=EXAMPLES)
def test_any_manifest_line_is_used_or_refused(tmp_path_factory: pytest.TempPathFactory, line: str) -> None:
    root = tmp_path_factory.getbasetemp()
    (root / "any.tsv").write_text("\t".join(secuvoice.FIELDS) + "\n" + line, "utf-8", "replace")
    errors: list[InputError] = []
    try:
        secuvoice.prepare(root, manifest=root / "any.tsv", report=errors.append)
    except InputError as error:
        errors.append(error)
    assert errors
