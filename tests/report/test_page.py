"""The page holds what it says: whole HTML, nothing outside its folder, every image told in words, every swap heard."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

import pytest
import soundfile
from PIL import Image

from speechdis.cli import main

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
    used = {"index.html", "report.json"}
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


def test_what_is_missing_is_said_with_its_command(tree: Element) -> None:
    swaps, rates = texts(tree, ".//section[@id='swaps']"), texts(tree, ".//section[@id='rates']")
    assert "paired: a 'pvae' has no static and dynamic factors; speechdis clusters" in swaps
    assert "begun: not measured yet; speechdis evaluate" in rates
    assert "begun: nothing logged yet" in texts(tree, ".//section[@id='training']")


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
