"""The page holds what it says: whole HTML, nothing outside its folder, every image told in words, every swap heard."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

import pytest
import soundfile
from PIL import Image

from speechdis.cli import main
from speechdis.report.curves import losses
from speechdis.report.experiment import Experiment

html5lib = pytest.importorskip("html5lib", reason="needs the [dev] extra")


@pytest.fixture(scope="module")
def tree(page: Path) -> Element:
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse((page / "index.html").read_text())


def texts(tree: Element, place: str) -> str:
    found = tree.find(place)
    assert found is not None
    return " ".join(" ".join(found.itertext()).split())


def addresses(tree: Element) -> Iterator[str]:
    for element in tree.iter():
        for name in ("href", "src", "srcset"):
            if name in element.attrib:
                yield element.attrib[name]


def test_every_address_is_in_the_folder_and_every_file_is_used(page: Path, tree: Element) -> None:
    named = {element.attrib["id"] for element in tree.iter() if "id" in element.attrib}
    used = {"index.html", "report.json", ".speechdis"}
    for address in addresses(tree):
        parts = urlsplit(address)
        assert parts.scheme in ("", "data")
        assert not parts.netloc
        if parts.fragment:
            assert parts.fragment in named
        elif parts.scheme == "":
            used.add(unquote(parts.path))
    assert used == {str(file.relative_to(page)) for file in page.rglob("*") if file.is_file()}


def test_every_image_has_a_size_and_says_what_it_shows(page: Path, tree: Element) -> None:
    images = list(tree.iter("img"))
    assert len(images) > 40
    for image in images:
        assert len(image.attrib["alt"].split()) > 3
        assert int(image.attrib["width"]) > 0
        if image.attrib["src"].endswith(".png"):
            width, height = Image.open(page / image.attrib["src"]).size
            shown = int(image.attrib["width"]) / int(image.attrib["height"])
            assert width / height == pytest.approx(shown)
    alts = [image.attrib["alt"] for image in images]
    assert any("whole (valid): 0.5 at step 20, 0.25 at step 40" in alt for alt in alts)  # the loss
    assert any("same phone in" in alt for alt in alts)
    assert any("same speaker in" in alt for alt in alts)
    assert any(
        alt.startswith("Detection error trade-off") and "whole: equal error rate" in alt for alt in alts
    )


def test_every_voice_says_every_word(page: Path, tree: Element) -> None:
    """Three recordings, twice on the borders, and three by three swaps, of each model that can swap."""
    sounds = [audio.attrib for audio in tree.iter("audio")]
    swaps = [s for s in sounds if "voice of" in s["aria-label"]]
    assert (len(sounds), len(swaps)) == (3 * (6 + 9), 3 * 9)
    assert len({s["src"] for s in sounds}) == 3 + 3 * 9  # recordings are kept once
    for s in sounds:
        about = soundfile.info(page / s["src"])
        assert (about.samplerate, about.format) == (16000, "FLAC")
        assert 0.4 < about.duration < 0.8
    speakers = {s["aria-label"].split("voice of ")[1].split(",")[0] for s in swaps}
    assert speakers == {"spk0", "spk1", "spk3"}


def test_words_and_voice_of_swaps_are_weighed(page: Path, tree: Element) -> None:
    (plot,) = [i for i in tree.iter("img") if i.attrib["alt"].startswith("Words against voice")]
    told = "swap, plain 10.0 % heard as A, 60.0 % of phonemes wrong, swap 5.0 % heard as A, 25.0 % of phonemes wrong."
    assert f"whole: {told}" in plot.attrib["alt"] and "other one: " in plot.attrib["alt"]
    drawn = (page / plot.attrib["src"]).read_text()
    assert all(f">{label}</text>" in drawn for label in ("swap", "plain", "copy"))


def test_what_is_missing_is_said_with_its_command(tree: Element) -> None:
    swaps, rates = texts(tree, ".//section[@id='swaps']"), texts(tree, ".//section[@id='rates']")
    assert "paired: a 'pvae' has no static and dynamic factors; speechdis clusters" in swaps
    assert "begun: not measured yet; speechdis evaluate" in rates
    assert "begun: nothing logged yet" in texts(tree, ".//section[@id='training']")


def copied(source: Path, place: Path, **results: Any) -> Path:
    """The experiment `source` again, its results under `protocol`, `row` or `made` changed."""
    shutil.copytree(source, place)
    told = json.loads((place / "results.json").read_text())
    for name, values in results.items():
        told[name] = {**told.get(name, {}), **values}
    (place / "results.json").write_text(json.dumps(told))
    return place


def test_figures_of_different_test_sets_stand_apart(experiments: dict[str, Path], tmp_path: Path) -> None:
    """Two of one test set share a table and a plot; one of another has its own, and the page says why."""
    here, there = ({"utterances": digest, "attackers": ["a", "b"]} for digest in ("x", "y"))
    first = copied(experiments["whole"], tmp_path / "first", protocol=here)
    second = copied(experiments["other"], tmp_path / "second", protocol=here)
    third = copied(
        experiments["other"],
        tmp_path / "third",
        protocol=there,
        made={"command": "speechdis evaluate --lda 3"},
    )
    shown = [word for path in (first, second, third) for word in ("--exp", str(path))]
    assert main(["report", *shown, "--out", str(tmp_path / "page")]) == 0
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(
        (tmp_path / "page" / "index.html").read_text()
    )
    assert "measured on 2 different test sets" in texts(page, ".//section[@id='rates']")
    heads = [
        " ".join(t.itertext()).split() for t in page.findall(".//section[@id='rates']/div/table/thead/tr")
    ]
    assert heads == [["first", "second", "random", "vectors"], ["third", "random", "vectors"]]
    plots = [i.attrib["alt"] for i in page.findall(".//section[@id='rates']//img")]
    assert [("first" in alt, "third" in alt) for alt in plots] == [(True, False), (False, True)]
    assert "speechdis evaluate \\ --lda 3" in texts(page, ".//section[@id='made']")
    rows = list(csv.DictReader((tmp_path / "page" / "figures.csv").open()))
    assert [row["system"] for row in rows] == ["first", "second", "random vectors", "third", "random vectors"]
    figures = json.loads((first / "results.json").read_text())["row"]["static"]["clean"]["raw"]
    assert float(rows[0]["static EER"]) == pytest.approx(100 * figures["eer"], rel=1e-5)
    assert float(rows[0]["static EER, from"]) == pytest.approx(100 * figures["interval"][0], rel=1e-5)


def test_the_same_test_set_by_other_judges_is_said(experiments: dict[str, Path], tmp_path: Path) -> None:
    old = copied(experiments["whole"], tmp_path / "old", protocol={"attacker_steps": 800})
    new = copied(experiments["other"], tmp_path / "new", protocol={"attackers": ["a", "b"]})
    words = ["report", "--exp", str(old), "--exp", str(new), "--out", str(tmp_path / "page")]
    assert main(words) == 0
    text = (tmp_path / "page" / "index.html").read_text()
    assert "different test sets" not in text
    assert "old: one attacker, informed of clean speech, of 800 steps" in text
    assert "new: the strongest of 2 attackers" in text


def test_losses_of_other_lengths_are_per_frame(tmp_path: Path) -> None:
    lines = ({"step": 1, "train": {}, "valid": {"loss": 640.0}},)
    of = [Experiment(f"T{t}", tmp_path, {"training": {"segment": t}}, lines, {}, {}) for t in (20, 128)]
    (alike,), (apart,) = losses(tmp_path, of[:1] * 2), losses(tmp_path, of)
    assert "nats per segment" in alike.alt
    assert "T20 (valid): 640 at" in alike.alt
    assert "nats per frame" in apart.alt
    assert "T20 (valid): 32 at" in apart.alt
    assert "T128 (valid): 5 at" in apart.alt


def test_maps_count_their_speakers(tree: Element) -> None:
    assert "t-SNE of segments of 4 speakers" in texts(tree, ".//section[@id='maps']")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("results.json", b"[]"), ("results.json", b'{"row": 3}'), ("results.json", b'{"made": {}}'),
        ("results.json", b'{"row": {"system": "a", "static": {"clean": {"raw": 3}}}}'),
        ("results.json", b'{"row": {"system": "a", "static": {"clean": {"raw": {"eer": 0.1}}}}}'),
        ("results.json", b'{"row": {"system": "a"}, "references": 3}'), ("results.json", b"\xff\xfe{"),
        ("results.json", b"[" * 5000), ("results.json", b""), ("run.json", b"3"), ("run.json", b'{"a": 1'),
        ("config.yaml", b"model: 3\ntraining: {}"), ("config.yaml", b"a: 1\na: 2"), ("config.yaml", b"- a"),
        ("config.yaml", b"a: &b 1\nc: *b"), ("metrics.jsonl", b"3\n"), ("metrics.jsonl", b'{"step": "x"}\n'),
        ("metrics.jsonl", b'{"step": 1, "train": 4}\n'), ("metrics.jsonl", b"\x00\xff"),
        ("metrics.jsonl", b'{"step": 1, "valid": {"loss": "low"}}\n'), ("metrics.jsonl", b'{"step": 2'),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named(
    experiments: dict[str, Path], tmp_path: Path, file: str, content: bytes, capsys: pytest.CaptureFixture
) -> None:
    place = tmp_path / "exp"
    shutil.copytree(experiments["whole"], place)
    (place / file).write_bytes(content)
    assert main(["report", "--exp", str(place), "--out", str(tmp_path / "page")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"speechdis report: {place / file}")
    assert not (tmp_path / "page").exists()


def test_text_from_files_is_text(page: Path, tree: Element) -> None:
    """Angle brackets of a transcript are shown, not obeyed."""
    assert "words <2> &" in texts(tree, ".//section[@id='swaps']")


def test_settings_are_compared(tree: Element) -> None:
    table = texts(tree, ".//section[@id='settings']//table")
    assert "model.name cdsvae dsvae fhvae pvae" in table
    assert "model.size" not in table
    assert "model.size 4" in texts(tree, ".//section[@id='settings']//dl")


def test_the_same_inputs_give_the_same_bytes(
    corpus: Path, words: list[str], page: Path, tmp_path: Path
) -> None:
    """Over an earlier report, too; and nothing in it says where it was made."""
    again = tmp_path / "page"
    shutil.copytree(page, again)
    (again / "index.html").write_text("old")
    assert main([*words, "--out", str(again)]) == 0
    first, second = (
        {str(f.relative_to(out)): f.read_bytes() for f in out.rglob("*") if f.is_file()}
        for out in (page, again)
    )
    assert first == second
    assert not [name for name, content in first.items() if str(corpus.parent).encode() in content]


def test_without_speech_the_page_says_how_to_add_it(experiments: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "page"
    assert main(["report", "--exp", str(experiments["whole"]), "--out", str(out)]) == 0
    text = (out / "index.html").read_text()
    assert "no speech was given; speechdis report --data DIR --features DIR" in text
    assert json.loads((out / "report.json").read_text())["experiments"] == ["whole"]
    assert not (out / "audio").exists()


def test_bad_input_is_one_line(
    corpus: Path, experiments: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    whole = str(experiments["whole"])
    taken = tmp_path / "site"
    taken.mkdir()
    (taken / "index.html").write_text("someone's own page")
    damaged = tmp_path / "damaged"
    shutil.copytree(whole, damaged)
    with (damaged / "metrics.jsonl").open("a") as file:
        file.write("{\n")
    out = ["--out", str(tmp_path / "out")]
    for words, told in (
        (["--exp", str(corpus), *out], "not an experiment (no config.yaml)"),
        (["--exp", whole, "--exp", f"{whole}/.", *out], "given twice"),
        (["--exp", whole, "--out", str(taken)], "not an earlier output"),
        (["--exp", str(damaged), *out], "metrics.jsonl:3"),
        (["--exp", whole, "--data", str(corpus), *out], "both --data and --features"),
        (["--exp", whole, "--voices", "1", *out], "--voices 1"),
    ):
        assert main(["report", *words]) == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1
        assert told in lines[0]
    assert (taken / "index.html").read_text() == "someone's own page"
    assert not (tmp_path / "out").exists()
